"""What members who are merged had earned: each order counts once for one person.

An order that was moved from one to the other was earned by both, for `lifetime_earned` is never
reduced. Of such an order the person who is left has earned the larger of the two; neither figure
goes down by that, and none counts the order twice. All of it is read from entries.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby
from operator import itemgetter

from django.db.models import QuerySet, Sum

from rewards_site.members.models import ChangeKind, CustomerIdChange
from rewards_site.members.queries import rows_of
from transactions.ledger.chart import EARNING_KINDS, AccountKind
from transactions.ledger.models import Entry
from transactions.models import TransactionRevision

Added = dict[tuple[int, str], int]
"""(customer id change, currency) → what the merge adds to the lifetime of who is left."""


def earned_by_both(source_id: int, target_id: int) -> Counter[str]:
    """Currency → what both persons have earned by the same orders, in minor units."""
    mine, theirs = rows_of(source_id), rows_of(target_id)
    theirs_too = TransactionRevision.objects.filter(
        member__in=theirs, transaction__revisions__member__in=mine
    )
    shared = theirs_too.values("transaction")
    found: Counter[str] = Counter()
    entries = _earnings({*mine, *theirs}).filter(group__transactionrevision__transaction__in=shared)
    for currency, figures in _by_order(entries):
        one, other = (
            max((figures[row] for row in rows if row in figures), default=0)
            for rows in (mine, theirs)
        )
        if min(one, other):
            found[currency] += min(one, other)
    return found


def added_by_merging() -> Added:
    """What every merge should have added, derived from entries and from who was merged when."""
    merges = list(
        CustomerIdChange.objects.filter(kind=ChangeKind.MERGED)
        .order_by("pk")
        .values_list("pk", "alias_id", "member_id")
    )
    if not merges:
        return {}
    rows = {row for _, *both in merges for row in both}
    twice = _counted_twice(merges, rows)
    earned: Counter[tuple[int, str]] = Counter()
    for member_id, currency, minor in (
        _earnings(rows)
        .values_list("account__member_id", "account__currency")
        .annotate(minor=Sum("credit_minor"))
    ):
        earned[member_id, currency] = minor
    currencies = sorted({currency for _, currency in earned})
    added: Added = {}
    for pk, alias_id, member_id in merges:
        for currency in currencies:
            minor = earned[alias_id, currency] - twice[pk, currency]
            earned[member_id, currency] += minor
            if minor:
                added[pk, currency] = minor
    return added


def earned_by_merging(added: Added) -> dict[tuple[int, str], int]:
    """(member, currency) → what they have earned by being merged with others, in minor units."""
    members = dict(
        CustomerIdChange.objects.filter(kind=ChangeKind.MERGED).values_list("pk", "member_id")
    )
    found: Counter[tuple[int, str]] = Counter()
    for (pk, currency), minor in added.items():
        found[members[pk], currency] += minor
    return dict(found)


def _counted_twice(
    merges: Iterable[tuple[int, int, int]], rows: Collection[int]
) -> Counter[tuple[int, str]]:
    """(merge, currency) → what both had earned by the same orders when they were merged.

    Nothing earned later can be among it: an order that one of a person's rows had is not earned
    again by another (moving.draft).
    """
    into = {alias_id: (pk, member_id) for pk, alias_id, member_id in merges}
    twice: Counter[tuple[int, str]] = Counter()
    for currency, figures in _by_order(_earnings(rows)):
        if len(figures) < 2:
            continue
        left = dict(figures)
        for pk, alias_id, member_id in _merges_of(figures, into):
            minor = left.pop(alias_id)
            if member_id in left:
                twice[pk, currency] += min(minor, left[member_id])
            left[member_id] = max(minor, left.get(member_id, 0))
    return twice


def _merges_of(
    rows: Iterable[int], into: Mapping[int, tuple[int, int]]
) -> list[tuple[int, int, int]]:
    """The merges by which these rows came to be who they are now, in their order."""
    found = set()
    for row in rows:
        alias_id = row
        seen = set()  # damaged records may lead in a circle
        while alias_id in into and alias_id not in seen:
            seen.add(alias_id)
            pk, member_id = into[alias_id]
            found.add((pk, alias_id, member_id))
            alias_id = member_id
    return sorted(found)


def _earnings(rows: Collection[int]) -> QuerySet[Entry]:
    """Credits of final rewards to these rows."""
    return Entry.objects.filter(
        account__member__in=rows,
        account__kind=AccountKind.AVAILABLE,
        credit_minor__gt=0,
        group__kind__in=EARNING_KINDS,
    )


def _by_order(entries: QuerySet[Entry]) -> Iterator[tuple[str, Mapping[int, int]]]:
    """Currency and row → minor units, of each order; one order at a time is in memory."""
    order = "group__transactionrevision__transaction_id"
    found = (
        entries.filter(**{f"{order}__isnull": False})
        .values_list(order, "account__currency", "account__member_id")
        .annotate(minor=Sum("credit_minor"))
        .order_by(order, "account__currency", "account__member_id")
    )
    for (_, currency), group in groupby(found.iterator(chunk_size=2000), key=itemgetter(0, 1)):
        yield currency, {row: minor for *_, row, minor in group}
