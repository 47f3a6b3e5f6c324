"""A sandbox whose clock stands still until it is put forward, and a receiver of its webhooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from tests.button.sandbox.caller import Caller
from tests.button.sandbox.receiver import Received, Receiver

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
SECRET = "whsec-test-0001"


@dataclass
class Stage:
    sandbox: Sandbox
    caller: Caller
    receiver: Receiver

    def send(self) -> None:
        """Wait until all is sent that is due by the sandbox's clock."""
        assert self.sandbox.sender is not None
        self.sandbox.sender.wait_until_sent()

    def advance(self, **span: float) -> None:
        self.sandbox.advance(timedelta(**span))

    def order(self, **body: Any) -> Any:
        """Report an order, and wait until its webhook is out or waits for its time."""
        plain = {} if "lines" in body else {"total": 1000, "amount": 100}
        order = self.caller.order(**plain | body)
        self.send()
        return order

    def move(self, order: Any, verb: str, **body: Any) -> Any:
        moved = self.caller.control(f"orders/{order['button_order_id']}/{verb}", **body)
        self.send()
        return moved

    def told(self) -> list[tuple[str, int]]:
        """Type and amount of each delivery, in the order in which they came."""
        return [(one.event["event_type"], one.amount) for one in self.receiver.received]

    def states(self) -> list[str]:
        return [one["state"] for one in self.caller.deliveries()["deliveries"]]


@contextmanager
def on_stage(
    answer: Callable[[Received], int | None] = lambda _: 200, **options: Any
) -> Iterator[Stage]:
    with Receiver(answer) as receiver:
        ours: dict[str, Any] = {
            "seed": 7,
            "webhook_url": receiver.url,
            "webhook_secret": SECRET,
            "speed": 1,
            "clock": SteppedClock(NOON),
        }
        with running_sandbox(**ours | options) as sandbox:
            yield Stage(sandbox, Caller(sandbox), receiver)
