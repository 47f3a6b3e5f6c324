"""Importing a file of opening balances: kept as evidence in one commit, booked in many.

Run again after it was killed, it goes on with the lines that are not booked yet; run again after
that, it changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.contrib.auth.models import User
from django.db import connection

from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, is_postgres, overwrite, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from rewards_site.members import forgotten
from rewards_site.members.queries import held_members, holder_id, member_ids
from rewards_site.members.services import ensure_members
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.posting import GroupDraft, Posting, post
from transactions.opening.models import OpeningImport, OpeningLine, OpeningTotal
from transactions.opening.newness import must_be_new
from transactions.opening.reading import Line, Problem, Sheet

log = logging.getLogger(__name__)

NAME_LENGTH_MAX = 100
_CHUNK = 1000
"""Lines booked in one commit, in the same number of statements as one."""
_KEEPING_LOCK = 0x0B57_0400
"""Key of the advisory lock under which a file is kept; any number that is ours alone."""
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Who imports: a user of the operating system, perhaps for a member of staff."""

    imported_by: str
    actor: User | None = None


@dataclass(slots=True)
class Imported:
    """What came of it. `is_new`: this call kept the file; `booked_count`: the lines it booked."""

    row: OpeningImport
    is_new: bool
    booked_count: int = 0
    totals: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    """Currency → (lines, pending, available), in its minor units."""


def problems_with_members(sheet: Sheet) -> list[Problem]:
    """Two lines of one currency for one member, whom the file knows by two customer ids; and lines
    of who was erased.
    """
    first: dict[tuple[int, str], Line] = {}
    listed = forgotten.current()
    problems = [
        Problem(line.number, "customer_id", "was erased: nobody is brought along by it")
        for line in sheet.lines
        if listed.text_for(line.customer_id) is not None
    ]
    known: dict[str, int] = {}
    for chunk in _chunks(sheet.lines):
        known |= member_ids({line.customer_id for line in chunk})
    for line in sheet.lines:
        member_id = known.get(line.customer_id)
        if member_id is None:
            continue
        other = first.setdefault((member_id, line.currency), line)
        if other is not line and other.customer_id != line.customer_id:
            what = f"is the same member as on line {other.number}, who has {line.currency} there"
            problems.append(Problem(line.number, "customer_id", what))
    return problems


def totals_of(sheet: Sheet) -> dict[str, tuple[int, int, int]]:
    """Currency → (lines, pending, available)."""
    totals: dict[str, tuple[int, int, int]] = {}
    for line in sheet.lines:
        count, pending, available = totals.get(line.currency, (0, 0, 0))
        totals[line.currency] = (
            count + 1,
            pending + line.pending_minor,
            available + line.available_minor,
        )
    return dict(sorted(totals.items()))


def checked_name(name: str) -> str:
    """`name` without blanks around it. Raises: InvalidInput."""
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        raise InvalidInput(f"A name of 1 to {NAME_LENGTH_MAX} printable characters is needed.")
    return name


def import_sheet(
    sheet: Sheet,
    *,
    name: str,
    file_name: str,
    by: Importer,
    at: datetime,
    may_add: bool = False,
    progress: Progress | None = None,
) -> Imported:
    """Keep a faultless sheet under `name`, and book it. `progress` gets (lines booked, of all).

    `may_add`: to what another import brought the same member in the same currency. Idempotent by
    name and digest. Raises: InvalidInput (name), Conflict (the name is of another file, the file
    has another name, or it would add), Refused (the books do not take a line; what came before it
    stays booked).
    """
    assert not sheet.problems
    name = checked_name(name)
    row = OpeningImport.objects.filter(name=name).first()
    is_new = row is None
    if row is None:
        must_be_new(sheet, may_add=may_add)
        _ensure_members(sheet, at=at)
        row = _keep(
            sheet,
            OpeningImport(
                name=name,
                file_name=file_name[-255:],
                digest=sheet.digest,
                imported_by=by.imported_by[:150],
                actor=by.actor,
                started_at=at,
                line_count=len(sheet.lines),
            ),
            may_add=may_add,
        )
    if row.digest != sheet.digest:
        raise Conflict(
            f"«{name}» is the name of another file, imported at {row.started_at:%Y-%m-%d %H:%M} "
            f"UTC (SHA-256 {row.digest[:16]}…)."
        )
    done = Imported(row=row, is_new=is_new, totals=totals_of(sheet))
    before = row.line_count - row.lines.filter(entry_group__isnull=True).count()
    while row.finished_at is None:
        booked, row.finished_at = retry_deadlocks(lambda: _book_chunk(row.pk, at=at))
        done.booked_count += booked
        if progress:
            progress(before + done.booked_count, row.line_count)
    log.info(
        "opening.imported",
        extra={"opening": row.pk, "lines": row.line_count, "booked": done.booked_count},
    )
    return done


