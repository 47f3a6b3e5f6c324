"""CatalogRun rows: one for each reading of the Brands API; and when the next is due."""

from __future__ import annotations

from datetime import datetime, timedelta

from offers.models import CatalogRun, Merchant, RunStatus

ERROR_CHARACTERS_MAX = 1000
LONGEST_RUN = timedelta(minutes=10)
"""A reading that began earlier and still says it runs has died."""
INTERVAL = timedelta(hours=24)
RETRY = timedelta(minutes=15)
"""After a run that failed, and before a brand that was named since is asked for."""
_TICK_SLACK = timedelta(seconds=30)


def open_run(*, at: datetime) -> CatalogRun:
    """A new run; earlier ones that died without a word are marked first."""
    dead = CatalogRun.objects.filter(status=RunStatus.RUNNING, started_at__lt=at - LONGEST_RUN)
    dead.update(
        status=RunStatus.ABANDONED, finished_at=at, error="Its process ended without a word."
    )
    return CatalogRun.objects.create(started_at=at)


def close_run(
    run_id: int, *, status: RunStatus, error: str, at: datetime, counts: dict[str, int]
) -> None:
    """End a run that is still running."""
    running = CatalogRun.objects.filter(pk=run_id, status=RunStatus.RUNNING)
    running.update(status=status, error=storable(error), finished_at=at, **counts)


def latest_run() -> CatalogRun | None:
    return CatalogRun.objects.order_by("-id").first()


def last_good_at(*, before: datetime) -> datetime | None:
    """When the catalogue was last read; `before` leaves out what a wrong clock dated ahead."""
    good = CatalogRun.objects.filter(status=RunStatus.DONE, started_at__lte=before)
    return good.order_by("-id").values_list("started_at", flat=True).first()


def is_due(at: datetime) -> bool:
    """Whether the catalogue is to be read now: it is a day old, or the last run did not end well.

    Or an order named a brand since that is not described yet: it does not wait for tomorrow.
    """
    latest = latest_run()
    if latest is not None and timedelta(0) <= at - latest.started_at < RETRY - _TICK_SLACK:
        return False
    good_at = last_good_at(before=at)
    if good_at is None or at - good_at >= INTERVAL - _TICK_SLACK:
        return True
    if latest is not None and latest.status != RunStatus.DONE:
        return True
    named = Merchant.objects.filter(profile__isnull=True, first_seen_at__gte=good_at)
    return named.exists()


def storable(text: str) -> str:
    """`text` as a column takes it: no NUL, no half of a surrogate pair, not too long."""
    printable = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
    return printable[:ERROR_CHARACTERS_MAX]
