"""Redemptions looked at again: told from their steps, and compared with the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice, pairwise

from django.db.models import F

from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.members.queries import holders
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, Entry
from transactions.redemptions.approving import APPROVE_REDEMPTION, subject_of
from transactions.redemptions.models import Redemption, RedemptionStep
from transactions.redemptions.states import NEXT, OPEN, Status, booking, cause_of

_CHUNK = 1_000
_Pot = tuple[int, str, str]
"""(member, currency, kind of account)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Then:
    """How a redemption stood after some of its steps."""

    status: Status
    approved_at: datetime | None
    finished_at: datetime | None


def as_of(steps: Sequence[RedemptionStep]) -> Then:
    """What the first of `steps`, in order and not empty, add up to."""
    at = {step.status: step.at for step in steps}
    last = steps[-1]
    return Then(
        status=Status(last.status),
        approved_at=at.get(Status.APPROVED),
        finished_at=None if last.status in OPEN else last.at,
    )


def wrong_redemptions() -> Iterator[Difference]:
    """Rows that are not what their steps make of them; steps that are not booked as they stand;
    approvals by others than the two people of the proposal;
    and members whose redeeming and paid-out balances are not what their redemptions come to.
    """
    totals: Counter[_Pot] = Counter()
    rows = Redemption.objects.order_by("pk").iterator(chunk_size=_CHUNK)
    while chunk := list(islice(rows, _CHUNK)):
        people = holders({row.member_id for row in chunk})
        steps: dict[int, list[RedemptionStep]] = {row.pk: [] for row in chunk}
        told = RedemptionStep.objects.filter(redemption__in=steps).select_related("entry_group")
        for step in told.order_by("redemption", "number"):
            steps[step.redemption_id].append(step)
        entries = _entries(step for found in steps.values() for step in found)
        deciders = _deciders(steps)
        for row in chunk:
            yield from _wrong_row(row, steps[row.pk])
            yield from _wrong_people(row, steps[row.pk], deciders)
            yield from _wrong_bookings(row, steps[row.pk], entries, people)
            _count(totals, row, people[row.member_id])
    yield from _wrong_totals(totals)


def _wrong_row(row: Redemption, steps: Sequence[RedemptionStep]) -> Iterator[Difference]:
    where = f"redemption {row.pk}"
    if [step.number for step in steps] != list(range(1, row.step_count + 1)):
        yield Difference(where, f"says {row.step_count} steps, has {[s.number for s in steps]}")
    if not steps:
        return
    for before, after in pairwise(steps):
        if Status(after.status) not in NEXT[Status(before.status)]:
            yield Difference(where, f"went from {before.status} to {after.status}")
        if after.at <= before.at:
            yield Difference(where, f"was {after.status} at {after.at}, and not after {before.at}")
    then = as_of(steps)
    should = (then.status.value, steps[0].at, then.approved_at, then.finished_at)
    says = (row.status, row.requested_at, row.approved_at, row.finished_at)
    if says != should:
        yield Difference(where, f"says {_text(says)}; its steps say {_text(should)}")


def _deciders(redemption_ids: Collection[int]) -> dict[int, tuple[int, int | None]]:
    """redemption → who proposed to approve it and who did, of those that took two people."""
    subjects = {subject_of(pk): pk for pk in redemption_ids}
    told = Proposal.objects.filter(
        kind=APPROVE_REDEMPTION, status=ProposalStatus.APPROVED, subject__in=subjects
    ).values_list("subject", "proposed_by_id", "decided_by_id")
    return {subjects[subject]: (one, other) for subject, one, other in told}


def _wrong_people(
    row: Redemption,
    steps: Sequence[RedemptionStep],
    deciders: Mapping[int, tuple[int, int | None]],
) -> Iterator[Difference]:
    """An approval by two people is by those of its proposal; no other step has a second person."""
    where = f"redemption {row.pk}"
    is_approved = False
    for step in steps:
        says = (step.actor_id, step.approver_id)
        if step.status == Status.APPROVED and row.pk in deciders:
            is_approved = True
            if says != deciders[row.pk]:
                yield Difference(
                    where,
                    f"was approved by users {_text(says)}; its proposal says "
                    f"{_text(deciders[row.pk])}",
                )
        elif step.approver_id is not None:
            yield Difference(where, f"was {step.status} by two people, and no proposal says so")
    if row.pk in deciders and not is_approved:
        yield Difference(where, "was never approved; its proposal says that it was")


def _wrong_bookings(
    row: Redemption,
    steps: Sequence[RedemptionStep],
    entries: Mapping[int, Sequence[Entry]],
    people: Mapping[int, int],
) -> Iterator[Difference]:
    """Each step's entries: one member's, of the amount, from the one account to the other."""
    before: Status | None = None
    for step in steps:
        status = Status(step.status)
        booked = booking(before, status)
        before = status
        found = {
            (entry.account.kind, entry.account.currency, entry.debit_minor - entry.credit_minor)
            for entry in entries.get(step.entry_group_id or 0, ())
        }
        should = (
            set()
            if booked is None
            else {
                (booked.debit.value, row.currency, row.amount_minor),
                (booked.credit.value, row.currency, -row.amount_minor),
            }
        )
        where = f"redemption {row.pk}, {status}"
        group = step.entry_group
        if group is not None and booked is not None:
            says = (group.cause, group.kind, group.posted_at)
            told = (cause_of(row.pk, status), booked.kind.value, step.at)
            if says != told:
                yield Difference(where, f"its group is {_text(says)}; should be {_text(told)}")
        if found != should:
            yield Difference(where, f"booked {sorted(found)}, should be {sorted(should)}")
        whose = {entry.account.member_id for entry in entries.get(step.entry_group_id or 0, ())}
        mine = {row.member_id, people[row.member_id]}
        strangers = {member_id for member_id in whose - mine if member_id is not None}
        if None in whose or any(
            holder != people[row.member_id] for holder in holders(strangers).values()
        ):
            yield Difference(where, f"booked on accounts of members {sorted(map(str, whose))}")


def _entries(steps: Iterator[RedemptionStep]) -> dict[int, list[Entry]]:
    groups = [step.entry_group_id for step in steps if step.entry_group_id is not None]
    found: dict[int, list[Entry]] = {}
    for entry in Entry.objects.filter(group__in=groups).select_related("account"):
        found.setdefault(entry.group_id, []).append(entry)
    return found


def _count(totals: Counter[_Pot], row: Redemption, holder_id: int) -> None:
    if row.status in OPEN:
        totals[holder_id, row.currency, AccountKind.REDEEMING.value] += row.amount_minor
    elif row.status == Status.PAID:
        totals[holder_id, row.currency, AccountKind.PAID_OUT.value] += row.amount_minor


def _wrong_totals(totals: Counter[_Pot]) -> Iterator[Difference]:
    kinds = [AccountKind.REDEEMING.value, AccountKind.PAID_OUT.value]
    balances = {
        (member_id, currency, kind): minor
        for member_id, currency, kind, minor in Account.objects.filter(
            member__isnull=False, kind__in=kinds
        ).values_list("member_id", "currency", "kind", F("credited_minor") - F("debited_minor"))
        if minor
    }
    for pot in sorted(totals.keys() | balances.keys()):
        if totals[pot] != balances.get(pot, 0):
            member_id, currency, kind = pot
            yield Difference(
                f"member {member_id}, {kind} {currency}",
                f"is {balances.get(pot, 0)}; the redemptions come to {totals[pot]}",
            )


def _text(values: Sequence[object]) -> str:
    return ", ".join(str(value) for value in values)
