"""What of all time has been read of an account: the union of its good windows, and its gaps.

The fact stands with the watermark and grows in the commit that ends a window, so that reading it
costs the same after ten years. Once a day it is put together anew from every run, and compared.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime

from django.db.models import F, QuerySet

from accounts_sync.models import RunKind, RunStatus, SyncRun, Watermark
from accounts_sync.spans import Span, gaps, merged, union, within
from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic, snapshot

log = logging.getLogger(__name__)

COVERING = (RunKind.TRANSACTIONS, RunKind.WINDOW, RunKind.GAP)
"""The runs whose windows are of `modified_date`; the re-read's are of another time."""


def covered_by(watermark: Watermark) -> list[Span]:
    return [
        Span(
            start=datetime.fromisoformat(start) if start else None, end=datetime.fromisoformat(end)
        )
        for start, end in watermark.covered
    ]


def cover(watermark: Watermark, window: Span) -> None:
    """Note, on a locked row and without saving it, that `window` was read to its end."""
    watermark.covered = _stored(union([*covered_by(watermark), window]))


def gaps_of(watermark: Watermark) -> list[Span]:
    """What was left out before the watermark, or before a later window that was read by hand.

    Only a gap before the watermark is a fault: the next run reads on from there, and so closes
    any other one.
    """
    spans = covered_by(watermark)
    if not spans and watermark.through is None:
        return []
    until = max([span.end for span in spans] + ([watermark.through] if watermark.through else []))
    return gaps(spans, until=until)


def faults_of(watermark: Watermark) -> list[Span]:
    """The gaps that no run will close by itself: before the watermark."""
    return gaps(covered_by(watermark), until=watermark.through) if watermark.through else []


def accounts_with_faults() -> list[str]:
    """The accounts whose good windows leave something out before the watermark."""
    read = Watermark.objects.filter(through__isnull=False).order_by("pk")
    return [watermark.account_id for watermark in read if faults_of(watermark)]


def covered_by_runs(account_id: str) -> list[Span]:
    """The same from the runs themselves, one after another in the order of their starts."""
    windows = _good_windows(account_id).values_list("window_start", "window_end")
    return list(merged(_spans(windows.iterator())))


def _good_windows(account_id: str) -> QuerySet[SyncRun]:
    return SyncRun.objects.filter(
        kind__in=COVERING, status=RunStatus.DONE, account=account_id, window_end__isnull=False
    ).order_by(F("window_start").asc(nulls_first=True), "window_end")


def _spans(windows: Iterable[tuple[datetime | None, datetime | None]]) -> Iterator[Span]:
    for start, end in windows:
        assert end is not None
        yield Span(start=start, end=end)


def check_coverage(account_id: str, *, at: datetime) -> str:
    """Compare what stands with the watermark and what the runs say; what differs, or "".

    Raises: DatabaseUnavailable.
    """
    with snapshot():
        kept = covered_by(Watermark.objects.get(pk=account_id))
        told = covered_by_runs(account_id)
    # Runs that were pruned meanwhile cannot be asked: compared is what the kept ones speak of.
    since = told[0].start if told else None
    problem = (
        "" if within(kept, since=since) == told else _difference(within(kept, since=since), told)
    )
    Watermark.objects.filter(pk=account_id).update(checked_at=at, check_problem=problem)
    if problem:
        log.error("coverage.differs", extra={"account": account_id, "problem": problem})
    return problem


def rebuild_coverage(account_id: str, *, at: datetime) -> None:
    """Take over what the runs say; from before the oldest kept run, what stands there stays.

    Raises: DatabaseUnavailable.
    """
    with atomic():
        locked = Watermark.objects.select_for_update(of=("self",), no_key=True)
        watermark = locked.get(pk=account_id)
        told = covered_by_runs(account_id)
        since = told[0].start if told else None
        older = [
            Span(start=span.start, end=min(span.end, since))
            for span in covered_by(watermark)
            if since is not None
        ]
        watermark.covered = _stored(union([*older, *told]))
        watermark.checked_at, watermark.check_problem = at, ""
        watermark.save(update_fields=["covered", "checked_at", "check_problem"])
    log.warning("coverage.rebuilt", extra={"account": account_id})


def _difference(kept: list[Span], told: list[Span]) -> str:
    words = "The watermark's page says {}; the good runs come to {}."
    return words.format(span_texts(kept), span_texts(told))[:1000]


def span_texts(spans: list[Span]) -> str:
    return (
        "; ".join(f"{start_text(span)} to {clock.wire_text(span.end)}" for span in spans) or "none"
    )


def start_text(span: Span) -> str:
    return clock.wire_text(span.start) if span.start else "the beginning"


def _stored(spans: Iterable[Span]) -> list[list[str | None]]:
    return [
        [clock.wire_text(span.start) if span.start else None, clock.wire_text(span.end)]
        for span in spans
    ]
