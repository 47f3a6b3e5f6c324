"""Rounds of things that run in turns, and the table of their ratios."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass
class Table:
    """A title, headings and lines; printed with its columns in line."""

    title: str
    headings: Sequence[str]
    lines: list[Sequence[str]] = field(default_factory=list)
    note: str = ""

    def __str__(self) -> str:
        rows = [list(self.headings), *[list(line) for line in self.lines]]
        widths = [max(len(row[column]) for row in rows) for column in range(len(self.headings))]
        text = [self.title]
        for row in rows:
            cells = [row[0].ljust(widths[0])]
            cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            text.append("  " + "  ".join(cells))
        return "\n".join([*text, *([self.note] if self.note else [])])


def in_turns(work: Mapping[str, Callable[[], float]], *, rounds: int) -> dict[str, list[float]]:
    """Each kind of work once per round, in turns; what each said, round by round."""
    said: dict[str, list[float]] = {name: [] for name in work}
    for number in range(1, rounds + 1):
        order = list(work) if number % 2 else list(work)[::-1]
        for name in order:
            said[name].append(work[name]())
            print(
                f"round {number}/{rounds}  {name}: {said[name][-1]:,.1f}",
                file=sys.stderr,
                flush=True,
            )
    return said


def ratio(one: Sequence[float], other: Sequence[float]) -> str:
    """The median of the rounds' own ratios, with the lowest and the highest of them."""
    each = [a / b for a, b in zip(one, other, strict=True)]
    return f"{statistics.median(each):.2f} ({min(each):.2f}-{max(each):.2f})"


def middle(values: Sequence[float]) -> str:
    return f"{statistics.median(values):,.0f}"
