"""Changes told by webhook, by sync, by both; after the first webhook of all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from accounts_sync.missed.measuring import Measured, measure
from accounts_sync.missed.models import FoundChange
from tests.accounts_sync.inbox.deliveries import deliver, wire_event
from tests.accounts_sync.pulling import pull
from tests.accounts_sync.world import World, wire_row

DUE = datetime.now(tz=UTC).replace(microsecond=0) + timedelta(hours=2)
"""A time after any webhook that came before the test's first, however long the tests run."""


def wire_time(seconds: float = 0) -> str:
    return (DUE + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def by_webhook(number: int, *, seconds: float = 0, status: str = "pending", **changes: Any) -> None:
    event = wire_event(
        f"hook-{number}-{status}-{seconds}",
        tx_id=f"tx-{number}",
        status=status,
        created_date=wire_time(),
        modified_date=wire_time(seconds),
        **changes,
    )
    assert deliver(event).status_code in (200, 202)


def by_sync(
    world: World, *numbers: int, seconds: float = 0, status: str = "pending", **changes: Any
) -> None:
    """The API shows these, and is read."""
    rows = {f"tx-{number}" for number in numbers}
    for listed in world.rows.values():
        listed[:] = [row for row in listed if row["id"] not in rows]
    world.has(
        *(
            wire_row(tx_id, status=status, modified_date=wire_time(seconds), **changes)
            for tx_id in sorted(rows)
        )
    )
    pull(at=DUE + timedelta(seconds=seconds + 60), full=True)


def webhooks_have_begun() -> None:
    deliver({"hello": "Button"})  # a ping


def look(*, minutes: float = 20) -> Measured:
    """Who told what first, as the worker sees it so long after now."""
    return measure(at=datetime.now(tz=UTC) + timedelta(minutes=minutes))


def verdicts() -> dict[str, str]:
    return dict(FoundChange.objects.order_by("pk").values_list("tx_id", "verdict"))
