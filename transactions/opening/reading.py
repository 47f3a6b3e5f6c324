"""Pure: the file of opening balances → its lines, or everything that is wrong with it.

CSV in UTF-8 (a byte order mark is passed over), commas, one heading: `customer_id`, `currency`,
`available` and, where wanted, `pending`, in any order. Amounts are whole minor units.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rewards_site.kernel.currencies import EXPONENTS, POINTS
from rewards_site.members.customer_ids import is_customer_id

NEEDED = ("customer_id", "currency", "available")
OPTIONAL = ("pending",)
AMOUNT_MINOR_MAX = 10**15
"""As for orders (transactions/known.py): totals have 64 bits and only grow."""
_AMOUNT = re.compile(r"-?[0-9]{1,30}")


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one field of one line; the heading is line 1."""

    line: int
    field: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one customer brings in one currency, in its minor units."""

    number: int
    customer_id: str
    currency: str
    pending_minor: int
    available_minor: int


@dataclass(slots=True)
class Sheet:
    """A file as it was read. With any problem nothing of it may be used."""

    digest: str
    lines: list[Line] = field(default_factory=list)
    empty_count: int = 0
    """Lines of nothing: 0 pending and 0 available."""
    problems: list[Problem] = field(default_factory=list)


def read_sheet(content: bytes, *, may_be_pending: bool) -> Sheet:
    """Every line of the file, and every problem of it."""
    sheet = Sheet(digest=hashlib.sha256(content).hexdigest())
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        what = f"byte {error.start} is not UTF-8; save the file as CSV UTF-8"
        sheet.problems.append(Problem(line, "file", what))
        return sheet
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        sheet.problems.append(Problem(line, "file", "holds a NUL; save the file as CSV UTF-8"))
        return sheet
    rows = _rows(text, sheet)
    heading = next(rows, None)
    if heading is None:
        sheet.problems.append(Problem(1, "heading", f"missing: {','.join(NEEDED)}[,pending]"))
        return sheet
    names = [name.strip() for name in heading[1]]
    sheet.problems += _wrong_heading(names)
    if sheet.problems:
        return sheet
    for number, cells in rows:
        _read(number, cells, names, sheet, may_be_pending=may_be_pending)
    sheet.problems += _doubles(sheet.lines)
    if not sheet.lines and not sheet.problems:
        sheet.problems.append(Problem(1, "file", "holds no balance"))
    sheet.problems.sort(key=lambda problem: problem.line)
    return sheet


def _rows(text: str, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line they begin on; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    before = 0
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            sheet.problems.append(Problem(before + 1, "line", f"is not CSV: {error}"))
            return
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield before + 1, cells
        before = reader.line_num


def _wrong_heading(names: Sequence[str]) -> Iterator[Problem]:
    for name in NEEDED:
        if name not in names:
            yield Problem(1, name, "this column is missing from the heading")
    for name in dict.fromkeys(names):
        if name not in (*NEEDED, *OPTIONAL):
            known = ", ".join((*NEEDED, *OPTIONAL))
            yield Problem(1, name or "heading", f"is not one of the columns {known}")
        elif names.count(name) > 1:
            yield Problem(1, name, "stands in the heading more than once")


def _read(
    number: int, cells: list[str], names: Sequence[str], sheet: Sheet, *, may_be_pending: bool
) -> None:
    if len(cells) != len(names):
        what = f"has {len(cells)} fields; the heading has {len(names)}"
        sheet.problems.append(Problem(number, "line", what))
        return
    row = dict(zip(names, cells, strict=True))
    problems = [
        *_wrong_words(number, row),
        *(_wrong_amount(number, name, row[name]) for name in names if name in _AMOUNTS),
    ]
    found = [problem for problem in problems if problem is not None]
    if not found and not may_be_pending and int(row.get("pending") or 0):
        what = "no order will ever release it; to bring it along all the same: --with-pending"
        found.append(Problem(number, "pending", what))
    if found:
        sheet.problems += found
        return
    line = Line(
        number=number,
        customer_id=row["customer_id"],
        currency=row["currency"],
        pending_minor=int(row.get("pending") or 0),
        available_minor=int(row["available"] or 0),
    )
    if line.pending_minor or line.available_minor:
        sheet.lines.append(line)
    else:
        sheet.empty_count += 1


_AMOUNTS = ("available", "pending")


def _wrong_words(number: int, row: dict[str, str]) -> Iterator[Problem]:
    if not is_customer_id(row["customer_id"]):
        what = "is not a customer id (1-255 characters of ASCII 0x21-0x7E, no blanks)"
        yield Problem(number, "customer_id", what)
    if row["currency"] not in EXPONENTS and row["currency"] != POINTS:
        what = f"{row['currency'][:20]!r} is not an ISO 4217 code in capitals, nor {POINTS}"
        yield Problem(number, "currency", what)


def _wrong_amount(number: int, name: str, text: str) -> Problem | None:
    """An empty `pending` is 0; an empty `available` is a mistake."""
    if not text and name == "pending":
        return None
    if not _AMOUNT.fullmatch(text):
        what = f"{text[:30]!r} is not a whole number of minor units, such as 1050 for 10.50 USD"
        return Problem(number, name, what)
    if int(text) < 0:
        return Problem(number, name, "is negative")
    if int(text) > AMOUNT_MINOR_MAX:
        return Problem(number, name, f"is past {AMOUNT_MINOR_MAX} minor units")
    return None


def _doubles(lines: Sequence[Line]) -> Iterator[Problem]:
    first: dict[tuple[str, str], int] = {}
    for line in lines:
        key = (line.customer_id, line.currency)
        if key in first:
            what = f"has {line.currency} on line {first[key]} already"
            yield Problem(line.number, "customer_id", what)
        first.setdefault(key, line.number)
