"""News as rooms make them, and members to tell them to."""

from __future__ import annotations

import uuid
from typing import Any

from rewards_site.kernel.db import atomic
from rewards_site.members.models import Member
from rewards_site.notifications.announce import announce
from rewards_site.notifications.models import Notice
from rewards_site.notifications.news import News, NewsKind
from tests.factories import MEMBER, NOON

ORDER = uuid.UUID("019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d11")
REDEMPTION = uuid.UUID("019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d12")
CLAIM = uuid.UUID("019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d13")


def make_member(customer_id: str = MEMBER) -> Member:
    return Member.objects.get_or_create(customer_id=customer_id, defaults={"created_at": NOON})[0]


def news(key: str = "order/1", *, member: Member | None = None, **fields: Any) -> News:
    """By default a reward of $5.00 that became pending, of an order at Northwind."""
    values: dict[str, Any] = {
        "kind": NewsKind.REWARD_PENDING,
        "key": key,
        "member_id": (member or make_member()).pk,
        "at": NOON,
        "currency": "USD",
        "after_minor": 500,
        "pending_change_minor": 500,
        "transaction_id": ORDER,
        "facts": {"store": "Northwind"},
    }
    return News(**(values | fields))


def redemption(key: str = "redemption/1", *, kind: str = "requested", **fields: Any) -> News:
    """By default somebody asked for $5.00."""
    values: dict[str, Any] = {
        "kind": NewsKind(f"redemption.{kind}"),
        "after_minor": 500,
        "pending_change_minor": 0,
        "available_change_minor": -500,
        "transaction_id": None,
        "redemption_id": REDEMPTION,
        "facts": {"method": "paypal", "destination": "a•••@example.com"},
    }
    return news(key, **(values | fields))


def tell(*told: News) -> None:
    """Announce all of this in one commit."""
    with atomic():
        announce(told)


def numbers(customer_id: str = MEMBER) -> list[int]:
    rows = Notice.objects.filter(member__customer_id=customer_id).order_by("number")
    return list(rows.values_list("number", flat=True))
