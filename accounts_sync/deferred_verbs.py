"""What staff do to something deferred; the same verbs for webhook events and rows of the API."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.contrib import messages
from django.contrib.auth.models import User
from django.db.models import Model

from accounts_sync.decisions import Decision, accept, keep_ours, reject, reopen
from accounts_sync.deferral_panels import preview_panels
from accounts_sync.deferrals import DeferralKind, kind_of
from accounts_sync.deferred_items import ItemRef
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, ConfirmForm, Done, Verb
from transactions.told import Outcome, OutcomeKind, Ruling

T = TypeVar("T", bound=Model)

PERMISSION = "inbox.decide_deferred"
_LEVELS = {
    OutcomeKind.APPLIED: messages.SUCCESS,
    OutcomeKind.IGNORED: messages.SUCCESS,
    OutcomeKind.DEFERRED: messages.WARNING,
}


def tried(outcome: Outcome) -> Done:
    """What came of trying again."""
    words = {
        OutcomeKind.APPLIED: "applied.",
        OutcomeKind.IGNORED: f"settled, nothing to change: {outcome.reason}.",
        OutcomeKind.DEFERRED: f"still deferred: {outcome.reason}.",
    }
    return Done(message=words[outcome.kind], level=_LEVELS[outcome.kind])


def verbs_for(
    *,
    ref_of: Callable[[T], ItemRef],
    is_open: Callable[[T], bool],
    is_rejected: Callable[[T], bool],
    try_again: Callable[[Attempt[T]], Outcome],
    replay_permission: str,
) -> tuple[Verb[T], ...]:
    """Try again, accept, keep ours, reject, open again."""

    def closed(row: T) -> str:
        if is_rejected(row):
            return "it was rejected"
        return "" if is_open(row) else f"it is {getattr(row, 'status', 'settled')}, not deferred"

    def undecidable(row: T) -> str:
        kind = kind_of(str(getattr(row, "reason", "")))
        return closed(row) or (
            ""
            if kind is DeferralKind.CHANGE
            else "only a change of member, brand or category can be accepted or overruled; "
            f"here: {kind.value}"
        )

    def not_rejected(row: T) -> str:
        return "" if is_rejected(row) else "staff did not reject it"

    return (
        _try_again_verb(try_again, replay_permission, closed),
        _ruling_verb(Ruling.ACCEPTED, ref_of, undecidable),
        _ruling_verb(Ruling.KEPT, ref_of, undecidable),
        _reject_verb(ref_of, closed),
        _reopen_verb(ref_of, not_rejected),
    )


def _try_again_verb(
    try_again: Callable[[Attempt[T]], Outcome], permission: str, objection: Callable[[T], str]
) -> Verb[T]:
    return Verb(
        name="try-again",
        label="Try again",
        permission=permission,
        what_happens=(
            "What is stored is read and applied again, as if Button had just sent it. "
            "Safe to repeat: what is booked already is not booked twice."
        ),
        perform=lambda attempt: tried(try_again(attempt)),
        form=ConfirmForm,
        objection=objection,
        is_logged_here=False,
    )


_RULINGS: dict[Ruling, dict[str, Any]] = {
    Ruling.ACCEPTED: {
        "name": "accept",
        "label": "Accept the change",
        "what_happens": (
            "The member, brand or category that Button tells by now holds for this order from now "
            "on, with everything else that it says. Of a final reward no more is taken back than "
            "its member has left. Where much is taken, a second person is asked."
        ),
    },
    Ruling.KEPT: {
        "name": "keep-ours",
        "label": "Keep ours, take the rest",
        "what_happens": (
            "Member, brand and category stay as they are; whatever else it says (state, amounts, "
            "lines) is booked. Button may go on naming that member or brand for this order "
            "without asking again."
        ),
    },
}


def _ruling_verb(
    ruling: Ruling, ref_of: Callable[[T], ItemRef], objection: Callable[[T], str]
) -> Verb[T]:
    service = accept if ruling is Ruling.ACCEPTED else keep_ours

    def perform(attempt: Attempt[T]) -> Done:
        decision = service(
            ref_of(attempt.row), actor=attempt.actor, reason=attempt.reason, at=attempt.at
        )
        return _ruled(decision, ruling)

    def panels(rows: Sequence[T], actor: User, at: datetime) -> list[Panel]:
        return preview_panels(
            [(str(row), ref_of(row)) for row in rows], ruling=ruling, actor=actor, at=at
        )

    return Verb(
        permission=PERMISSION,
        perform=perform,
        objection=objection,
        panels=panels,
        **_RULINGS[ruling],
    )


def _ruled(decision: Decision, ruling: Ruling) -> Done:
    if decision.proposal is not None:
        return Done(
            message=f"a second person has to approve it (proposal {decision.proposal.pk}); "
            "nothing was changed.",
            level=messages.WARNING,
        )
    if decision.effect is not None and not decision.effect.is_ruled:
        return tried(decision.outcome)
    words = {Ruling.ACCEPTED: "accepted", Ruling.KEPT: "ours kept, the rest taken"}
    return Done(message=f"{words[ruling]}.")


def _reject_verb(ref_of: Callable[[T], ItemRef], objection: Callable[[T], str]) -> Verb[T]:
    def perform(attempt: Attempt[T]) -> Done:
        reject(ref_of(attempt.row), actor=attempt.actor, reason=attempt.reason, at=attempt.at)
        return Done(message="rejected; nothing of it is booked.")

    return Verb(
        name="reject",
        label="Reject",
        permission=PERMISSION,
        what_happens=(
            "Nothing of it is ever booked, however often Button sends the same again, and it "
            "leaves this queue. The evidence stays, with your reason. It can be opened again."
        ),
        perform=perform,
        objection=objection,
    )


def _reopen_verb(ref_of: Callable[[T], ItemRef], objection: Callable[[T], str]) -> Verb[T]:
    def perform(attempt: Attempt[T]) -> Done:
        reopen(ref_of(attempt.row), actor=attempt.actor, reason=attempt.reason, at=attempt.at)
        return Done(message="open again: it waits in the queue.")

    return Verb(
        name="open-again",
        label="Open again",
        permission=PERMISSION,
        what_happens="The rejection is taken back: it waits in the queue and can be tried again.",
        perform=perform,
        objection=objection,
    )
