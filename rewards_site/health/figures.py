"""Figures that cost a table scan: taken by the worker every quarter of an hour, kept, read often.

/metrics and the pages never scan; they tell how old a figure is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rewards_site.health import turns
from rewards_site.health.models import Figures

EVERY = timedelta(minutes=15)

Sample = tuple[tuple[str, ...], float]
"""The values of the labels, and the number."""
Take = Callable[[], Sequence[Sample]]

_taken: dict[str, Take] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A figure as it was last taken."""

    taken_at: datetime
    samples: list[Sample]


def register(name: str, take: Take) -> None:
    """Have the worker take the figure `name` every quarter of an hour."""
    _taken[name] = take


def refresh(*, at: datetime) -> int:
    """Take those whose time has come; how many. Raises: DatabaseError."""
    due = [name for name in sorted(_taken) if turns.take(f"figure {name}", every=EVERY, at=at)]
    for name in due:
        samples = [[*labels, value] for labels, value in _taken[name]()]
        Figures.objects.update_or_create(name=name, defaults={"taken_at": at, "samples": samples})
    return len(due)


def kept(name: str) -> Kept | None:
    """None until it was taken for the first time."""
    row = Figures.objects.filter(name=name).first()
    if row is None:
        return None
    return Kept(
        taken_at=row.taken_at,
        samples=[(tuple(str(label) for label in labels), value) for *labels, value in row.samples],
    )
