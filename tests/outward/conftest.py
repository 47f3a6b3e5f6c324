"""Receivers of these tests are on this machine, over plain http."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.outward.receiving import Receiver, receiving


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.OUTWARD_ALLOW_PRIVATE = True
    with receiving() as receiver:
        yield receiver
