"""Adjustments compared with what two people decided, and with what was booked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from rewards_site.approvals.models import ProposalStatus
from rewards_site.members.queries import holders
from transactions.adjustments.models import Adjustment, AdjustmentKind
from transactions.adjustments.services import Wanted, adjustment_draft, cause_of
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKey, AccountKind
from transactions.ledger.models import Entry

_CHUNK = 500
_OFFSETS = (timedelta(hours=-13), timedelta(hours=14))
"""Beyond the time zones there are."""


def wrong_adjustments() -> Iterator[Difference]:
    """Those whose entries, or whose proposal, say something else."""
    rows = Adjustment.objects.select_related("proposal").order_by("pk").iterator(_CHUNK)
    chunk: list[Adjustment] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield from _wrong(chunk)
            chunk = []
    yield from _wrong(chunk)


def _wrong(chunk: list[Adjustment]) -> Iterator[Difference]:
    booked = _booked([row.entry_group_id for row in chunk])
    people = holders({int(row.proposal.payload.get("member_id") or 0) for row in chunk})
    now = holders({row.member_id for row in chunk})
    for row in chunk:
        wanted = Wanted(
            kind=AdjustmentKind(row.kind),
            member_id=row.member_id,
            currency=row.currency,
            amount_minor=row.amount_minor,
        )
        should = adjustment_draft(wanted, pk=row.pk, member_id=row.member_id).net_by_account()
        if booked.get(row.entry_group_id, {}) != should:
            yield Difference(cause_of(row.pk), "its entries are not what it says was changed")
        proposal = row.proposal
        told = proposal.payload
        if (told.get("currency"), told.get("amount_minor")) != (row.currency, row.amount_minor):
            yield Difference(cause_of(row.pk), f"proposal {proposal.pk} is of another amount")
        if (told.get("kind"), told.get("claim_id")) != (row.kind, row.claim_id):
            yield Difference(
                cause_of(row.pk), f"proposal {proposal.pk} is of another kind, or for another claim"
            )
        decided_at = proposal.decided_at or row.approved_at
        if row.budget_month not in _months_around(decided_at):
            yield Difference(
                cause_of(row.pk),
                f"used the budget of {row.budget_month}; it was approved at {decided_at}",
            )
        if people.get(int(told.get("member_id") or 0)) != now.get(row.member_id):
            yield Difference(cause_of(row.pk), f"proposal {proposal.pk} is of another member")
        decided = (proposal.status, proposal.proposed_by_id, proposal.decided_by_id)
        if decided != (ProposalStatus.APPROVED, row.proposed_by_id, row.approved_by_id):
            yield Difference(
                cause_of(row.pk), f"proposal {proposal.pk} was not approved by the two it names"
            )


def _months_around(at: datetime) -> set[date]:
    """First days of the month that it was, wherever on earth: the zone set may have changed."""
    return {(at.astimezone(UTC) + offset).date().replace(day=1) for offset in _OFFSETS}


def _booked(group_ids: list[int]) -> dict[int, dict[AccountKey, int]]:
    """Group → debits less credits per account."""
    found: dict[int, dict[AccountKey, int]] = defaultdict(dict)
    entries = Entry.objects.filter(group__in=group_ids).select_related("account")
    for entry in entries:
        account = entry.account
        key = AccountKey(
            AccountKind(account.kind), account.currency, account.member_id, account.merchant_id
        )
        found[entry.group_id][key] = entry.debit_minor - entry.credit_minor
    return found
