import pytest

from rewards_site.button.client import ButtonClient
from tests.button.client_support import Waits, make_client


@pytest.fixture
def waits() -> Waits:
    """The pauses that `api` would have made, in seconds."""
    return Waits()


@pytest.fixture
def api(waits: Waits) -> ButtonClient:
    return make_client(waits)
