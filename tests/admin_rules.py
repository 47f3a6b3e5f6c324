"""Reward rules for the admin's tests: each with a version in force and a draft of the next."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User

from offers.rules.drafting import make_rule, start_draft
from offers.rules.promise import Promise
from tests.factories import NOON
from tests.offers.rules.making import publish_draft
from transactions.backtests.figures import Figures
from transactions.backtests.models import BackTest, BackTestStatus


def fill_rules(number: int, staff: User) -> None:
    """A rule for the merchant of this number."""
    at = NOON + timedelta(minutes=number)
    promise = Promise(zone="UTC", share_bps=6_000, merchant_id=f"org-{number:04d}")
    draft = make_rule(name=f"Rule {number}", promise=promise, actor=staff, reason="For ever", at=at)
    publish_draft(draft, at=at)
    following = start_draft(rule_id=draft.rule_id, actor=staff, reason="Next", at=at)
    BackTest.objects.create(
        rule=following.rule,
        version_number=following.number,
        content_hash=following.content_hash,
        status=BackTestStatus.DONE,
        starts_at=at - timedelta(days=30),
        ends_at=at,
        asked_at=at,
        asked_by=staff,
        finished_at=at,
        figures=Figures().done(),
    )
