"""What the sync tests share."""

from __future__ import annotations

import pytest
import responses

from accounts_sync.accounts import sync_accounts
from tests.accounts_sync.world import World, behind, client
from tests.factories import ACCOUNT, NOON


@pytest.fixture
def world(button: responses.RequestsMock) -> World:
    """Button at the wire, with one USD account and no transaction yet."""
    return behind(button, World())


@pytest.fixture
def account(db: None, world: World) -> str:
    """The USD account, listed by the Accounts API."""
    sync_accounts(client=client(), at=NOON)
    return ACCOUNT
