"""The one alarm that cannot be a row: the database itself does not answer.

Each process keeps it in memory, and they agree through the cache, so a machine tells about it once
a day at most; several machines may each tell it once.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.core.cache import cache

from rewards_site.health.models import Channel
from rewards_site.health.notices import channels
from rewards_site.health.sending import NotSent, post, send_email
from rewards_site.kernel import clock

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=3)
TOLD_AGAIN = timedelta(days=1)
_KEY = "health:database-alarm"


class LastResort:
    """What one process knows of a database that does not answer."""

    def __init__(self) -> None:
        self._silent_since: datetime | None = None
        self._told = False

    def database_answers(self) -> None:
        if self._told:
            cache.delete(_KEY)
            self._tell("[rewards] over: database", "OVER database: it answers again.")
        self._silent_since, self._told = None, False

    def database_is_silent(self, *, at: datetime) -> None:
        self._silent_since = self._silent_since or at
        if self._told or at - self._silent_since < PATIENCE:
            return
        if not cache.add(_KEY, "told", timeout=TOLD_AGAIN.total_seconds()):
            return  # another process of this machine has told it
        since = clock.wire_text(self._silent_since.replace(microsecond=0))
        self._told = self._tell(
            "[rewards] alarm: database",
            f"ALARM database: it does not answer since {since}. Webhooks get 503 and are sent "
            "again by Button for three days; members and staff are not served.",
        )
        if not self._told:
            cache.delete(_KEY)

    def _tell(self, subject: str, text: str) -> bool:
        """Whether it went out by any channel."""
        is_told = False
        for channel in channels():
            try:
                if channel is Channel.EMAIL:
                    send_email(subject, text)
                else:
                    post({"text": f"{subject}\n{text}", "alarms": []})
            except NotSent as error:
                log.warning("alarm.not_sent", extra={"channel": channel.value, "why": str(error)})
            else:
                is_told = True
        return is_told
