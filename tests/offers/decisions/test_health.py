"""What /metrics tells of the log."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from offers.decisions.log import DecisionLog
from rewards_site.health import tallies
from tests.offers.decisions.samples import listing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def counts() -> Iterator[None]:
    tallies._counts.clear()
    yield
    tallies._counts.clear()


def test_what_was_dropped_is_told(client: Client) -> None:
    decisions = DecisionLog(waiting_max=0)
    for _ in range(3):
        decisions.remember(listing())

    text = client.get("/metrics").content.decode()

    assert 'rewards_rate_decisions_dropped_total{why="full"} 3.0' in text
    assert "rewards_rate_decisions_written_total" in text
