"""One request to a provider of payouts and its answer. Never tried again here.

What matters of a failure is one thing: may the provider have heard us? Only when no connection was
made it has not.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError, NewConnectionError

from rewards_site.button.deadline import POOLS, until

CONNECT_SECONDS = 10.0
READ_SECONDS = 30.0
TOTAL_SECONDS = 45.0
"""Of one request, however slowly the answer drips."""
BODY_BYTES_MAX = 16 * 1024 * 1024
_PART_BYTES = 64 * 1024


class UnsentError(Exception):
    """No connection was made: the provider heard nothing."""


class UnsureError(Exception):
    """Something broke once it could have heard us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpAnswer:
    status: int
    body: bytes


def exchange(
    method: str,
    url: str,
    *,
    authorization: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    params: Mapping[str, str] | None = None,
) -> HttpAnswer:
    """Raises: UnsentError, UnsureError. Hold no database connection."""
    with requests.Session() as session:
        session.trust_env = url.startswith("https:")  # a proxy must not see the key of plain http
        session.mount("https://", _Adapter(max_retries=0))
        session.mount("http://", _Adapter(max_retries=0))
        try:
            with (
                until(time.monotonic() + TOTAL_SECONDS),
                session.request(
                    method,
                    url,
                    params=params,
                    data=body,
                    headers={"Accept": "application/json", **headers},
                    auth=_Authorization(authorization),
                    timeout=(CONNECT_SECONDS, READ_SECONDS),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                return HttpAnswer(status=response.status_code, body=_body(response))
        except requests.ConnectTimeout as error:
            raise UnsentError("no connection was made in time") from error
        except (OSError, HTTPError) as error:  # requests' own errors are OSErrors
            if _was_never_connected(error):
                raise UnsentError("no connection could be made") from error
            raise UnsureError(_why(error)) from error


def _body(response: requests.Response) -> bytes:
    body = bytearray()
    for part in response.iter_content(_PART_BYTES):
        body += part
        if len(body) > BODY_BYTES_MAX:
            raise UnsureError("the answer was too large")
    return bytes(body)


def _was_never_connected(error: BaseException) -> bool:
    seen: Any = error
    for _ in range(5):
        if isinstance(seen, NewConnectionError):
            return True
        inner = seen.args[0] if getattr(seen, "args", ()) else None
        seen = getattr(seen, "reason", None) or inner
        if not isinstance(seen, BaseException):
            return False
    return False


def _why(error: BaseException) -> str:
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "no complete answer came in time"
    return f"the connection broke ({type(error).__name__})"


class _Authorization(AuthBase):
    """Given as `auth`, or a .netrc would be asked."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._text
        return request


class _Adapter(HTTPAdapter):
    """Connections whose answers keep to the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS
