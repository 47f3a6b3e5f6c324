"""What an order's time line is made of, and how rooms above add what they know of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from transactions.admin.bookings import Booking
from transactions.admin.differences import Difference
from transactions.models import Transaction, TransactionChild, TransactionRevision

ADDED_MAX = 50
"""A room adds at most so many moments to one page of a time line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing that happened to an order."""

    at: datetime
    title: Any
    tone: str = "quiet"
    """good, wait, warn, bad or quiet; the words say the same."""
    number: int = 0
    """Of the revision; of several in one instant the greater is the later."""
    marks: Sequence[Any] = ()
    """Labels beside the title."""
    gist: str = ""
    """What it came to, in a few words: «reward 3.63 USD (+1.20 USD)»."""
    facts: Sequence[Any] = ()
    """Short phrases: who, by which way, links to the evidence."""
    reason: str = ""
    """Why somebody did it, in their words."""
    warnings: Sequence[str] = ()
    differences: Sequence[Difference] = ()
    is_first: bool = False
    """Whether `differences` are first words, with nothing before them."""
    silent_about: str = ""
    reckoning: str = ""
    booking: Booking | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A stretch of an order's life: what is shown on one page."""

    order: Transaction
    children: Sequence[TransactionChild]
    revisions: Sequence[TransactionRevision]
    """Newest first."""
    since: datetime | None
    """Moments at or after it belong to this page; None: from the beginning."""
    until: datetime | None
    """Moments before it do; None: up to now."""

    @property
    def tx_ids(self) -> list[str]:
        return [child.tx_id for child in self.children]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What a room knows of a chapter."""

    moments: Sequence[Moment] = ()
    evidence: Mapping[int, Sequence[Any]] = field(default_factory=dict)
    """Revision number → links to what it was read from."""
    note: str = ""
    """One sentence where not all of it is shown."""


Contribute = Callable[[HttpRequest, Chapter], Addition]
_contributors: list[Contribute] = []


def register(contribute: Contribute) -> None:
    """Add to every order's time line, from a room above. Call it in an admin.py."""
    if contribute not in _contributors:
        _contributors.append(contribute)


def additions(request: HttpRequest, chapter: Chapter) -> list[Addition]:
    return [contribute(request, chapter) for contribute in _contributors]


def within(chapter: Chapter, moments: Iterable[Moment]) -> list[Moment]:
    """Those of the chapter's stretch of time."""
    return [
        moment
        for moment in moments
        if (chapter.since is None or moment.at >= chapter.since)
        and (chapter.until is None or moment.at < chapter.until)
    ]
