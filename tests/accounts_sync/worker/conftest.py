"""A worker on a database of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.accounts_sync.worker.running import Worker
from tests.accounts_sync.world import World, served
from tests.conftest import CommittedDatabase


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def worker(committed_db: CommittedDatabase, world: World) -> Iterator[Worker]:
    with served(world) as url:
        made = Worker(committed_db, url, "--heartbeat-every", "1", "--stale-after", "10")
        try:
            yield made
        finally:
            made.end()
