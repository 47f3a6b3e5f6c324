"""`make demo`: what ops have decided: how merchants look, and what rewards go by.

All of it by the services that the admin calls, back-tests run as the worker runs them. It may be
killed and started again: what is there already is left as it is.
"""

from __future__ import annotations

import django

if __name__ == "__main__":
    django.setup()

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User

from offers.models import Merchant
from offers.overlay import Look, decide_look
from offers.rules.drafting import make_rule
from offers.rules.models import RuleState, RuleVersion
from offers.rules.promise import Promise
from offers.rules.promotions import open_proposal, propose_promotion
from offers.rules.publishing import publish
from offers.rules.reviewing import conflicts_of
from offers.rules.terms import TermsKind
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from transactions.backtests import services as backtests
from transactions.backtests.gate import objection

ZONE = "Europe/London"
BACK_TESTED = timedelta(days=180)
_FEATURED, _SWITCHED_OFF = "Lumen & Pine", "Kitsune Games"
_PROMOTED, _IN_POINTS = "Fernhill Outfitters", "Northbridge Books"
REASON = "For the demonstration."


def decide_looks(*, ops: User, at: datetime) -> None:
    looks = {
        _FEATURED: Look(is_featured=True, position=1, categories=("Home", "New this week")),
        _SWITCHED_OFF: Look(is_switched_off=True, note="Off until their returns are sorted out."),
    }
    for name, look in looks.items():
        with suppress(Conflict):  # it is so already
            decide_look(merchant_id=_merchant_id(name), look=look, actor=ops, reason=REASON, at=at)


def make_rules(*, ops: User) -> None:
    for name, promise in _published():
        version = _back_tested(name, promise, ops=ops)
        if version.state != RuleState.DRAFT:
            continue
        at = clock.now()
        publish(
            version_id=version.pk,
            content_hash=version.content_hash,
            acknowledged=conflicts_of(version, at=at),
            actor=ops,
            reason=REASON,
            at=at,
        )
    _propose(*_promotion(clock.now()), ops=ops)
    _back_tested("Everybody: 65 % (an idea)", Promise(zone=ZONE, share_bps=6_500), ops=ops)


def _published() -> Iterator[tuple[str, Promise]]:
    yield (
        f"{_FEATURED}: 60 %",
        Promise(zone=ZONE, share_bps=6_000, merchant_id=_merchant_id(_FEATURED)),
    )
    yield "Electronics: 30 %", Promise(zone=ZONE, share_bps=3_000, category="Electronics")
    yield (
        f"{_IN_POINTS}: 150 points an order",
        Promise(
            zone=ZONE,
            kind=TermsKind.POINTS_FIXED,
            points=Decimal(150),
            merchant_id=_merchant_id(_IN_POINTS),
            note="Their readers collect points.",
        ),
    )


def _promotion(at: datetime) -> tuple[str, Promise]:
    """From next week on, for a week: more than the commission, so two people publish it."""
    starts = datetime(at.year, at.month, at.day) + timedelta(days=7)  # noqa: DTZ001  # of ZONE
    promise = Promise(
        zone=ZONE,
        share_bps=15_000,
        currency="USD",
        is_promotion=True,
        budget_minor=50_000,
        budget_currency="USD",
        merchant_id=_merchant_id(_PROMOTED),
        starts=starts,
        ends=starts + timedelta(days=7),
    )
    return f"{_PROMOTED}: one and a half times", promise


def _propose(name: str, promise: Promise, *, ops: User) -> None:
    version = _back_tested(name, promise, ops=ops)
    if version.state != RuleState.DRAFT or open_proposal(version) is not None:
        return
    at = clock.now()
    propose_promotion(
        version_id=version.pk,
        content_hash=version.content_hash,
        acknowledged=conflicts_of(version, at=at),
        actor=ops,
        reason="The brand pays us more that week.",
        at=at,
    )


def _back_tested(name: str, promise: Promise, *, ops: User) -> RuleVersion:
    """The first version of the rule of this name, with a back-test that is through."""
    known = RuleVersion.objects.select_related("rule", "merchant").filter(rule__name=name)
    version = known.order_by("number").first()
    if version is None:
        at = clock.now()
        version = make_rule(name=name, promise=promise, actor=ops, reason=REASON, at=at)
    if version.state == RuleState.DRAFT and objection(version):
        at = clock.now()
        today = at.replace(hour=0, minute=0, second=0, microsecond=0)
        test = backtests.ask(
            version_id=version.pk, starts_at=today - BACK_TESTED, ends_at=today, actor=ops, at=at
        )
        backtests.run(test.pk)
    return version


def _merchant_id(name: str) -> str:
    return Merchant.objects.get(name=name).merchant_id


def main() -> None:
    ops = User.objects.get(username="ops")
    decide_looks(ops=ops, at=clock.now())
    make_rules(ops=ops)


if __name__ == "__main__":
    main()
