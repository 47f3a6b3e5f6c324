"""Charts of the admin as SVG: attributes only, so that no inline style or script is needed."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

BARS_MAX = 30
_WIDTH, _HEIGHT, _BASE = 640, 150, 120


def waits_chart(waits: Sequence[Sequence[int]], *, low_days: int, high_days: int) -> SafeString:
    """Bars of how many orders waited how long; those within the range stand out.

    `waits`: [days, orders], by days, at least one.
    """
    first, last = waits[0][0], waits[-1][0]
    width_days = max(1, -(-(last - first + 1) // BARS_MAX))
    counts = [0] * ((last - first) // width_days + 1)
    for days, count in waits:
        counts[(days - first) // width_days] += count
    step = _WIDTH / len(counts)
    bars = []
    for number, count in enumerate(counts):
        begin = first + number * width_days
        end = begin + width_days - 1
        height = _BASE * count / max(counts)
        is_inside = end >= low_days and begin < high_days
        bars.append(
            (
                f"{number * step + 1:.1f}",
                f"{_BASE - height:.1f}",
                f"{max(1.0, step - 2):.1f}",
                f"{height:.1f}",
                "0.85" if is_inside else "0.3",
                _days_text(begin, end),
                count,
            )
        )
    words = f"How many orders waited how long, from {first} to {last} days"
    return format_html(
        '<svg viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}{}</svg>'
        '<p class="quiet">{}</p>',
        *(_WIDTH, _HEIGHT, _WIDTH, _HEIGHT, words),
        format_html_join(
            "",
            '<rect x="{}" y="{}" width="{}" height="{}" fill="currentColor" fill-opacity="{}">'
            "<title>{}: {}</title></rect>",
            bars,
        ),
        format_html_join(
            "",
            '<text x="{}" y="{}" font-size="12" fill="currentColor" text-anchor="{}">{}</text>',
            [
                (0, _HEIGHT - 10, "start", f"{first} d"),
                (_WIDTH, _HEIGHT - 10, "end", f"{last} d"),
            ],
        ),
        f"{words}; the bars within the range stand out. Point at one for its figures.",
    )


def _days_text(begin: int, end: int) -> str:
    return f"{begin} days" if begin == end else f"{begin} to {end} days"


def share_meter(inside: int, judged: int) -> SafeString:
    """The share inside as a meter with its figures; a dash where nothing was judged."""
    if not judged:
        return format_html("{}", "—")
    percent = 100 * inside // judged
    return format_html(
        '<meter min="0" max="100" low="70" high="80" optimum="100" value="{}">{} %</meter> '
        "{} % ({} of {})",
        *(percent, percent, percent, inside, judged),
    )


def range_text(low_days: int | None, high_days: int | None) -> str:
    """«27 to 36 days»; a dash where there is no range."""
    if low_days is None or high_days is None:
        return "—"
    return f"{low_days} to {high_days} days"
