"""Merges looked at again: what was moved, what was left, and that nothing came in afterwards."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, Max, Min, OuterRef
from django.db.models.functions import Coalesce

from rewards_site.members.models import ChangeKind, CustomerIdChange, Member
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, Entry
from transactions.merging.earning import Added
from transactions.merging.models import MergedBalance
from transactions.models import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """A merge as it is on record."""

    pk: int
    decided: tuple[datetime, int, int | None, str]
    """When, by whom, approved by whom, and why."""
    posted_at: frozenset[datetime]
    """Of its groups: one instant, if it moved money."""


def merges_on_record() -> dict[tuple[int, int], Merge]:
    """(who was merged, with whom) → the merge. One for each customer id that was given up by it."""
    posted: defaultdict[int, set[datetime]] = defaultdict(set)
    groups = MergedBalance.objects.filter(entry_group__isnull=False)
    for change_id, at in groups.values_list("change", "entry_group__posted_at"):
        posted[change_id].add(at)
    return {
        (row.alias_id, row.member_id): Merge(
            pk=row.pk,
            decided=(row.changed_at, row.actor_id, row.approver_id, row.reason),
            posted_at=frozenset(posted[row.pk]),
        )
        for row in CustomerIdChange.objects.filter(kind=ChangeKind.MERGED).order_by("pk")
    }


def wrong_merges(added: Added) -> Iterator[Difference]:
    """Merges that are not booked as they stand; ids that lead nowhere, or hold anything.

    `added` is what they should have added to what was earned (earning.py).
    """
    yield from _wrong_aliases()
    yield from _wrong_changes()
    said = set()
    merged = CustomerIdChange.objects.filter(kind=ChangeKind.MERGED).order_by("pk")
    for change in merged.prefetch_related("balances").iterator(chunk_size=500):
        for balance in change.balances.all():
            said.add((change.pk, balance.currency))
            yield from _wrong_balance(change, balance)
            minor = added.get((change.pk, balance.currency), 0)
            if balance.earned_minor != minor:
                where = f"merge {change.pk}, {balance.currency}"
                what = f"says it adds {balance.earned_minor} to what was earned; it is {minor}"
                yield Difference(where, what)
    for pk, currency in sorted(added.keys() - said):
        yield Difference(f"merge {pk}, {currency}", "is not on record, and something was earned")


def _wrong_changes() -> Iterator[Difference]:
    """Decisions that do not stand, or that are not called what they were."""
    lost = CustomerIdChange.objects.exclude(
        alias__same_as=Coalesce(F("member__same_as"), F("member"))
    )
    for pk in lost.order_by("pk").values_list("pk", flat=True):
        yield Difference(f"customer id change {pk}", "does not stand any more")
    moved = MergedBalance.objects.exclude(change__kind=ChangeKind.MERGED).order_by("pk")
    for pk, currency, kind in moved.values_list("change", "currency", "change__kind"):
        yield Difference(
            f"merge {pk}, {currency}", f"moved what one had, and is on record as {kind}"
        )
    # A renaming makes the row of the id that is given up, then and there
    earlier = CustomerIdChange.objects.filter(alias=OuterRef("alias"), pk__lt=OuterRef("pk"))
    older = (
        CustomerIdChange.objects.filter(~Exists(earlier), kind=ChangeKind.RENAMED)
        .exclude(alias__created_at=F("changed_at"))
        .order_by("pk")
    )
    for pk, alias_id in older.values_list("pk", "alias"):
        yield Difference(
            f"customer id change {pk}",
            f"is on record as renamed, and member {alias_id} was there before it",
        )
    yield from _times_of_merges()


def _times_of_merges() -> Iterator[Difference]:
    """Merges that were posted at more than one instant."""
    rows = (
        MergedBalance.objects.filter(entry_group__isnull=False)
        .values_list("change")
        .annotate(first=Min("entry_group__posted_at"), last=Max("entry_group__posted_at"))
        .exclude(first=F("last"))
        .order_by("change")
    )
    for pk, first, last in rows:
        yield Difference(f"merge {pk}", f"was posted at {first} and at {last}")


def _wrong_aliases() -> Iterator[Difference]:
    decided = CustomerIdChange.objects.filter(alias=OuterRef("pk"))
    pointing = Member.objects.filter(~Exists(decided), same_as__isnull=False).order_by("pk")
    for pk, same_as in pointing.values_list("pk", "same_as"):
        yield Difference(f"member {pk}", f"stands for member {same_as}, and nobody decided that")
    for row in Member.objects.filter(same_as__same_as__isnull=False).order_by("pk"):
        yield Difference(f"member {row.pk}", "stands for a row that stands for another")
    holding = Account.objects.filter(member__same_as__isnull=False).exclude(
        credited_minor=F("debited_minor")
    )
    for account in holding.order_by("pk"):
        yield Difference(
            f"account {account.pk}", f"of member {account.member_id}, who was merged, is not empty"
        )
    orders = Transaction.objects.filter(member__same_as__isnull=False)
    for pk in orders.order_by("pk").values_list("pk", flat=True):
        yield Difference(f"transaction {pk}", "is of a member who was merged with another")


def _wrong_balance(change: CustomerIdChange, balance: MergedBalance) -> Iterator[Difference]:
    """Exactly these entries: the one is emptied, the other gets as much."""
    where = f"merge {change.pk}, {balance.currency}"
    expected: Counter[tuple[int, str]] = Counter()
    for kind, minor in (
        (AccountKind.PENDING, balance.pending_minor),
        (AccountKind.AVAILABLE, balance.available_minor),
        (AccountKind.PAID_OUT, balance.paid_out_minor),
    ):
        if minor:
            expected[change.alias_id, kind.value] = minor
            expected[change.member_id, kind.value] = -minor
    booked: Counter[tuple[int, str]] = Counter()
    entries = Entry.objects.filter(group=balance.entry_group_id).select_related("account")
    for entry in entries if balance.entry_group_id is not None else ():
        account = entry.account
        if account.member_id is None or account.currency != balance.currency:
            yield Difference(where, f"books on account {account.pk}, which is not its business")
            continue
        booked[account.member_id, account.kind] = entry.debit_minor - entry.credit_minor
        if account.member_id == change.alias_id and entry.balance_after_minor:
            yield Difference(where, f"leaves {entry.balance_after_minor} {account.kind} behind")
    if booked != expected:
        yield Difference(where, f"booked {dict(booked)}, should be {dict(expected)}")
