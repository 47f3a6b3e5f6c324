"""BUTTON_OFFERS_RATE_LIMIT requests a minute, over all processes and machines together.

There are as many permits as requests are allowed. A request takes one by a conditional UPDATE in a
commit of its own, and the permit is free again a minute later. In any 60 seconds each permit is
used once at most, so no window holds more requests than there are permits, wherever it begins; and
nobody waits for anybody, as nobody counts (docs/decisions/0063).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Max, Min

from rewards_site.button.errors import OffersRateLimited
from rewards_site.button.ratelimit.models import Permit
from rewards_site.button.waiting import let_database_go
from rewards_site.kernel import clock
from rewards_site.kernel.db import is_postgres

WINDOW = timedelta(seconds=60)
SLACK = timedelta(milliseconds=200)
"""Between the stamp of a permit and the request going out. Who takes longer takes another one."""
_TRIES_MAX = 3
_ROWS_MAX = 5000
"""New permits in one statement."""
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

# statement_timestamp(): one clock for all machines, and stable, so that the index is used.
_TAKE_POSTGRES = """
    UPDATE ratelimit_permit SET free_at = statement_timestamp() + %s * interval '1 second'
    WHERE slot = (
        SELECT slot FROM ratelimit_permit WHERE free_at <= statement_timestamp() AND slot < %s
        ORDER BY free_at LIMIT 1 FOR UPDATE SKIP LOCKED)"""
_TAKE_SQLITE = """
    UPDATE ratelimit_permit SET free_at = %s WHERE slot = (
        SELECT slot FROM ratelimit_permit WHERE free_at <= %s AND slot < %s
        ORDER BY free_at LIMIT 1)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`limit` requests in any `window`. `now` is only asked on SQLite, which has one machine."""

    limit: int
    window: timedelta = WINDOW
    now: Callable[[], datetime] = clock.now

    def take(self) -> None:
        """One request's leave, to be used at once. Not inside a transaction.

        Holds no database connection afterwards. Raises: OffersRateLimited; DatabaseError.
        """
        try:
            for _ in range(_TRIES_MAX):
                begun = time.monotonic()
                if not self._took():
                    self._make_missing()
                    if not self._took():  # missing ones may have been made by another meanwhile
                        raise self._refusal()
                if time.monotonic() - begun <= SLACK.total_seconds():
                    return
            raise OffersRateLimited(_WORDS, retry_after=1)
        finally:
            let_database_go()

    @property
    def _held(self) -> timedelta:
        return self.window + SLACK

    def _took(self) -> bool:
        with connection.cursor() as cursor:
            if is_postgres():
                cursor.execute(_TAKE_POSTGRES, [self._held.total_seconds(), self.limit])
            else:
                at = self.now()
                adapt = connection.ops.adapt_datetimefield_value
                cursor.execute(_TAKE_SQLITE, [adapt(at + self._held), adapt(at), self.limit])
            return bool(cursor.rowcount == 1)

    def _make_missing(self) -> None:
        """Some of the permits below the limit: at the first requests, and when it was raised."""
        last = Permit.objects.aggregate(last=Max("slot"))["last"]
        count = 0 if last is None else last + 1
        missing = range(count, min(self.limit, count + _ROWS_MAX))
        Permit.objects.bulk_create(
            [Permit(slot=slot, free_at=_LONG_AGO) for slot in missing], ignore_conflicts=True
        )

    def _refusal(self) -> OffersRateLimited:
        at = self._database_now()
        # A clock that was set back: free them in a minute from now, not at the time it was once.
        stuck = Permit.objects.filter(free_at__gt=at + self._held + timedelta(seconds=1))
        stuck.update(free_at=at + self._held)
        permits = Permit.objects.filter(slot__lt=self.limit)
        first = permits.aggregate(first=Min("free_at"))["first"] or at
        seconds = math.ceil((first - at).total_seconds())
        return OffersRateLimited(_WORDS, retry_after=max(1, seconds))

    def _database_now(self) -> datetime:
        if not is_postgres():
            return self.now()
        with connection.cursor() as cursor:
            cursor.execute("SELECT statement_timestamp()")
            at: datetime = cursor.fetchone()[0]
            return at


_WORDS = "Too many requests for offers at the moment."


def offers_budget() -> Budget:
    """The budget that the settings describe."""
    return Budget(limit=settings.BUTTON_OFFERS_RATE_LIMIT)
