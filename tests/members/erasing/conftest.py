"""Button at the wire, as the sync's tests have it."""

from tests.accounts_sync.conftest import account, world

__all__ = ["account", "world"]
