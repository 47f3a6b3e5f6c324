"""What /metrics tells. Rooms register theirs when they start, as they register checks.

Everything is asked of the database at the time of the scrape, so it is right whichever process
answers. Each room asks only for what an index or a small table tells; what would cost a scan is
taken by the worker now and then (figures.py). Never member data.
"""

from __future__ import annotations

import logging
import platform
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

import django
from django.db import DatabaseError, InterfaceError, connection
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from rewards_site.health import alarms, figures, heartbeat, registry
from rewards_site.health.models import Heartbeat
from rewards_site.kernel.db import is_postgres
from rewards_site.version import VERSION

log = logging.getLogger(__name__)

Collect = Callable[[datetime], Iterable[Metric]]

_rooms: dict[str, Collect] = {}


def register(room: str, collect: Collect) -> None:
    """Have `collect` asked at each scrape; names begin with `rewards_`."""
    _rooms[room] = collect


def gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)


def gauges(
    name: str,
    documentation: str,
    *,
    labels: Iterable[str],
    samples: Iterable[tuple[tuple[str, ...], float]],
) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=list(labels))
    for values, value in samples:
        family.add_metric(values, value)
    return family


def counters(
    name: str,
    documentation: str,
    *,
    labels: Iterable[str],
    samples: Iterable[tuple[tuple[str, ...], float]],
) -> Metric:
    """`name` without `_total`, which is added."""
    family = CounterMetricFamily(name, documentation, labels=list(labels))
    for values, value in samples:
        family.add_metric(values, value)
    return family


def kept_figure(
    name: str, documentation: str, *, labels: Iterable[str], at: datetime
) -> Iterator[Metric]:
    """A figure that the worker takes, as it was last taken, and how old it is."""
    figure = figures.kept(name)
    if figure is None:
        return
    yield gauges(name, documentation, labels=labels, samples=figure.samples)
    yield gauge(
        f"{name}_age_seconds",
        f"How long ago {name} was taken; it costs a table scan.",
        (at - figure.taken_at).total_seconds(),
    )


class Everything(Collector):
    """All rooms' metrics at one time; one that fails hides no other."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def collect(self) -> Iterator[Metric]:
        failed: list[tuple[tuple[str, ...], float]] = []
        is_up = _database_answers()
        yield gauge("rewards_database_up", "1 if the database answers.", float(is_up))
        for room in sorted(_rooms) if is_up else ():
            try:
                found = list(_rooms[room](self._at))
            except Exception:  # told, logged, and the others go on
                log.exception("metrics.failed", extra={"room": room})
                failed.append(((room,), 1))
            else:
                failed.append(((room,), 0))
                yield from found
        yield gauges(
            "rewards_metrics_failed",
            "1 for a room whose metrics could not be told.",
            labels=["room"],
            samples=failed,
        )
        yield _build()


def collect_health(at: datetime) -> Iterator[Metric]:
    """Alarms and workers' heartbeats."""
    is_open = set(alarms.open_names(with_calm=True))
    names = sorted(is_open | set(registry.names()))
    yield gauges(
        "rewards_alarm_open",
        "1 while the alarm of a check is open.",
        labels=["check"],
        samples=[((name,), float(name in is_open)) for name in names],
    )
    rows = list(Heartbeat.objects.order_by("-beat_at")[:100])
    yield gauges(
        "rewards_worker_heartbeat_age_seconds",
        "How long ago a worker did the scheduled heartbeat task.",
        labels=[],
        samples=[
            ((), (at - row.beat_at).total_seconds())
            for row in rows
            if row.name == heartbeat.SCHEDULES
        ],
    )
    workers = [row for row in rows if row.name != heartbeat.SCHEDULES]
    alive = [row for row in workers if row.ended_at is None and at - row.beat_at < heartbeat.ALIVE]
    yield gauge("rewards_workers", "Workers whose heartbeat is fresh.", len(alive))
    yield gauge(
        "rewards_worker_restarts",
        "How often the processes of the workers of the last days were started anew.",
        sum(row.restart_count for row in workers),
    )


def _build() -> Metric:
    family = GaugeMetricFamily(
        "rewards_build_info",
        "Always 1; the labels tell what runs.",
        labels=["version", "python", "django", "database"],
    )
    database = "postgresql" if is_postgres() else "sqlite"
    family.add_metric([VERSION, platform.python_version(), django.__version__, database], 1)
    return family


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except (DatabaseError, InterfaceError):
        return False
    return True
