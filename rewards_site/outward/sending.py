"""HTTP of this room: one signed event to one receiver. No database, so any thread may.

Only the status and `Retry-After` of an answer are looked at; its body is never read. Redirects are
not followed, proxies of the environment are not used.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError, NewConnectionError

from rewards_site.button.backoff import http_date
from rewards_site.kernel import clock
from rewards_site.outward.addresses import NotAllowed, NotFoundName, addresses_of, place_of
from rewards_site.outward.pauses import PAUSE_MAX
from rewards_site.outward.pinned import POOLS, pinned

SECONDS_MAX = 15.0
"""For connection, TLS, request and the head of the answer together."""
GONE = 410


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What is sent where."""

    url: str
    body: bytes
    headers: Mapping[str, str]
    allow_private: bool
    give_up_at: float
    """Of time.monotonic(): not begun after it, since another may have taken the event over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of it. `error` is empty where the receiver took it."""

    status: int | None = None
    error: str = ""
    retry_after_seconds: float | None = None
    took: timedelta


def send(parcel: Parcel) -> Answer:
    """Send it, and say what came of it; never raises for what the receiver does."""
    begun = time.monotonic()
    status, error, retry_after = _send(parcel)
    took = timedelta(seconds=time.monotonic() - begun)
    return Answer(status=status, error=error, retry_after_seconds=retry_after, took=took)


class _Adapter(HTTPAdapter):
    """Connections that lead where they are told to."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS


def _send(parcel: Parcel) -> tuple[int | None, str, float | None]:
    try:
        place = place_of(parcel.url, allow_private=parcel.allow_private)
        addresses = addresses_of(place, allow_private=parcel.allow_private)
    except (NotAllowed, NotFoundName) as error:
        return None, f"nothing is sent there: {error}", None
    if time.monotonic() > parcel.give_up_at:
        return None, "its host was not found in time", None
    deadline = time.monotonic() + SECONDS_MAX
    try:
        with (
            _session() as session,
            pinned(addresses, seconds_max=SECONDS_MAX),
            session.post(
                parcel.url,
                data=parcel.body,
                headers=dict(parcel.headers),
                timeout=SECONDS_MAX,
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            asked = _seconds(response.headers.get("Retry-After"))
            if time.monotonic() >= deadline:  # its head was cut off, and half of one is no answer
                return None, _late(), asked
            return response.status_code, _why_not(response.status_code), asked
    except (OSError, HTTPError, ValueError) as error:  # requests' own errors are OSErrors
        return None, _words(error, is_late=time.monotonic() >= deadline), None


def _session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False  # no proxies, no .netrc
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.headers.clear()
    session.headers.update({"User-Agent": "button-rewards", "Accept": "*/*"})
    session.mount("https://", _Adapter(max_retries=0))
    session.mount("http://", _Adapter(max_retries=0))
    return session


def _why_not(status: int) -> str:
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"it answered {status}: redirects are not followed"
    if status == GONE:
        return "it answered 410: it wants no events any more"
    return f"it answered {status}"


def _words(error: Exception, *, is_late: bool) -> str:
    """What went wrong, without addresses or headers."""
    if isinstance(error, requests.exceptions.SSLError) and not is_late:
        return "no trusted TLS connection could be made"
    if isinstance(error, requests.ConnectTimeout):
        return "no connection was made in time"
    if is_late or isinstance(error, requests.Timeout | TimeoutError):
        return _late()
    if isinstance(_reason(error), NewConnectionError):
        return "no connection could be made"
    return "the connection was lost before an answer came"


def _reason(error: Exception) -> object:
    """What urllib3 gave up for, inside what requests made of it."""
    return getattr(error.args[0], "reason", None) if error.args else None


def _late() -> str:
    return f"no answer came within {SECONDS_MAX:g} seconds"


def _seconds(header: str | None) -> float | None:
    """`Retry-After` as seconds from now, at most PAUSE_MAX; None where it holds neither form."""
    if header is None:
        return None
    if header.strip().isdecimal() and len(header) < 10:
        return min(float(header), PAUSE_MAX.total_seconds())
    then = http_date(header)
    if then is None:
        return None
    seconds = (then - clock.now()).total_seconds()
    return min(max(0.0, seconds), PAUSE_MAX.total_seconds())
