"""The groups of opening balances derived again from the lines of the files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.db.models import Count, Sum

from rewards_site.members.queries import holders
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKey, AccountKind
from transactions.ledger.models import Entry
from transactions.ledger.posting import GroupDraft
from transactions.opening.closing import closing_draft
from transactions.opening.importing import opening_draft
from transactions.opening.models import (
    Closing,
    OpeningClosing,
    OpeningImport,
    OpeningLine,
    OpeningTotal,
)

_CHUNK = 1000
Booked = dict[int, dict[AccountKey, int]]
"""Group → account → debits less credits."""


def wrong_openings() -> Iterator[Difference]:
    """Lines that are not booked as they stand, and imports that do not add up."""
    yield from _wrong_imports()
    after = 0
    while True:
        lines = list(OpeningLine.objects.filter(pk__gt=after).order_by("pk")[:_CHUNK])
        if not lines:
            break
        after = lines[-1].pk
        yield from _wrong_lines(lines)
    yield from _wrong_closings()


def _wrong_imports() -> Iterator[Difference]:
    found = {
        (opening_id, currency): (count, pending, available)
        for opening_id, currency, count, pending, available in OpeningLine.objects.values_list(
            "opening", "currency"
        ).annotate(Count("pk"), Sum("pending_minor"), Sum("available_minor"))
    }
    told = {
        (total.opening_id, total.currency): (
            total.line_count,
            total.pending_minor,
            total.available_minor,
        )
        for total in OpeningTotal.objects.all()
    }
    for key in sorted({*found, *told}):
        if found.get(key) != told.get(key):
            yield Difference(
                f"opening {key[0]}, {key[1]}",
                f"says (lines, pending, available) {told.get(key)}; its lines are {found.get(key)}",
            )
    late = OpeningImport.objects.filter(
        finished_at__isnull=False, lines__entry_group__isnull=True
    ).distinct()
    for row in late.order_by("pk"):
        yield Difference(f"opening {row.pk}", "is finished, and lines of it are not booked")


def _wrong_lines(lines: Sequence[OpeningLine]) -> Iterator[Difference]:
    booked = _booked([line.entry_group_id for line in lines if line.entry_group_id is not None])
    person = _people(lines, booked)
    for line in lines:
        if line.entry_group_id is None:
            continue
        entries = booked.get(line.entry_group_id, {})
        draft = opening_draft(line, member_id=_credited(line, entries, person))
        yield from _compared(draft, entries)


def _wrong_closings() -> Iterator[Difference]:
    after = 0
    while True:
        rows = list(
            OpeningClosing.objects.filter(pk__gt=after)
            .select_related("line")
            .order_by("pk")[:_CHUNK]
        )
        if not rows:
            return
        after = rows[-1].pk
        booked = _booked([row.entry_group_id for row in rows])
        people = holders({row.member_id for row in rows} | {row.line.member_id for row in rows})
        for row in rows:
            draft = closing_draft(row.line, Closing(row.kind), member_id=row.member_id)
            yield from _compared(draft, booked.get(row.entry_group_id, {}))
            if people[row.member_id] != people[row.line.member_id]:
                yield Difference(draft.cause, "is another member's than the line")


def _booked(group_ids: Sequence[int]) -> Booked:
    booked: Booked = {}
    for entry in Entry.objects.filter(group__in=group_ids).select_related("account"):
        account = entry.account
        key = AccountKey(
            AccountKind(account.kind), account.currency, account.member_id, account.merchant_id
        )
        booked.setdefault(entry.group_id, {})[key] = entry.debit_minor - entry.credit_minor
    return booked


def _people(lines: Sequence[OpeningLine], booked: Booked) -> Mapping[int, int]:
    credited = {
        key.member_id for entries in booked.values() for key in entries if key.member_id is not None
    }
    return holders(credited | {line.member_id for line in lines})


def _credited(
    line: OpeningLine, entries: Mapping[AccountKey, int], person: Mapping[int, int]
) -> int:
    """Who was credited, if that is the line's member, or was merged with them; else the line's."""
    for key in entries:
        if key.member_id is not None and person[key.member_id] == person[line.member_id]:
            return key.member_id
    return line.member_id


def _compared(draft: GroupDraft, entries: Mapping[AccountKey, int]) -> Iterator[Difference]:
    expected = draft.net_by_account()
    for key in sorted({*expected, *entries}, key=str):
        if expected.get(key, 0) != entries.get(key, 0):
            yield Difference(
                draft.cause,
                f"{key.kind} {key.currency}: booked {entries.get(key, 0)}, "
                f"should be {expected.get(key, 0)} (debits less credits)",
            )
