"""Reading the file by which people say what became of a batch; mistakes name line and field."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rewards_site.kernel.errors import InvalidInput

BYTES_MAX = 8 * 1024 * 1024
LINES_MAX = 20_000
REFERENCE_LENGTH_MAX = 64
REASON_LENGTH_MAX = 200
_NEEDED = ("item_id", "outcome")
_KNOWN = {"item_id", "outcome", "reference", "reason"}
_IGNORED = {"amount", "currency", "destination"}
"""The exported file with columns added is a result, too."""
OUTCOMES = ("paid", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the file, as it stands there; the heading is line 1."""

    number: int
    item_id: str
    outcome: str
    reference: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    line: int
    field: str
    what: str

    def __str__(self) -> str:
        return f"line {self.line}, {self.field}: {self.what}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultFile:
    digest: str
    """SHA-256 of what its lines say: the same result is taken once, however it was saved."""
    lines: tuple[Line, ...]
    mistakes: tuple[Mistake, ...]


def read(content: bytes) -> ResultFile:
    """Raises: InvalidInput (not a CSV file at all, or one without its columns)."""
    (_number, heading), *body = _checked_rows(content)
    names = _checked_names(heading)
    lines: list[Line] = []
    mistakes: list[Mistake] = []
    for number, cells in body:
        line = _line(number, dict(zip(names, cells, strict=False)))
        wrong = list(_mistakes(line))
        if len(cells) != len(names):
            what = f"has {len(cells)} cells, and the first line {len(names)}"
            wrong.append(Mistake(line=number, field="line", what=what))
        mistakes += wrong
        if not wrong:
            lines.append(line)
    if not body:
        mistakes.append(Mistake(line=1, field="line", what="no line follows the heading"))
    return ResultFile(
        digest=hashlib.sha256(told(lines)).hexdigest(),
        lines=tuple(lines),
        mistakes=tuple(mistakes),
    )


def _checked_rows(content: bytes) -> list[tuple[int, list[str]]]:
    """Raises: InvalidInput."""
    if len(content) > BYTES_MAX:
        raise _no_file(f"The file is larger than {BYTES_MAX // 1024 // 1024} MiB.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _no_file("The file is not UTF-8 text: save it as «CSV UTF-8».") from error
    try:
        rows = list(_rows(text))
    except csv.Error as error:
        raise _no_file(f"The file is no CSV: {error}.") from error
    if not rows:
        raise _no_file("The file is empty.")
    if len(rows) > LINES_MAX:
        raise _no_file(f"The file has more than {LINES_MAX} lines.")
    return rows


def _checked_names(heading: list[str]) -> list[str]:
    """Raises: InvalidInput."""
    names = [name.strip().lower() for name in heading]
    for needed in _NEEDED:
        if needed not in names:
            raise _no_file(f"The first line names no column «{needed}»: it needs item_id, outcome.")
    unknown = [name for name in names if name and name not in _KNOWN | _IGNORED]
    if unknown or len(set(names)) != len(names):
        raise _no_file(f"Columns are item_id, outcome, reference, reason; not {', '.join(names)}.")
    return names


def told(lines: Iterable[Line]) -> bytes:
    """The same result as a file of these columns alone: without destinations."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("item_id", "outcome", "reference", "reason"))
    for line in lines:
        writer.writerow((line.item_id, line.outcome, line.reference, line.reason))
    return text.getvalue().encode()


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """(number of the line it ends on, cells); empty lines are left out."""
    if "\x00" in text:
        raise csv.Error("it has NUL characters")
    separator = ";" if text.partition("\n")[0].count(";") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _line(number: int, told: dict[str, str]) -> Line:
    def cell(name: str) -> str:
        return told.get(name, "").strip().removeprefix("'").strip()

    return Line(
        number=number,
        item_id=cell("item_id").lower(),
        outcome=cell("outcome").lower(),
        reference=cell("reference"),
        reason=cell("reason"),
    )


def _mistakes(line: Line) -> Iterator[Mistake]:
    if not line.item_id:
        yield Mistake(line=line.number, field="item_id", what="is empty")
    if line.outcome not in OUTCOMES:
        yield Mistake(line=line.number, field="outcome", what=f"is not {' or '.join(OUTCOMES)}")
    if len(line.reference) > REFERENCE_LENGTH_MAX:
        what = f"has more than {REFERENCE_LENGTH_MAX} characters"
        yield Mistake(line=line.number, field="reference", what=what)
    if len(line.reason) > REASON_LENGTH_MAX:
        what = f"has more than {REASON_LENGTH_MAX} characters"
        yield Mistake(line=line.number, field="reason", what=what)
    if line.outcome == "failed" and not line.reason:
        yield Mistake(line=line.number, field="reason", what="says why it failed, and is empty")


def _no_file(message: str) -> InvalidInput:
    return InvalidInput(message, fields={"file": message})
