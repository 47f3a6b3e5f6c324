"""Thirty days of lost webhooks as SVG: attributes only, no inline style or script."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts_sync.missed.queries import Day

_WIDTH, _HEIGHT, _BASE = 640, 150, 120


def days_chart(days: Sequence[Day]) -> SafeString:
    """A bar a day: how much was told, and, standing out at its foot, how much of it was lost."""
    most = max((day.total_count for day in days), default=0) or 1
    step = _WIDTH / len(days)
    bars = []
    for number, day in enumerate(days):
        for count, opacity in ((day.total_count, "0.2"), (day.lost_count, "0.9")):
            height = _BASE * count / most
            bars.append(
                (
                    f"{number * step + 1:.1f}",
                    f"{_BASE - height:.1f}",
                    f"{max(1.0, step - 2):.1f}",
                    f"{height:.1f}",
                    opacity,
                    f"{day.day}: {day.lost_count} lost of {day.total_count} told",
                )
            )
    total, lost = sum(day.total_count for day in days), sum(day.lost_count for day in days)
    words = f"{days[0].day} to {days[-1].day}: {lost:,} lost of {total:,} changes told"
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}{}</svg>'
        '<p class="quiet">{}</p>',
        *(_WIDTH, _HEIGHT, _WIDTH, _HEIGHT, words),
        format_html_join(
            "",
            '<rect x="{}" y="{}" width="{}" height="{}" fill="currentColor" fill-opacity="{}">'
            "<title>{}</title></rect>",
            bars,
        ),
        format_html_join(
            "",
            '<text x="{}" y="{}" font-size="12" fill="currentColor" text-anchor="{}">{}</text>',
            [
                (0, _HEIGHT - 10, "start", str(days[0].day)),
                (_WIDTH, _HEIGHT - 10, "end", str(days[-1].day)),
            ],
        ),
        f"{words}. The dark foot of a bar is what was lost; point at one for its figures.",
    )


def seconds_text(seconds: int | None) -> str:
    """«4 min 10 s»; a dash where nothing was timed."""
    if seconds is None:
        return "—"
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours:,} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
