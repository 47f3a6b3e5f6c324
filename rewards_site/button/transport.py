"""One request to Button and its answer, tried again where that can help.

Together with the sheet's other rules this is all that knows HTTP: Basic auth, pooled connections,
time-outs, a total deadline, a bounded number of attempts (errors.py says what is tried again). Hold
no database connection while it waits.
"""

from __future__ import annotations

import base64
import functools
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from rewards_site.button.address import checked_base_url
from rewards_site.button.answers import Answer, AskAgainError
from rewards_site.button.backoff import pause_seconds
from rewards_site.button.deadline import POOLS, until
from rewards_site.button.errors import ButtonError, ButtonMisconfigured, ButtonUnavailable
from rewards_site.button.limits import Limits

log = logging.getLogger(__name__)

T = TypeVar("T")

POOL_SIZE = 64
"""Connections kept to one host: no fewer than the web server has threads."""
RETRY_AFTER_SECONDS = 5
"""After giving up, where Button asked for no longer pause."""
_PART_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What is asked. With a `body` (JSON) it is a POST, else a GET."""

    url: str
    params: Mapping[str, str] | None = None
    body: bytes | None = None


class Transport:
    """Requests to one host with one key. Cheap to make: the connections belong to the process."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        pool: str,
        clock: Callable[[], datetime],
        draw: Callable[[], float],
        limits: Limits,
        sleep: Callable[[float], object] | None = None,
        setting: str = "BUTTON_API_URL",
    ) -> None:
        """Raises: ButtonMisconfigured. `draw` gives the jitter's random numbers of 0 to 1.

        Each `pool` has connections of its own; `setting` is where `base_url` comes from.
        """
        self.key = api_key.strip()
        if not self.key:
            raise ButtonMisconfigured("BUTTON_API_KEY is not set.")
        self.base_url = checked_base_url(base_url, setting=setting)
        self._pool = pool
        self._sleep = threading.Event().wait if sleep is None else sleep
        self._now = clock
        self._draw = draw
        self._limits = limits

    def ask(
        self,
        request: Request,
        read: Callable[[Answer], T],
        *,
        before_each: Callable[[], object] | None = None,
    ) -> T:
        """What `read` makes of the answer. `before_each` runs before each attempt, may refuse it.

        Raises: ButtonUnavailable; whatever else `read` and `before_each` raise.
        """
        deadline = time.monotonic() + self._limits.total_seconds
        attempt = 0
        while True:
            attempt += 1
            if before_each is not None:
                before_each()
            try:
                return read(self._exchange(request, deadline))
            except AskAgainError as failure:
                self._pause(attempt, failure, deadline)

    def _pause(self, attempt: int, failure: AskAgainError, deadline: float) -> None:
        """Raises: ButtonUnavailable when there is no attempt or no time left."""
        seconds = pause_seconds(
            attempt=attempt, asked_seconds=failure.after_seconds, draw=self._draw()
        )
        is_last = attempt >= self._limits.attempts_max or time.monotonic() + seconds >= deadline
        log.warning(
            "button.gave_up" if is_last else "button.asks_again",
            extra={"attempt": attempt, "why": str(failure), "pause_seconds": round(seconds, 2)},
        )
        if is_last:
            raise ButtonUnavailable(
                f"Button could not be used (attempts: {attempt}): {failure}.",
                retry_after=max(RETRY_AFTER_SECONDS, round(failure.after_seconds or 0)),
            ) from failure
        self._sleep(seconds)

    def _exchange(self, request: Request, deadline: float) -> Answer:
        """One request, one answer, within what is left of the time. Raises: AskAgainError."""
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            raise AskAgainError("it took too long")
        has_proxies = not self.base_url.startswith("http:")
        session = _session(os.getpid(), pool=self._pool, has_proxies=has_proxies)
        try:
            with (
                until(deadline),
                session.request(
                    "GET" if request.body is None else "POST",
                    request.url,
                    params=request.params,
                    data=request.body,
                    headers=None if request.body is None else _JSON,
                    auth=_Key(self.key),
                    timeout=(
                        min(self._limits.connect_seconds, left_seconds),
                        min(self._limits.read_seconds, left_seconds),
                    ),
                    allow_redirects=False,
                    stream=True,
                ) as response,
            ):
                return Answer(
                    status=response.status_code,
                    reason=response.reason or "",
                    headers=response.headers,
                    body=self._body(response),
                    url=str(response.url),
                    read_at=self._now(),
                )
        except (OSError, HTTPError) as error:  # requests' own errors are OSErrors
            raise AskAgainError(_why(error)) from error

    def _body(self, response: requests.Response) -> bytes:
        body = bytearray()
        for part in response.iter_content(_PART_BYTES):
            body += part
            if len(body) > self._limits.body_bytes_max:
                raise ButtonError(
                    f"Button's answer is larger than {self._limits.body_bytes_max} bytes."
                )
        return bytes(body)


_JSON = {"Content-Type": "application/json"}


class _Key(AuthBase):
    """Basic auth, user name = key, no password. Given as `auth`, or a .netrc would be asked."""

    def __init__(self, key: str) -> None:
        self._header = "Basic " + base64.b64encode(f"{key}:".encode()).decode()

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


class _Adapter(HTTPAdapter):
    """Pooled connections whose answers keep to the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = POOLS
        return manager


@functools.lru_cache(maxsize=16)
def _session(_process_id: int, *, pool: str, has_proxies: bool) -> requests.Session:
    """A session of this process: connections must not be shared with a forked one."""
    del pool
    session = requests.Session()
    session.trust_env = has_proxies  # a proxy must not see the key of plain http
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.update({"User-Agent": "button-rewards", "Accept": "application/json"})
    adapter = _Adapter(pool_maxsize=POOL_SIZE, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


def _why(error: Exception) -> str:
    """What went wrong, in words without addresses or headers."""
    if isinstance(error, requests.exceptions.SSLError):
        return "no trusted TLS connection could be made"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection was made in time"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):
        return "no complete answer came in time"
    cause = error.args[0] if error.args else error
    cause = getattr(cause, "reason", cause)
    return f"the connection failed ({type(cause).__name__})"
