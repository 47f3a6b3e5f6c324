"""Trouble on demand: the next few answers of the API go wrong in a chosen way."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import StrEnum

from rewards_site.button.sandbox.answers import ApiError, Reply


class FaultKind(StrEnum):
    TOO_MANY = "429"
    """With `Retry-After: 1` and a JSON error."""
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


@dataclass(slots=True, kw_only=True)
class Fault:
    kind: FaultKind
    count: int
    """For how many more requests."""
    path: str
    """Only for paths that begin so."""
    seconds: float

    def as_json(self) -> dict[str, object]:
        return {
            "kind": str(self.kind),
            "count": self.count,
            "path": self.path,
            "seconds": self.seconds,
        }


class Faults:
    """Those to come, oldest first; each request takes at most one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> None:
        with self._lock:
            self._waiting.append(fault)

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def as_json(self) -> list[dict[str, object]]:
        with self._lock:
            return [fault.as_json() for fault in self._waiting]

    def take(self, path: str) -> Fault | None:
        """The fault that meets a request for `path`, counted down."""
        with self._lock:
            for fault in self._waiting:
                if path.startswith(fault.path):
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
        case FaultKind.SERVER_ERROR:
            return ApiError(500, "Internal server error").reply
        case FaultKind.HTML:
            page = b"<html><body><h1>502 Bad Gateway</h1></body></html>\n"
            return Reply(status=502, body=page, content_type="text/html")
        case FaultKind.EMPTY:
            return Reply(status=200, body=b"")
        case FaultKind.SLOW | FaultKind.DROP | FaultKind.CUT:
            return None
