"""Merges looked at again: what was moved, what was left, and that nothing came in afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from rewards_site.members.models import ChangeKind, CustomerIdChange, Member
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, Entry
from transactions.merging.models import MergedBalance
from transactions.models import Transaction


def earned_by_merging() -> dict[tuple[int, str], int]:
    """(member, currency) → what others had earned who were merged into them, in minor units."""
    found = MergedBalance.objects.values_list("change__member", "currency").annotate(
        earned=Sum("earned_minor")
    )
    return {(member_id, currency): earned for member_id, currency, earned in found if earned}


def wrong_merges() -> Iterator[Difference]:
    """Merges that are not booked as they stand; ids that lead nowhere, or hold anything."""
    yield from _wrong_aliases()
    merged = CustomerIdChange.objects.filter(kind=ChangeKind.MERGED).order_by("pk")
    for change in merged.prefetch_related("balances").iterator(chunk_size=500):
        for balance in change.balances.all():
            yield from _wrong_balance(change, balance)
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
    earned = Account.objects.filter(
        Q(member=change.alias_id, currency=balance.currency, kind=AccountKind.AVAILABLE)
    ).aggregate(earned=Sum("earned_minor"))["earned"]
    if (earned or 0) != balance.earned_minor:
        yield Difference(where, f"says {balance.earned_minor} was earned; it is {earned or 0}")
