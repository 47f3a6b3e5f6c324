"""Merges looked at again: what was moved, what was left, and that nothing came in afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db.models import F
from django.db.models.functions import Coalesce

from rewards_site.members.models import ChangeKind, CustomerIdChange, Member
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, Entry
from transactions.merging.earning import Added
from transactions.merging.models import MergedBalance
from transactions.models import Transaction


def wrong_merges(added: Added) -> Iterator[Difference]:
    """Merges that are not booked as they stand; ids that lead nowhere, or hold anything.

    `added` is what they should have added to what was earned (earning.py).
    """
    yield from _wrong_aliases()
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
    lost = CustomerIdChange.objects.exclude(
        alias__same_as=Coalesce(F("member__same_as"), F("member"))
    )
    for pk in lost.order_by("pk").values_list("pk", flat=True):
        yield Difference(f"customer id change {pk}", "does not stand any more")


def _wrong_aliases() -> Iterator[Difference]:
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