def _ensure_members(sheet: Sheet, *, at: datetime) -> None:
    """Members of the customer ids, in commits of their own: so that keeping the lines is short."""
    ids = sorted({line.customer_id for line in sheet.lines})
    for start in range(0, len(ids), _CHUNK):
        with atomic():
            ensure_members(set(ids[start : start + _CHUNK]), at=at)


def _keep(sheet: Sheet, row: OpeningImport, *, may_add: bool) -> OpeningImport:
    """The file with its lines and totals: one commit, one file at a time."""
    with atomic():
        _alone()
        known = OpeningImport.objects.filter(name=row.name).first()
        if known is not None:
            return known  # another run of the same command was a moment earlier
        must_be_new(sheet, may_add=may_add)
        row.save(force_insert=True)
        OpeningTotal.objects.bulk_create(
            OpeningTotal(
                opening=row,
                currency=currency,
                line_count=count,
                pending_minor=pending,
                available_minor=available,
            )
            for currency, (count, pending, available) in totals_of(sheet).items()
        )
        for chunk in _chunks(sheet.lines):
            _keep_lines(row.pk, chunk)
        return row


def _alone() -> None:
    """Two files at once would not see that they bring the same members something."""
    if is_postgres():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_KEEPING_LOCK])


def _keep_lines(opening_id: int, lines: Sequence[Line]) -> None:
    members = member_ids({line.customer_id for line in lines})
    rows.run(
        rows.insert(
            [
                OpeningLine(
                    opening_id=opening_id,
                    number=line.number,
                    customer_id=line.customer_id,
                    member_id=members[line.customer_id],
                    currency=line.currency,
                    pending_minor=line.pending_minor,
                    available_minor=line.available_minor,
                )
                for line in lines
            ]
        )
    )


def _chunks(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for start in range(0, len(lines), _CHUNK):
        yield lines[start : start + _CHUNK]


def _book_chunk(opening_id: int, *, at: datetime) -> tuple[int, datetime | None]:
    """Book the next lines; how many they were, and when all were booked, if they are now.

    Locks the import, then holds members, then locks ledger accounts.
    """
    with atomic():
        row = OpeningImport.objects.select_for_update(no_key=True, of=("self",)).get(pk=opening_id)
        lines = list(row.lines.filter(entry_group__isnull=True).order_by("number")[:_CHUNK])
        if lines:
            held = held_members({line.member_id for line in lines})
            drafts = [
                opening_draft(line, member_id=holder_id(held[line.member_id])) for line in lines
            ]
            posted = post(drafts)
            for refusal in posted.refusals.values():
                raise Refused(f"{refusal.cause}: {refusal.reason}")
            for line, draft in zip(lines, drafts, strict=True):
                line.entry_group_id = posted.group_ids[draft.cause]
            overwrite(lines, ["entry_group_id"])
        if len(lines) < _CHUNK and row.finished_at is None:
            row.finished_at = at
            row.save(update_fields=["finished_at"])
        return len(lines), row.finished_at


def opening_draft(line: OpeningLine, *, member_id: int) -> GroupDraft:
    """What a line is booked by: the member's claim, against the house's opening balances.

    Nothing of it is earned here, so it adds nothing to `lifetime_earned`.
    """
    house = AccountKey(AccountKind.OPENING_BALANCES, line.currency)
    amounts = {
        AccountKind.PENDING: line.pending_minor,
        AccountKind.AVAILABLE: line.available_minor,
    }
    return GroupDraft(
        cause=f"opening/{line.opening_id}/line/{line.number}",
        kind=GroupKind.OPENING,
        postings=tuple(
            Posting(
                debit=house,
                credit=AccountKey(kind, line.currency, member_id=member_id),
                amount_minor=amount,
            )
            for kind, amount in amounts.items()
            if amount
        ),
    )
