"""Trouble on demand: answers of the API, webhooks and orders that go wrong in a chosen way.

A fault meets the next few that it fits (`count`), or for ever a share of them (`percent`), the same
ones for the same names. While Button is down, nothing of it answers and no webhook goes out.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from rewards_site.button.sandbox.answers import ApiError, Reply
from rewards_site.button.sandbox.chance import falls_within
from rewards_site.button.sandbox.clock import Clock, SystemClock, millisecond_text


class FaultKind(StrEnum):
    TOO_MANY = "429"
    """With `Retry-After: 1` and a JSON error."""
    TOO_MANY_BARE = "429-bare"
    """The same without `Retry-After`."""
    SERVER_ERROR = "500"
    HTML = "html"
    """502 with a page of HTML, as a gateway sends it."""
    EMPTY = "empty"
    """200 without a body."""
    SLOW = "slow"
    """The right answer, after `seconds`."""
    DROP = "drop"
    """The connection is closed without an answer."""
    CUT = "cut"
    """The right answer breaks off half way."""
    LOST = "lost"
    """An event that no webhook tells of."""
    DUPLICATE = "duplicate"
    """An event delivered once more after it was acknowledged."""
    REORDERED = "reordered"
    """An event held back until a later one of its order is acknowledged, an hour at most."""
    LATE = "late"
    """An event held back for `seconds` (an hour); later ones of its transaction go ahead."""
    WRONG_SIGNATURE = "wrong-signature"
    """A delivery signed with another secret; the next attempt is right, unless it is hit too."""
    UNKNOWN_USER = "unknown-user"
    """An order of a customer id that nobody knows."""
    ORDER_CHECKOUT = "order-checkout"
    """An order that an `order-checkout` event goes before."""


API_KINDS = (
    FaultKind.TOO_MANY,
    FaultKind.TOO_MANY_BARE,
    FaultKind.SERVER_ERROR,
    FaultKind.HTML,
    FaultKind.EMPTY,
    FaultKind.SLOW,
    FaultKind.DROP,
    FaultKind.CUT,
)
SLOW_SECONDS = 30.0


@dataclass(slots=True, kw_only=True)
class Fault:
    kind: FaultKind
    count: int | None = None
    """For how many more; None where `percent` says how often."""
    percent: float | None = None
    path: str = "/v1/"
    """Of the API: only for paths that begin so."""
    seconds: float | None = None
    """How long something slow or late takes; None: as long as its kind says."""

    def as_json(self) -> dict[str, object]:
        return {
            "kind": str(self.kind),
            "count": self.count,
            "percent": self.percent,
            "path": self.path if self.kind in API_KINDS else None,
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A stretch in which Button is down: from `start` to before `end` by the sandbox's clock."""

    start: datetime
    end: datetime
    kind: FaultKind = FaultKind.DROP
    """How requests fail meanwhile."""
    loses_webhooks: bool = False
    """Whether the events of that time are never sent, instead of afterwards."""

    def as_json(self) -> dict[str, object]:
        return {
            "from": millisecond_text(self.start),
            "to": millisecond_text(self.end),
            "kind": str(self.kind),
            "loses_webhooks": self.loses_webhooks,
        }


class Faults:
    """Those to come, oldest first; a request of the API takes at most one."""

    def __init__(self, *, clock: Clock | None = None, standing: Iterable[Fault] = ()) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._waiting = list(standing)
        self._outages: list[Outage] = []
        self._requests = itertools.count(1)

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def add_outage(self, outage: Outage) -> None:
        with self._lock:
            self._outages.append(outage)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def end_outages(self) -> None:
        with self._lock:
            self._outages.clear()

    def as_json(self) -> list[dict[str, object]]:
        with self._lock:
            return [fault.as_json() for fault in self._waiting]

    def outages_as_json(self) -> list[dict[str, object]]:
        """Those that are not over."""
        at = self._clock.now()
        with self._lock:
            return [outage.as_json() for outage in self._outages if at < outage.end]

    def outage(self, at: datetime) -> Outage | None:
        """The outage that `at` lies in; of several, the one that lasts longest."""
        with self._lock:
            met = [outage for outage in self._outages if outage.start <= at < outage.end]
        return max(met, key=lambda outage: outage.end, default=None)

    def take(self, path: str) -> Fault | None:
        """The fault that meets a request for `path`, counted down."""
        outage = self.outage(self._clock.now())
        if outage is not None:
            return Fault(kind=outage.kind, path=path)
        return self._take(API_KINDS, name=str(next(self._requests)), path=path)

    def meets(self, kind: FaultKind, name: str) -> Fault | None:
        """The fault of `kind` that meets the event, attempt or order of this name."""
        return self._take((kind,), name=name, path=None)

    def _take(self, kinds: Iterable[FaultKind], *, name: str, path: str | None) -> Fault | None:
        with self._lock:
            for fault in self._waiting:
                if fault.kind not in kinds or (path and not path.startswith(fault.path)):
                    continue
                if fault.percent is not None:
                    if falls_within(fault.percent, fault.kind, name):
                        return fault
                    continue
                assert fault.count is not None
                fault.count -= 1
                if fault.count == 0:
                    self._waiting.remove(fault)
                return fault
            return None


def reply_of(kind: FaultKind) -> Reply | None:
    """What is answered instead; None for a fault that spoils the right answer's way."""
    match kind:
        case FaultKind.TOO_MANY:
            return ApiError(429, "Too many requests", headers={"Retry-After": "1"}).reply
        case FaultKind.TOO_MANY_BARE:
            return ApiError(429, "Too many requests").reply
        case FaultKind.SERVER_ERROR:
            return ApiError(500, "Internal server error").reply
        case FaultKind.HTML:
            page = b"<html><body><h1>502 Bad Gateway</h1></body></html>\n"
            return Reply(status=502, body=page, content_type="text/html")
        case FaultKind.EMPTY:
            return Reply(status=200, body=b"")
        case _:
            return None
