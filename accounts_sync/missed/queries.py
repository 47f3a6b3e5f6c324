"""How many webhooks are lost, and how long the sync takes to make up for it: by business day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from accounts_sync.missed.models import ToldDay


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One business day, over all Button accounts or of one. Times in whole seconds."""

    day: date
    webhook_count: int = 0
    found_count: int = 0
    lost_count: int = 0
    p50_seconds: int | None = None
    p99_seconds: int | None = None
    """Of what the sync found; the smallest time within which so many of a hundred were found."""

    @property
    def total_count(self) -> int:
        return self.webhook_count + self.found_count

    @property
    def late_count(self) -> int:
        return self.found_count - self.lost_count

    @property
    def lost_percent(self) -> float | None:
        """Of all changes told that day, to the hundredth; None where none was."""
        if not self.total_count:
            return None
        return round(100 * self.lost_count / self.total_count, 2)


def business_day(at: datetime) -> date:
    return at.astimezone(settings.BUSINESS_TIME_ZONE).date()


def days_until(last: date, *, count: int) -> list[Day]:
    """The `count` days that end with `last`, oldest first; a day without changes too."""
    first = last - timedelta(days=count - 1)
    sums = {
        row["day"]: row
        for row in ToldDay.objects.filter(day__gte=first, day__lte=last)
        .values("day")
        .annotate(webhooks=Sum("webhook_count"), found=Sum("found_count"), lost=Sum("lost_count"))
    }
    times = dict(_times(first, last))
    return [
        Day(
            day=day,
            webhook_count=sums[day]["webhooks"] if day in sums else 0,
            found_count=sums[day]["found"] if day in sums else 0,
            lost_count=sums[day]["lost"] if day in sums else 0,
            p50_seconds=times.get(day, (None, None))[0],
            p99_seconds=times.get(day, (None, None))[1],
        )
        for day in (first + timedelta(days=number) for number in range(count))
    ]


def day_of(at: datetime) -> Day:
    """The business day of `at`, as far as it was measured."""
    return days_until(business_day(at), count=1)[0]


_TIMES = """
SELECT day, MAX(CASE WHEN place = (total + 1) / 2 THEN detect_seconds END),
    MAX(CASE WHEN place = (99 * total + 99) / 100 THEN detect_seconds END)
FROM (
    SELECT day, detect_seconds, ROW_NUMBER() OVER (PARTITION BY day ORDER BY detect_seconds) place,
        COUNT(*) OVER (PARTITION BY day) total
    FROM missed_foundchange WHERE day >= %s AND day <= %s
) ranked GROUP BY day
"""
"""Exact, by nearest rank: the smallest with at least half, or 99 of 100, at or below it."""


def _times(first: date, last: date) -> Iterator[tuple[date, tuple[int, int]]]:
    with connection.cursor() as cursor:
        cursor.execute(_TIMES, [first.isoformat(), last.isoformat()])
        for day, p50, p99 in cursor.fetchall():
            yield (day if isinstance(day, date) else date.fromisoformat(day)), (p50, p99)
