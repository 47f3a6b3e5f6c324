"""Pure: what the facts say of a claim at once. The order of the questions is that of the verdicts.

Nothing is decided by free text: what a store gives no reward for is worded by brands for people, so
it is shown to whoever looks into the claim (docs/decisions/0095).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from transactions.claims.choices import Answer, Verdict
from transactions.claims.matching import ClaimedOrder, KnownOrder, Match, match, normal
from transactions.claims.waits import Wait

UNTRACKED = frozenset({"switched_off", "not_approved"})
"""Problems of a tap that led nowhere, as the member was told: the brand knows nothing of it."""
CLOCKS_APART_MAX = timedelta(hours=1)
"""Whoever tells when they bought tells it by a clock of theirs, in whole minutes at best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """A claim of the same member and tap, filed before."""

    pk: int
    verdict: Verdict
    is_open: bool
    reference: str
    ask_again_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order of the member."""

    pk: int
    known: KnownOrder
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """What of the click decides."""

    clicked_at: datetime
    link_problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict with what it rests on. `evidence` holds ids and figures, nothing personal."""

    verdict: Verdict
    answer: Answer | None = None
    earlier_pk: int | None = None
    order_pk: int | None = None
    ask_again_at: datetime | None = None
    evidence: dict[str, Any]


def decide(
    claimed: ClaimedOrder,
    tap: Tap | None,
    *,
    earlier: Sequence[Earlier],
    orders: Sequence[Order],
    wait: Wait | None,
    at: datetime,
    is_insisted: bool = False,
) -> Decision:
    """What the facts say at `at`. Staff who insist have it looked into, whatever they say.

    Even then a claim needs a click of the member's, and is filed once while one is open.
    """
    if tap is None:
        return Decision(verdict=Verdict.NO_SUCH_CLICK, answer=Answer.NO_SUCH_CLICK, evidence={})
    before = _same(claimed, earlier, at=at, is_insisted=is_insisted)
    if before is not None:
        return Decision(verdict=Verdict.DUPLICATE, earlier_pk=before.pk, evidence={})
    found = _tracked(claimed, orders) or _excluded(claimed, tap) or _early(claimed, tap, wait, at)
    if found is None:
        return Decision(verdict=Verdict.OPEN, evidence=_wait_evidence(wait))
    if is_insisted:
        evidence = {"facts_said": found.verdict.value} | found.evidence
        return Decision(verdict=Verdict.OPEN, evidence=evidence)
    return found


def _same(
    claimed: ClaimedOrder, earlier: Sequence[Earlier], *, at: datetime, is_insisted: bool
) -> Earlier | None:
    """The earlier claim that this one repeats, the newest first.

    An open one is repeated unless both name an order, and another; an answered one only by the
    same order, or by naming none again. «Too early» may be asked again once its date is there.
    """
    reference = normal(claimed.reference)
    for one in sorted(earlier, key=lambda one: -one.pk):
        theirs = normal(one.reference)
        if one.is_open:
            if reference == theirs or not reference or not theirs:
                return one
        elif (
            reference == theirs
            and not is_insisted
            and (one.ask_again_at is None or at < one.ask_again_at)
        ):
            return one
    return None


def _tracked(claimed: ClaimedOrder, orders: Sequence[Order]) -> Decision | None:
    """The surest match decides; of several the newest order."""
    found = [(by, order) for order in orders if (by := match(claimed, order.known)) is not None]
    if not found:
        return None
    surest = list(Match)
    by, order = min(found, key=lambda pair: (surest.index(pair[0]), -pair[1].pk))
    return Decision(
        verdict=Verdict.ALREADY_TRACKED,
        answer=Answer.ALREADY_TRACKED,
        order_pk=order.pk,
        evidence={"order": order.pk, "by": by.value, "status": order.status},
    )


def _excluded(claimed: ClaimedOrder, tap: Tap) -> Decision | None:
    bought_at = claimed.purchased_at
    if bought_at is not None and bought_at < tap.clicked_at - CLOCKS_APART_MAX:
        return Decision(
            verdict=Verdict.EXCLUDED,
            answer=Answer.BOUGHT_BEFORE_TAP,
            evidence={
                "clicked_at": tap.clicked_at.isoformat(),
                "purchased_at": bought_at.isoformat(),
            },
        )
    if tap.link_problem in UNTRACKED:
        return Decision(
            verdict=Verdict.EXCLUDED,
            answer=Answer.NO_LINK,
            evidence={"link_problem": tap.link_problem},
        )
    return None


def _early(claimed: ClaimedOrder, tap: Tap, wait: Wait | None, at: datetime) -> Decision | None:
    if wait is None:
        return None
    over_at = wait.over_at(clicked_at=tap.clicked_at, purchased_at=claimed.purchased_at)
    if at >= over_at:
        return None
    return Decision(
        verdict=Verdict.TOO_EARLY,
        answer=Answer.TOO_EARLY,
        ask_again_at=over_at,
        evidence=_wait_evidence(wait),
    )


def _wait_evidence(wait: Wait | None) -> dict[str, Any]:
    if wait is None:
        return {}
    return {
        "wait_hours": wait.hours,
        "wait_basis": wait.basis.value,
        "wait_sample": wait.sample_size,
    }
