"""Pure: stretches of time, put together, and what is missing between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

_BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """From `start` (inclusive; null: since the beginning of time) to `end` (exclusive)."""

    start: datetime | None
    end: datetime

    @property
    def is_empty(self) -> bool:
        return self.start is not None and self.start >= self.end


def sort_key(span: Span) -> datetime:
    return span.start or _BEGINNING


def union(spans: Iterable[Span]) -> list[Span]:
    """The same stretch of time in as few spans as there can be, ascending."""
    return list(merged(sorted(spans, key=sort_key)))


def merged(spans: Iterable[Span]) -> Iterator[Span]:
    """As union(), of spans that come sorted by their start: one is held at a time."""
    held: Span | None = None
    for span in spans:
        if span.is_empty:
            continue
        if held is None:
            held = span
        elif span.start is None or span.start <= held.end:
            held = Span(start=held.start, end=max(held.end, span.end))
        else:
            yield held
            held = span
    if held is not None:
        yield held


def gaps(covered: Iterable[Span], *, until: datetime) -> list[Span]:
    """What of all time before `until` no span holds, ascending."""
    missing = []
    reached: datetime | None = None  # null: nothing yet, not even the beginning
    for span in union(covered):
        start = span.start
        if start is not None and start < until:
            missing.append(Span(start=reached, end=start))
        elif start is not None:
            break
        reached = span.end
        if reached >= until:
            return missing
    return [*missing, Span(start=reached, end=until)]


def within(spans: Iterable[Span], *, since: datetime | None) -> list[Span]:
    """What of `spans` lies at or after `since`; null: all of it."""
    if since is None:
        return union(spans)
    cut = (Span(start=max(sort_key(span), since), end=span.end) for span in spans)
    return union(cut)
