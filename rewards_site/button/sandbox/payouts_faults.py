"""Trouble of payouts on demand: before the provider took what was sent, or after it.

Each meets the next `count` calls of its kind (`on`): the log-in (`token`), the sending (`send`), or
the asking (`ask`). A stall holds the call until it is released, or for `seconds`.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum

from rewards_site.button.sandbox.answers import HungUpError, Reply, json_reply

STALL_SECONDS = 60.0


class PayoutFault(StrEnum):
    STALL_BEFORE = "stall-before"
    """Held before anything is taken."""
    STALL_AFTER = "stall-after"
    """Taken; then the answer is held."""
    DROP_BEFORE = "drop-before"
    DROP_AFTER = "drop-after"
    """The connection ends without an answer."""
    ERROR_BEFORE = "500-before"
    ERROR_AFTER = "500-after"
    TOO_MANY = "429"
    TOKEN_EXPIRED = "token-expired"  # noqa: S105  # the name of a fault
    """The call's token is valid no longer."""
    REFUSED = "refused"
    """422: the sender has not enough money."""
    GARBLED_AFTER = "garbled-after"
    """Taken; then the answer is 200 with a page of HTML."""


@dataclass(slots=True, kw_only=True)
class _Planned:
    fault: PayoutFault
    on: str
    count: int
    seconds: float


class PayoutFaults:
    """Those to come. Any thread may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self._released = threading.Event()
        self.stalled = threading.Event()
        """Somebody is held now: a test may kill whoever waits."""

    def add(
        self,
        fault: PayoutFault,
        *,
        on: str = "send",
        count: int = 1,
        seconds: float = STALL_SECONDS,
    ) -> None:
        with self._lock:
            self._released.clear()
            self._planned.append(_Planned(fault=fault, on=on, count=count, seconds=seconds))

    def clear(self) -> None:
        """None is to come, and whoever is held goes on."""
        with self._lock:
            self._planned.clear()
        self._released.set()
        self.stalled.clear()

    def as_json(self) -> list[dict[str, object]]:
        with self._lock:
            return [
                {"kind": str(one.fault), "on": one.on, "count": one.count} for one in self._planned
            ]

    def take(self, on: str) -> tuple[PayoutFault, float] | None:
        with self._lock:
            for one in self._planned:
                if one.on == on:
                    one.count -= 1
                    if one.count == 0:
                        self._planned.remove(one)
                    return one.fault, one.seconds
        return None

    def before(self, met: tuple[PayoutFault, float] | None) -> Reply | None:
        """What is answered instead of doing anything; None: it is done. Raises: HungUpError."""
        if met is None:
            return None
        fault, seconds = met
        match fault:
            case PayoutFault.STALL_BEFORE:
                self._hold(seconds)
            case PayoutFault.DROP_BEFORE:
                raise HungUpError
            case PayoutFault.ERROR_BEFORE:
                return _internal_error()
            case PayoutFault.TOO_MANY:
                return json_reply(
                    {"name": "RATE_LIMIT_REACHED", "message": "Too many requests."}, status=429
                )
            case PayoutFault.TOKEN_EXPIRED:
                return json_reply(
                    {"error": "invalid_token", "error_description": "Token expired"}, status=401
                )
            case PayoutFault.REFUSED:
                return json_reply(
                    {
                        "name": "INSUFFICIENT_FUNDS",
                        "message": "Sender does not have sufficient funds.",
                    },
                    status=422,
                )
            case _:
                pass
        return None

    def after(self, met: tuple[PayoutFault, float] | None, reply: Reply) -> Reply:
        """What is answered once it is done. Raises: HungUpError."""
        if met is None:
            return reply
        fault, seconds = met
        match fault:
            case PayoutFault.STALL_AFTER:
                self._hold(seconds)
            case PayoutFault.DROP_AFTER:
                raise HungUpError
            case PayoutFault.ERROR_AFTER:
                return _internal_error()
            case PayoutFault.GARBLED_AFTER:
                page = b"<html><body>Welcome back</body></html>"
                return Reply(status=200, body=page, content_type="text/html")
            case _:
                pass
        return reply

    def _hold(self, seconds: float) -> None:
        self.stalled.set()
        self._released.wait(seconds)


def _internal_error() -> Reply:
    return json_reply(
        {"name": "INTERNAL_SERVICE_ERROR", "message": "An internal service error has occurred."},
        status=500,
    )
