"""Rules as services make them, with a person who did it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User

from offers.models import Merchant
from offers.rules import gates
from offers.rules.drafting import make_rule, start_draft
from offers.rules.models import RewardRule, RuleChange, RuleVersion
from offers.rules.promise import Promise
from offers.rules.promotions import propose_promotion
from offers.rules.publishing import publish
from offers.rules.reviewing import conflicts_of
from rewards_site.approvals.services import approve
from tests.factories import NOON

A_THIRD = Promise(zone="UTC", share_bps=3_333)
TWICE = Promise(
    zone="Europe/Berlin",
    share_bps=20_000,
    currency="USD",
    is_promotion=True,
    budget_minor=100_000,
    budget_currency="USD",
)
BEFORE = NOON - timedelta(days=1)


def person(name: str = "ann") -> User:
    return User.objects.get_or_create(username=name, defaults={"is_staff": True})[0]


def make_merchant(merchant_id: str = "org-shoes", name: str = "Shoes & Co") -> Merchant:
    values: dict[str, Any] = {"name": name, "first_seen_at": BEFORE}
    return Merchant.objects.get_or_create(merchant_id=merchant_id, defaults=values)[0]


def drafted(name: str = "Spring", promise: Promise = A_THIRD, **said: Any) -> RuleVersion:
    """A new rule's draft."""
    return make_rule(
        name=name,
        promise=replace(promise, **said),
        actor=person(),
        reason="For the season",
        at=BEFORE,
    )


def published(
    name: str = "Spring", promise: Promise = A_THIRD, *, at: datetime = NOON, **said: Any
) -> RuleVersion:
    """A new rule in force after `at`; a promotion by two people. Conflicts are accepted."""
    return publish_draft(drafted(name, promise, **said), at=at)


def asked(draft: RuleVersion, **other: Any) -> dict[str, Any]:
    """What publishing and proposing are asked with."""
    return {
        "version_id": draft.pk,
        "content_hash": draft.content_hash,
        "acknowledged": (),
        "actor": person(),
        "reason": "It is time",
        "at": NOON,
    } | other


def kinds() -> list[str]:
    """What was done with rules, in order."""
    return list(RuleChange.objects.order_by("pk").values_list("kind", flat=True))


def publish_draft(draft: RuleVersion, *, at: datetime = NOON) -> RuleVersion:
    with no_gates():
        if not draft.is_promotion:
            return publish(**asked(draft, acknowledged=conflicts_of(draft, at=at), at=at))
        proposal = propose_promotion(**asked(draft, acknowledged=conflicts_of(draft, at=at), at=at))
        approver = User.objects.filter(username="boss").first() or User.objects.create_superuser(
            "boss", password="correct horse"
        )
        approve(proposal_id=proposal.pk, actor=approver, reason="Worth it", at=at)
    return RuleVersion.objects.select_related("rule", "merchant").get(pk=draft.pk)


def next_draft(rule: RewardRule) -> RuleVersion:
    return start_draft(rule_id=rule.pk, actor=person(), reason="The season goes on", at=NOON)


@contextmanager
def no_gates() -> Iterator[None]:
    """What the rooms above ask before a version is published is asked by their own tests."""
    kept = {name: gates.unregister_gate(name) for name in gates.gate_names()}
    try:
        yield
    finally:
        for name, gate in kept.items():
            if gate is not None:
                gates.register_gate(name, gate)
