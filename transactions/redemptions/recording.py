"""Writing steps: the booking, the row, the step and the news of it, in the caller's commit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rewards_site.kernel import rows
from rewards_site.notifications import announce
from rewards_site.notifications.news import News, NewsKind
from transactions.ledger.chart import AccountKey, AccountKind
from transactions.ledger.posting import GroupDraft, Posted, Posting, prepare
from transactions.redemptions.models import Redemption, RedemptionStep
from transactions.redemptions.states import Status, booking, cause_of

_ROW_FIELDS = ["status", "step_count", "approved_at", "finished_at"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step to be written. `row` is locked, or not there yet (`before` is None)."""

    row: Redemption
    before: Status | None
    to: Status
    holder_id: int
    """Whose money it is by now: who asked, or whom they stand for since a merge."""
    actor_id: int | None = None
    approver_id: int | None = None
    reason: str = ""
    told: str = ""
    reference: str = ""

    @property
    def cause(self) -> str:
        return cause_of(self.row.pk, self.to)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    at: datetime
    refused: dict[int, str]
    """redemption → why the books did not take it; of such a step nothing was written."""


def record(steps: Sequence[Step], *, after: datetime | None = None) -> Recorded:
    """Book and write `steps`, of one redemption each, later than `after`.

    Locks the members' ledger accounts: call it last and once in the caller's transaction.
    """
    drafts = [draft for draft in map(_draft, steps) if draft is not None]
    posted = prepare(drafts, after=after)
    refused = {
        step.row.pk: posted.refusals[step.cause].reason
        for step in steps
        if step.cause in posted.refusals
    }
    taken = [step for step in steps if step.row.pk not in refused]
    for step in taken:
        _move(step, at=posted.at)
    rows.run(
        [
            *posted.writes,
            *rows.insert([step.row for step in taken if step.before is None]),
            *rows.overwrite([step.row for step in taken if step.before is not None], _ROW_FIELDS),
            *rows.insert([_row_of(step, posted) for step in taken]),
            *announce.prepare([_news(step, posted) for step in taken]),
        ]
    )
    return Recorded(at=posted.at, refused=refused)


def _draft(step: Step) -> GroupDraft | None:
    booked = booking(step.before, step.to)
    if booked is None:
        return None
    currency = step.row.currency
    posting = Posting(
        debit=AccountKey(booked.debit, currency, member_id=step.holder_id),
        credit=AccountKey(booked.credit, currency, member_id=step.holder_id),
        amount_minor=step.row.amount_minor,
    )
    return GroupDraft(cause=step.cause, kind=booked.kind, postings=(posting,))


def _move(step: Step, *, at: datetime) -> None:
    row = step.row
    row.status = step.to
    if step.before is None:
        row.requested_at = at
        return
    row.step_count += 1
    if step.to is Status.APPROVED:
        row.approved_at = at
    else:
        row.finished_at = at


def _row_of(step: Step, posted: Posted) -> RedemptionStep:
    return RedemptionStep(
        redemption=step.row,
        number=step.row.step_count,
        status=step.to,
        actor_id=step.actor_id,
        approver_id=step.approver_id,
        reason=step.reason,
        told=step.told,
        reference=step.reference,
        at=posted.at,
        entry_group_id=posted.group_ids.get(step.cause),
    )


def _news(step: Step, posted: Posted) -> News:
    row = step.row
    return News(
        kind=NewsKind(f"redemption.{step.to}"),
        key=step.cause,
        member_id=step.holder_id,
        at=posted.at,
        currency=row.currency,
        after_minor=row.amount_minor,
        available_change_minor=_available_change(step),
        activity_id=posted.activity.get((step.cause, step.holder_id, row.currency)),
        redemption_id=row.public_id,
        facts={
            "method": row.method,
            "destination": row.destination_masked,
            "reason": step.told or None,
        },
    )


def _available_change(step: Step) -> int:
    booked = booking(step.before, step.to)
    if booked is None:
        return 0
    if booked.debit is AccountKind.AVAILABLE:
        return -step.row.amount_minor
    return step.row.amount_minor if booked.credit is AccountKind.AVAILABLE else 0
