"""Days of the business: which one an instant belongs to, for a stream of rising instants."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo

_DAY = timedelta(days=1)


def start_of(day: date, zone: tzinfo) -> datetime:
    """The first instant of `day`: the earlier of two midnights; where the clocks leap over it,
    the leap. As `--from` and `--to` are read (reports/options.py).
    """
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


class Days:
    """Days of rising instants: one comparison each while the day stays."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._day = date.min
        self._end = datetime.min.replace(tzinfo=UTC)

    def of(self, at: datetime) -> date:
        """`at` is not before the instant asked for last."""
        if at >= self._end:
            day = at.astimezone(self._zone).date()
            while start_of(day, self._zone) > at:
                day -= _DAY
            while start_of(day + _DAY, self._zone) <= at:
                day += _DAY
            self._day, self._end = day, start_of(day + _DAY, self._zone)
        return self._day
