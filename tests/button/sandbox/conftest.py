"""A running sandbox, and somebody who calls it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from tests.button.sandbox.caller import Caller


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """Nobody buys: all that happens is what the test does by control calls."""
    with running_sandbox(seed=7, api_keys=("sk-sandbox-0000000000000000", "sk-other")) as sandbox:
        yield sandbox


@pytest.fixture
def caller(sandbox: Sandbox) -> Caller:
    return Caller(sandbox)
