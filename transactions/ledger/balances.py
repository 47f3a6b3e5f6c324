"""Reads of the books: what the entries add up to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import BigIntegerField, Case, Count, F, Max, Q, Sum, Value, When
from django.db.models.functions import Coalesce

from transactions.ledger.chart import EARNING_KINDS, HOUSE_KINDS, MEMBER_KINDS, AccountKind
from transactions.ledger.models import Account, Entry, EntryGroup


@dataclass(frozen=True, slots=True)
class Difference:
    """Something in the books that is not as it should be, in one sentence."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def available_balances(member_ids: set[int]) -> dict[tuple[int, str], int]:
    """(member, currency) → what is available to them now, in minor units; nothing is locked."""
    rows = Account.objects.filter(member__in=member_ids, kind=AccountKind.AVAILABLE)
    return {
        (member_id, currency): credited - debited
        for member_id, currency, credited, debited in rows.values_list(
            "member_id", "currency", "credited_minor", "debited_minor"
        )
    }


def wrong_accounts() -> Iterator[Difference]:
    """Member accounts whose running totals are not the sums of their entries."""
    zero: Coalesce = Coalesce(Sum("entries__debit_minor"), 0, output_field=BigIntegerField())
    rows = (
        Account.objects.filter(member__isnull=False)
        .annotate(
            debits=zero,
            credits=Coalesce(Sum("entries__credit_minor"), 0, output_field=BigIntegerField()),
            count=Count("entries"),
            last=Coalesce(Max("entries__number"), 0, output_field=BigIntegerField()),
            last_at=Max("entries__group__posted_at"),
        )
        .exclude(
            Q(debited_minor=F("debits"))
            & Q(credited_minor=F("credits"))
            & Q(entry_count=F("count"))
            & Q(entry_count=F("last"))
            & (Q(last_posted_at=F("last_at")) | Q(last_posted_at=None, last_at=None))
        )
        .order_by("pk")
    )
    for row in rows.iterator():
        yield Difference(
            f"account {row.pk} ({row.kind} {row.currency} of member {row.member_id})",
            f"carries debits {row.debited_minor}, credits {row.credited_minor}, "
            f"{row.entry_count} entries, the last posted at {row.last_posted_at}; its entries say "
            f"{row.debits}, {row.credits}, {row.count}, {row.last_at}",
        )


def wrong_kinds() -> Iterator[Difference]:
    """Accounts of a kind that does not fit whose they are; the house's with running totals."""
    members = sorted(kind.value for kind in MEMBER_KINDS)
    house = sorted(kind.value for kind in HOUSE_KINDS)
    rows = Account.objects.exclude(
        Q(member__isnull=False, merchant__isnull=True, kind__in=members)
        | Q(
            member__isnull=True,
            kind__in=house,
            debited_minor=0,
            credited_minor=0,
            earned_minor=0,
            entry_count=0,
        )
    )
    for row in rows.order_by("pk").iterator():
        yield Difference(
            f"account {row.pk}",
            f"is of kind {row.kind}, of member {row.member_id} and merchant {row.merchant_id}, "
            f"and carries {row.debited_minor}, {row.credited_minor}, {row.earned_minor}",
        )


def wrong_running_balances() -> Iterator[Difference]:
    """Entries of members whose balance is not that of the entry before, plus theirs; or whose time
    is before that entry's.
    """
    account_id = None
    balance = number = 0
    at = None
    rows = Entry.objects.filter(number__gt=0).order_by("account_id", "number")
    for entry in rows.values_list(
        "account_id",
        "number",
        "debit_minor",
        "credit_minor",
        "balance_after_minor",
        "group__posted_at",
    ).iterator(chunk_size=5000):
        if entry[0] != account_id:
            account_id, balance, number, at = entry[0], 0, 0, None
        if at is not None and entry[5] < at:
            yield Difference(
                f"entry {entry[1]} of account {account_id}",
                f"was posted at {entry[5]}, before the entry before it ({at})",
            )
        at = entry[5]
        balance += entry[3] - entry[2]
        number += 1
        if (number, balance) != (entry[1], entry[4]):
            yield Difference(
                f"entry {entry[1]} of account {account_id}",
                f"says {entry[4]} as entry {entry[1]}; the entries before it make {balance} "
                f"as entry {number}",
            )
            balance, number = entry[4] or 0, entry[1]


def wrong_groups() -> Iterator[Difference]:
    """Groups that do not balance per currency, or lack entries."""
    sides = (
        Entry.objects.values("group_id", "account__currency")
        .annotate(debits=Sum("debit_minor"), credits=Sum("credit_minor"))
        .exclude(debits=F("credits"))
        .order_by("group_id")
    )
    for side in sides.iterator():
        yield Difference(
            f"entry group {side['group_id']}",
            f"debits {side['debits']} and credits {side['credits']} {side['account__currency']}",
        )
    short = EntryGroup.objects.annotate(count=Count("entries")).exclude(entry_count=F("count"))
    for group in short.order_by("pk").iterator():
        yield Difference(
            f"entry group {group.pk}", f"says {group.entry_count} entries, has {group.count}"
        )


def wrong_earnings(*, also: Mapping[tuple[int, str], int]) -> Iterator[Difference]:
    """Available accounts whose lifetime earnings are not the rewards credited to them.

    `also`: (member, currency) → what of it came from elsewhere, by the evidence of that.
    """
    left = dict(also)
    earned = Sum("entries__credit_minor", filter=Q(entries__group__kind__in=EARNING_KINDS))
    rows = (
        Account.objects.filter(member__isnull=False)
        .annotate(
            earned=Case(
                When(
                    kind=AccountKind.AVAILABLE,
                    then=Coalesce(earned, 0, output_field=BigIntegerField()),
                ),
                default=Value(0),
                output_field=BigIntegerField(),
            )
        )
        .exclude(earned_minor=F("earned"))
        .order_by("pk")
    )
    for row in rows.iterator():
        assert row.member_id is not None
        if row.kind == AccountKind.AVAILABLE:
            more = left.pop((row.member_id, row.currency), 0)
            if row.earned_minor == row.earned + more:
                continue
        yield Difference(
            f"account {row.pk} ({row.kind} {row.currency} of member {row.member_id})",
            f"carries {row.earned_minor} as earned; its entries say {row.earned}",
        )
    for (member_id, currency), minor in sorted(left.items()):
        if minor:
            yield Difference(f"member {member_id}", f"lacks {minor} {currency} as earned")
