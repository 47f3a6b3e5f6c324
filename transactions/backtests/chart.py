"""Pure: what is rewarded, day by day, as two lines of an SVG: now, and by the draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from rewards_site.kernel.money import decimal_text

WIDTH, HEIGHT = 720, 180
LEFT, BOTTOM, TOP = 8, 22, 14
"""Space around the lines, in units of the SVG."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Of one currency. Points are «x,y x,y …»; texts are what stands beside."""

    currency: str
    now: str
    then: str
    most: str
    first_day: str
    last_day: str
    summary: str
    """The same in words, for who cannot see it."""


def charts_of(by_day: Sequence[Sequence[object]]) -> list[Chart]:
    """One chart a currency, of rows (day, currency, now, then) in minor units, oldest first."""
    by_currency: dict[str, list[tuple[date, int, int]]] = {}
    for day, currency, now, then in by_day:
        row = (date.fromisoformat(str(day)), int(str(now)), int(str(then)))
        by_currency.setdefault(str(currency), []).append(row)
    return [
        _chart(currency, rows)
        for currency, rows in sorted(by_currency.items())
        if any(now or then for _, now, then in rows)
    ]


def _chart(currency: str, rows: Sequence[tuple[date, int, int]]) -> Chart:
    first, last = rows[0][0], rows[-1][0]
    days = max(1, (last - first).days)
    step = -(-days // WIDTH)  # of very many days the greatest of a few stands for them
    most = max(1, *(max(now, then) for _, now, then in rows))

    def line(which: int) -> str:
        values = {(day - first).days: (now, then)[which] for day, now, then in rows}

        def most_of(number: int) -> int:
            return max(values.get(number + more, 0) for more in range(step))

        return " ".join(
            f"{LEFT + number * (WIDTH - 2 * LEFT) // days},"
            f"{HEIGHT - BOTTOM - most_of(number) * (HEIGHT - BOTTOM - TOP) // most}"
            for number in range(0, days + 1, step)
        )

    total_now, total_then = sum(row[1] for row in rows), sum(row[2] for row in rows)
    return Chart(
        currency=currency,
        now=line(0),
        then=line(1),
        most=f"{decimal_text(most, currency)} {currency}",
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        summary=(
            f"Rewards in {currency} by day of purchase, {first} to {last}: "
            f"{decimal_text(total_now, currency)} as booked, "
            f"{decimal_text(total_then, currency)} by this version."
        ),
    )
