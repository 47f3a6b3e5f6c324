"""book_adjustment(): the only writer of adjustments, in the commit that approves one."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from rewards_site.approvals.models import Proposal
from rewards_site.kernel import db
from rewards_site.kernel.errors import Conflict, Refused
from rewards_site.kernel.money import decimal_text
from rewards_site.members.models import Member
from rewards_site.members.queries import held_members, holder_id
from rewards_site.notifications.announce import announce
from rewards_site.notifications.news import News, NewsKind
from transactions.adjustments.budgets import locked_budget, month_of
from transactions.adjustments.models import Adjustment, AdjustmentKind
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.posting import GroupDraft, Posted, Posting, post

log = logging.getLogger(__name__)

_SENTENCES = {
    AdjustmentKind.GOODWILL: gettext_noop("It is a goodwill credit from us."),
    AdjustmentKind.CORRECTION: gettext_noop("We corrected it."),
}
"""For the member; why, in the words of staff, stays with staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be done to one balance; `amount_minor` above 0 gives, below 0 takes."""

    kind: AdjustmentKind
    member_id: int
    currency: str
    amount_minor: int

    @property
    def money(self) -> str:
        return f"{decimal_text(abs(self.amount_minor), self.currency)} {self.currency}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """An adjustment that was made, and the one booking of the commit."""

    row: Adjustment
    posted: Posted


def held_holder(member_id: int) -> Member:
    """Whom this row stands for by now, held until the commit: nobody is merged meanwhile.

    Raises: Conflict, if there is no such member.
    """
    while True:
        row = held_members({member_id}).get(member_id)
        if row is None:
            raise Conflict("The member is not there any more. Reject it.")
        if row.same_as_id is None:
            return row
        member_id = holder_id(row)


def book_adjustment(
    wanted: Wanted,
    *,
    proposal: Proposal,
    approved_by: User,
    reason: str,
    at: datetime,
    claim_id: int | None = None,
) -> Booked:
    """Give or take, within the budget and never below zero, and tell the member.

    In the caller's transaction, which has locked the proposal; call it once. Locks the member
    (held), the budget's row, the ledger accounts. Raises: Refused (budget, balance), Conflict.
    """
    assert db.in_transaction()
    member = held_holder(wanted.member_id)
    budget = locked_budget(wanted.currency, at)
    if objection := budget.objection(wanted.amount_minor):
        raise Refused(f"{objection}.")
    [pk] = db.next_ids(Adjustment, 1)
    draft = adjustment_draft(wanted, pk=pk, member_id=member.pk)
    posted = post([draft])
    for refusal in posted.refusals.values():
        raise Refused(f"The balance cannot bear it: {refusal.reason}.")
    row = Adjustment(
        pk=pk,
        kind=wanted.kind,
        member=member,
        currency=wanted.currency,
        amount_minor=wanted.amount_minor,
        reason=reason,
        claim_id=claim_id,
        proposal=proposal,
        proposed_by=proposal.proposed_by,
        approved_by=approved_by,
        approved_at=posted.at,
        budget_month=month_of(at),
        budget_minor=budget.limit_minor,
        entry_group_id=posted.group_ids[draft.cause],
    )
    row.save(force_insert=True)
    log.info("adjustments.booked", extra={"adjustment": pk, "proposal": proposal.pk})
    return Booked(row=row, posted=posted)


def tell(booked: Booked, *more: News, claim_public_id: UUID | None = None) -> None:
    """Announce what was booked, and `more` of the same commit, once."""
    row = booked.row
    cause = cause_of(row.pk)
    announce(
        [
            News(
                kind=NewsKind.BALANCE_ADJUSTED,
                key=cause,
                member_id=row.member_id,
                at=booked.posted.at,
                currency=row.currency,
                available_change_minor=row.amount_minor,
                activity_id=booked.posted.activity[cause, row.member_id, row.currency],
                claim_id=claim_public_id,
                facts={"reason": _(_SENTENCES[AdjustmentKind(row.kind)])},
            ),
            *more,
        ]
    )


def cause_of(pk: int) -> str:
    return f"adjustment/{pk}"


def adjustment_draft(wanted: Wanted, *, pk: int, member_id: int) -> GroupDraft:
    """What an adjustment is booked by: between the member and what people gave and took."""
    house = AccountKey(AccountKind.ADJUSTMENTS, wanted.currency)
    available = AccountKey(AccountKind.AVAILABLE, wanted.currency, member_id=member_id)
    is_given = wanted.amount_minor > 0
    return GroupDraft(
        cause=cause_of(pk),
        kind=GroupKind.ADJUSTMENT,
        postings=(
            Posting(
                debit=house if is_given else available,
                credit=available if is_given else house,
                amount_minor=abs(wanted.amount_minor),
            ),
        ),
        earned_minor=max(0, wanted.amount_minor),
    )
