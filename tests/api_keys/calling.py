"""Calls as the publisher's own back end makes them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from django.contrib.auth.models import User
from django.test import Client

from rewards_site.api_keys.scopes import Scope
from rewards_site.api_keys.services import MadeKey, make_api_key
from tests.factories import MEMBER

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


def make_key(
    *scopes: Scope, name: str = "support desk", expires_at: datetime | None = None
) -> MadeKey:
    """A key that opens what members' own reads do, unless told otherwise."""
    actor, _ = User.objects.get_or_create(username="root", is_superuser=True, is_staff=True)
    return make_api_key(
        name=name,
        scopes=scopes or (Scope.MEMBERS_READ,),
        expires_at=expires_at,
        actor=actor,
        at=MADE_AT,
    )


def ask(key: str, path: str, *, customer_id: str = MEMBER, method: str = "GET") -> Any:
    """The response to a call about one member; `path` below `members/{customer_id}/`."""
    target = f"/api/v1/members/{quote(customer_id, safe='')}/{path}"
    return Client().generic(method, target, headers={"Authorization": f"Bearer {key}"})
