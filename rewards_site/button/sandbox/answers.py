"""A request and a reply, and Button's envelopes for both outcomes (sheet, 1.3 and 1.4)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl

Json = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came in. `base_url` is what the caller calls us, such as http://127.0.0.1:9100."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    """By lower-case name."""
    body: bytes
    base_url: str
    is_local: bool

    @property
    def parameters(self) -> dict[str, str]:
        """The query string; of a name given twice the last one counts."""
        return dict(parse_qsl(self.query, keep_blank_values=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


class HungUpError(Exception):
    """The connection ends here, and nothing is answered."""


class ApiError(Exception):
    """A refusal, as Button words it. `headers` go with it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        error_type: str | None = None,
        details: Json | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.error_type = error_type
        self.details = details
        self.headers = headers or {}

    @property
    def reply(self) -> Reply:
        error: Json = {"message": self.message}
        if self.error_type is not None:
            error["type"] = self.error_type
        if self.details is not None:
            error["details"] = self.details
        body: Json = {"meta": {"status": "error"}, "error": error}
        return json_reply(body, status=self.status, headers=self.headers)


def json_reply(body: object, *, status: int = 200, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status=status, body=json_bytes(body), headers=headers or {})


def json_bytes(body: object) -> bytes:
    """JSON in UTF-8, escaped only where it must be: a lone surrogate has no UTF-8 of its own."""
    try:
        return json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return json.dumps(body).encode()
