"""A provider of payouts on a socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from rewards_site.button.sandbox.running import Sandbox
from tests.transactions.payouts.paying import use_paypal
from transactions.payouts.providers import paypal


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[Sandbox]:
    paypal._TOKENS.clear()
    with Sandbox() as running:
        use_paypal(settings, running)
        yield running
