"""What /metrics tells of the log of rate decisions. Registered at start."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from prometheus_client import Metric

from offers.decisions.log import DROPPED, WRITTEN
from rewards_site.health import metrics, tallies


def register() -> None:
    metrics.register("rate_decisions", decision_metrics)


def decision_metrics(_at: datetime) -> Iterator[Metric]:
    """Since the product was set up, over all processes."""
    yield metrics.counters(
        "rewards_rate_decisions_written",
        "Answers of offers/ that were kept.",
        labels=[],
        samples=[((), count) for count in tallies.values(WRITTEN).values()],
    )
    yield metrics.counters(
        "rewards_rate_decisions_dropped",
        "Answers of offers/ that could not be kept, by why.",
        labels=["why"],
        samples=[((why,), count) for why, count in tallies.values(DROPPED).items()],
    )
