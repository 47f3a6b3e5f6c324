"""The one client of Button's API, and the only module that imports `requests`.

Every call has time-outs, a total deadline and a bounded number of attempts (the table in errors.py
says what is tried again). Hold no database connection while it waits.
"""

from __future__ import annotations

import base64
import functools
import logging
import os
import random
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError

from rewards_site.button.address import checked_base_url, has_cursor, next_address
from rewards_site.button.answers import Answer, AskAgainError, read_page
from rewards_site.button.backoff import pause_seconds
from rewards_site.button.brands import BrandsPage, read_brands
from rewards_site.button.deadline import POOLS, until
from rewards_site.button.errors import (
    BadCursor,
    ButtonError,
    ButtonMisconfigured,
    ButtonRefused,
    ButtonUnavailable,
)
from rewards_site.button.limits import DEFAULT_LIMITS, Limits
from rewards_site.button.pages import AccountsPage, Page, walk, with_smaller_pages
from rewards_site.button.reading import Unreadable, read_account
from rewards_site.kernel import clock

__all__ = ["AccountsPage", "ButtonClient", "Limits", "Page", "button_client"]

log = logging.getLogger(__name__)

POOL_SIZE = 64
"""Connections kept to one host: no fewer than the web server has threads."""
_PART_BYTES = 64 * 1024


class ButtonClient:
    """Button's API for one key. Cheap to make: the connections belong to the process."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], datetime] = clock.now,
        draw: Callable[[], float] = random.random,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Raises: ButtonMisconfigured. `draw` gives the jitter's random numbers of 0 to 1."""
        self._key = api_key.strip()
        if not self._key:
            raise ButtonMisconfigured("BUTTON_API_KEY is not set.")
        self._base_url = checked_base_url(base_url)
        self._sleep = threading.Event().wait if sleep is None else sleep
        self._now = clock
        self._draw = draw
        self._limits = limits

    def accounts(self) -> AccountsPage:
        """Every billing account, one per currency. Raises: ButtonError."""
        page = AccountsPage(accounts=[], unreadable=[])
        for told in self._pages("/v1/affiliation/accounts", params={}):
            for row in told.rows:
                try:
                    page.accounts.append(read_account(row))
                except Unreadable as error:
                    page.unreadable.append(str(error))
        return page

    def brands(self) -> BrandsPage:
        """Every brand; static data, never to be asked for while a member waits (sheet, 3.4)."""
        return read_brands(self._pages("/v1/brands", params={}, may_be_one=True))

    def transaction_pages(
        self,
        *,
        account_id: str,
        start: datetime | None,
        end: datetime | None,
        page_size: int | None,
        resume_url: str | None = None,
        time_field: str = "modified_date",
    ) -> Iterator[Page]:
        """The transactions whose `time_field` is in [start, end), in no order to rely on.

        `resume_url` goes on where an earlier walk stopped; its cursor remembers the filters. A page
        size that Button refuses falls back to smaller ones, in the end to Button's own.
        Raises, between pages: ButtonError; of its kinds, BadCursor and LoopingPages mean that
        `next_url` of the last page must not be kept.
        """
        if account_id in ("", ".", ".."):  # as a part of the path it would name another resource
            raise ButtonError("This is not the id of a Button account.")
        params = {"time_field": time_field}
        if start is not None:
            params["start"] = clock.wire_text(start)
        if end is not None:
            params["end"] = clock.wire_text(end)
        if page_size is not None:
            params["page_size"] = str(page_size)
        path = f"/v1/affiliation/accounts/{quote(account_id, safe='')}/transactions"
        return self._pages(path, params=params, resume_url=resume_url)

    def _pages(
        self,
        path: str,
        *,
        params: dict[str, str],
        resume_url: str | None = None,
        may_be_one: bool = False,
    ) -> Iterator[Page]:
        started_at = None if resume_url is None else self._resumed(resume_url)
        follow = functools.partial(self._page, has_followed_cursor=True, may_be_one=may_be_one)
        yield from walk(
            functools.partial(
                self._first_page, self._base_url + path, params, may_be_one=may_be_one
            )
            if started_at is None
            else functools.partial(follow, started_at),
            follow,
            base_url=self._base_url,
            pages_max=self._limits.pages_max,
            started_at=started_at,
        )

    def _first_page(self, url: str, params: dict[str, str], *, may_be_one: bool) -> Page:
        while True:
            try:
                return self._page(url, params=params, may_be_one=may_be_one)
            except ButtonRefused as error:
                if error.status != 400 or "page_size" not in params:
                    raise
            log.warning("button.page_size_refused", extra={"page_size": params["page_size"]})
            params = with_smaller_pages(params)

    def _resumed(self, url: str) -> str:
        try:
            if has_cursor(url):
                return next_address(url, base_url=self._base_url)
        except ButtonError:
            log.warning("button.cursor_of_another_host")
        # Kept while BUTTON_API_URL was another, or after a page that led elsewhere.
        raise BadCursor(status=0, message="the cursor that was kept is not of this Button")

    def _page(
        self,
        url: str,
        *,
        params: dict[str, str] | None = None,
        has_followed_cursor: bool = False,
        may_be_one: bool = False,
    ) -> Page:
        deadline = time.monotonic() + self._limits.total_seconds
        attempt = 0
        while True:
            attempt += 1
            try:
                answer = self._exchange(url, params or {}, deadline)
                return read_page(
                    answer,
                    has_followed_cursor=has_followed_cursor,
                    may_be_one=may_be_one,
                    api_key=self._key,
                )
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
                retry_after=max(5, round(failure.after_seconds or 0)),
            ) from failure
        self._sleep(seconds)

    def _exchange(self, url: str, params: dict[str, str], deadline: float) -> Answer:
        """One request, one answer, within what is left of the time. Raises: AskAgainError."""
        left_seconds = deadline - time.monotonic()
        if left_seconds <= 0:
            raise AskAgainError("it took too long")
        session = _session(os.getpid(), has_proxies=not self._base_url.startswith("http:"))
        try:
            with (
                until(deadline),
                session.get(
                    url,
                    params=params,
                    auth=_Key(self._key),
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


@functools.lru_cache(maxsize=4)
def _session(_process_id: int, *, has_proxies: bool) -> requests.Session:
    """The session of this process: connections must not be shared with a forked one."""
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


def button_client() -> ButtonClient:
    """The client that the settings describe. Raises: ButtonMisconfigured."""
    return ButtonClient(api_key=settings.BUTTON_API_KEY, base_url=settings.BUTTON_API_URL)
