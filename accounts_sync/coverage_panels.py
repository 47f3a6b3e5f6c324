"""The tables and the bar of an account's coverage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts_sync.coverage import covered_by, faults_of, gaps_of
from accounts_sync.models import SideReading, SyncRun, Watermark
from accounts_sync.run_pages import coverage_label
from accounts_sync.spans import Span, gaps
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, label, utc_text
from transactions.models import ButtonAccount

DAYS_SHOWN = 60
RUNS_SHOWN = 10


def coverage_bar(watermark: Watermark, *, at: datetime) -> SafeString:
    """A cell for each of the last days, and in words what they show."""
    cells = list(_days(watermark, at=at))
    counts = {word: sum(cell[0] == word for cell in cells) for word in ("read", "gap", "unread")}
    words = f"{counts['read']} days read, {counts['gap']} with a gap, {counts['unread']} to come"
    first_day, last_day = cells[0][1].partition(":")[0], cells[-1][1].partition(":")[0]
    return format_html(
        '<div class="coverage-bar" role="img" aria-label="{}">{}</div><p class="quiet">{}</p>',
        words,
        format_html_join("", '<span class="{}" title="{}"></span>', cells),
        f"{first_day} to {last_day}: {words}.",
    )


def _days(watermark: Watermark, *, at: datetime) -> Iterator[tuple[str, str]]:
    """(read, gap or unread; the day in words) for each day, the last one is today."""
    spans = covered_by(watermark)
    midnight = at.replace(hour=0, minute=0, second=0, microsecond=0)
    for days_ago in range(DAYS_SHOWN - 1, -1, -1):
        day = Span(
            start=midnight - timedelta(days=days_ago), end=midnight - timedelta(days=days_ago - 1)
        )
        word = _state_of(day, spans, watermark.through)
        yield word, f"{day.start:%Y-%m-%d}: {_WORDS[word]}"


_WORDS = {"read": "read", "gap": "something was left out", "unread": "not read yet"}


def _state_of(day: Span, spans: list[Span], through: datetime | None) -> str:
    """What is after the watermark is still to come, and is no gap."""
    assert day.start is not None
    if through is None or through <= day.start:
        return "unread"
    until = min(day.end, through)
    missing = [gap for gap in gaps(spans, until=until) if gap.end > day.start]
    return "gap" if missing else "read"


def gaps_panel(row: Watermark) -> Panel:
    faults = faults_of(row)
    return Panel(
        title="Gaps",
        headings=["", "From", "To", "What to do"],
        rows=[
            [
                label("gap", tone="bad"),
                _start(gap),
                utc_text(gap.end),
                "«Read the gaps», above: the worker reads it. It does so by itself, too."
                if gap in faults
                else "Nothing: the next run reads on from the watermark, and so this too.",
            ]
            for gap in gaps_of(row)
        ],
        empty=(
            "No gap: the good runs together read everything from the beginning to the watermark."
            if row.through
            else "Nothing has been read to its end yet. The worker does it, or «Read on now»."
        ),
    )


def windows_panel(row: Watermark) -> Panel:
    return Panel(
        title="What was read, by when a transaction was last modified",
        note="The union of the windows of all good runs; one line where nothing is left out.",
        headings=["From", "To"],
        rows=[[_start(span), utc_text(span.end)] for span in covered_by(row)],
        empty="No window has been read to its end yet.",
    )


def runs_panels(row: Watermark) -> Iterator[Panel]:
    runs = SyncRun.objects.filter(account=row.account_id).order_by("-id")
    url = list_url(SyncRun, f"account={row.account_id}")
    found = runs.filter(late_count__gt=0) | runs.filter(marked_count__gt=0)
    yield _runs("Latest runs", runs, url, empty="No run yet.")
    yield _runs(
        "Runs that found more than was told",
        found,
        f"{url}&found=late",
        empty="No run found a change that had to be known before, or after a step never told.",
    )


def _runs(title: str, runs: Any, url: str, *, empty: str) -> Panel:
    return Panel(
        title=title,
        headings=["Began", "Kind", "Status", "From", "To", "#Rows", "#Applied", "#Late", "#Marked"],
        rows=[
            [
                link(utc_text(run.started_at), page_url(run)),
                run.kind,
                label(run.status),
                utc_text(run.window_start) if run.window_start else "the beginning",
                utc_text(run.window_end),
                f"{run.row_count:,}",
                f"{run.applied_count:,}",
                f"{run.late_count:,}",
                f"{run.marked_count:,}",
            ]
            for run in runs[:RUNS_SHOWN]
        ],
        empty=empty,
        more_url=url,
    )


def reread_panel(row: Watermark) -> Panel:
    readings = SideReading.objects.filter(account=row.account_id).order_by("-job")
    return Panel(
        title="Readings beside the watermark",
        headings=["Job", "Last whole one began", "Window under way"],
        rows=[
            [
                reading.job,
                utc_text(reading.done_at),
                f"{utc_text(reading.window_start)} to {utc_text(reading.window_end)}"
                if reading.window_end
                else EMPTY,
            ]
            for reading in readings
        ],
        empty="The first re-read comes a week after the account was first read to its end.",
    )


def texts(spans: list[Span]) -> str:
    return "; ".join(f"{_start(span)} to {utc_text(span.end)}" for span in spans)


def _start(span: Span) -> str:
    return utc_text(span.start) if span.start else "the beginning"


def _of_account(request: HttpRequest, account: ButtonAccount) -> list[Panel]:
    """On the account's own page."""
    if not panels.may_view(request, Watermark):
        return []
    watermark = Watermark.objects.filter(pk=account.pk).first()
    row = (
        [link(coverage_label(watermark), page_url(watermark)), utc_text(watermark.through)]
        if watermark
        else []
    )
    return [
        Panel(
            title="What was read",
            headings=["Coverage", "Everything modified before"],
            rows=[row] if row else [],
            empty="Not read yet: the worker does it, or manage.py sync_transactions.",
        )
    ]


panels.register(ButtonAccount, _of_account)
