"""What a revision should have booked, compared with the entry group it has."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import Case, F, OuterRef, Q, Subquery, When

from transactions.derived import People
from transactions.holdings import Holding, difference, left_behind, newly_earned
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.models import Entry
from transactions.ledger.posting import GroupDraft
from transactions.models import RevisionKind, TransactionRevision

_BY_STAFF_ALONE = {RevisionKind.ASSIGNED, RevisionKind.MOVED}


@dataclass(frozen=True, slots=True)
class Booked:
    """A revision, with what the books held of its order and should hold after it."""

    where: str
    revision: TransactionRevision
    held: Holding
    should: Holding


@dataclass(frozen=True, slots=True)
class Loss:
    """A revision by which a final reward was taken from its member, as far as it was there."""

    where: str
    revision_id: int
    held: Holding
    should: Holding


def wrong_entries(booked: Booked) -> Iterator[Difference]:
    """Entries that are not the difference between what was held and what should be."""
    draft = GroupDraft(
        cause=booked.where,
        kind=GroupKind.TRANSACTION,
        postings=difference(booked.held, booked.should),
    )
    expected = draft.net_by_account()
    found: dict[AccountKey, int] = {}
    group = booked.revision.entry_group
    for entry in group.entries.all() if group is not None else ():
        account = entry.account
        key = AccountKey(
            AccountKind(account.kind), account.currency, account.member_id, account.merchant_id
        )
        found[key] = entry.debit_minor - entry.credit_minor
    for key in sorted({*expected, *found}, key=str):
        if expected.get(key, 0) != found.get(key, 0):
            yield Difference(
                booked.where,
                f"{key.kind} {key.currency}: booked {found.get(key, 0)}, "
                f"should be {expected.get(key, 0)} (debits less credits)",
            )


def wrong_group(booked: Booked, had: Collection[int], people: People) -> Iterator[Difference]:
    """A group that is not called what it is, which decides whether it counts as earned.

    `had`: who has had the order's final reward before.
    """
    group, revision = booked.revision.entry_group, booked.revision
    if group is None:
        return
    cause = f"transaction/{revision.transaction_id}/revision/{revision.number}"
    if group.cause != cause:
        yield Difference(booked.where, f"its group was booked for {group.cause}")
    kinds = _kinds(booked, had, people)
    if group.kind not in kinds:
        words = " or ".join(sorted(kinds))
        yield Difference(booked.where, f"its group is of kind {group.kind}, should be {words}")


def _kinds(booked: Booked, had: Collection[int], people: People) -> set[GroupKind]:
    """What the group may be called; more than one only where two members were merged, and it is
    not known any more whether they were one by then; and where no revision tells by which way.
    """
    revision, held, should = booked.revision, booked.held, booked.should
    kind = GroupKind.ATTRIBUTION if revision.kind in _BY_STAFF_ALONE else GroupKind.TRANSACTION
    if None not in (held.member_id, should.member_id) and held.member_id != should.member_id:
        kind = GroupKind.MOVE
    whose = should.member_id
    if whose is None or not newly_earned(held, should):
        return {kind}
    if revision.kind == RevisionKind.TOLD:
        # Staff may have let it through where nothing was left to decide about
        return {kind, GroupKind.RETURN} if whose in had else {kind}
    if whose in had:
        return {GroupKind.RETURN}
    if people[whose] in {people[member_id] for member_id in had}:
        return {kind, GroupKind.RETURN}
    return {kind}


def wrong_losses(losses: Sequence[Loss]) -> Iterator[Difference]:
    """Members who keep what they had not spent, or from whom more was taken than they had.

    One statement, whatever the number of losses.
    """
    if not losses:
        return
    balances = _balances_before({loss.revision_id for loss in losses})
    for loss in losses:
        balance = balances.get(loss.revision_id) or 0
        left = left_behind(loss.held, loss.should, balance_minor=balance)
        if left != dict(loss.should.unrecovered):
            yield Difference(
                loss.where,
                f"says that {dict(loss.should.unrecovered)} could not be taken back; it was taken "
                f"from one who had {balance}, so it is {left}",
            )


def _balances_before(revision_ids: Collection[int]) -> dict[int, int | None]:
    """Revision → what was available to who had the order before it; by the last entry before.

    Groups have their keys under the lock of the accounts, so they stand in the order of booking.
    """
    previous = TransactionRevision.objects.filter(
        transaction=OuterRef("transaction"), number__lt=OuterRef("number")
    ).order_by("-number")
    entries = Entry.objects.filter(
        Q(group__lt=OuterRef("entry_group"))
        | Q(group__posted_at__lte=OuterRef("without_group_at")),
        account__kind=AccountKind.AVAILABLE,
        account__currency=OuterRef("transaction__reward_currency"),
        account__member=OuterRef("taken_from"),
    ).order_by("-number")
    rows = TransactionRevision.objects.filter(pk__in=revision_ids).annotate(
        taken_from=Subquery(previous.values("member")[:1]),
        without_group_at=Case(When(entry_group__isnull=True, then=F("recorded_at"))),
    )
    found = rows.annotate(before=Subquery(entries.values("balance_after_minor")[:1]))
    return dict(found.values_list("pk", "before"))
