"""HTTP of this room: alarms to ALERT_WEBHOOK_URL, and looking whether a host answers.

Everything is said within a deadline, whatever the other side does. Redirects are not followed.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from rewards_site.button.backoff import http_date
from rewards_site.button.deadline import POOLS, until
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Unavailable

CONNECT_SECONDS_MAX = 5.0


class NotReached(Unavailable):
    """No answer, in words without addresses."""

    code = "not_reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a host answered; its body is not read."""

    status: int
    date: datetime | None
    """Its own clock, to the second."""
    at: datetime
    """Ours, halfway between asking and answer."""


def look(url: str, *, seconds_max: float) -> Seen:
    """GET, without any key. Raises: NotReached."""
    return _exchange("GET", url, body=None, seconds_max=seconds_max)


def post_json(url: str, body: Mapping[str, Any], *, seconds_max: float) -> Seen:
    """Raises: NotReached."""
    return _exchange("POST", url, body=body, seconds_max=seconds_max)


class _Adapter(HTTPAdapter):
    """Connections whose answers keep to the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS


def _exchange(method: str, url: str, *, body: Mapping[str, Any] | None, seconds_max: float) -> Seen:
    asked_at = clock.now()
    connect = min(CONNECT_SECONDS_MAX, seconds_max)
    try:
        with requests.Session() as session, until(time.monotonic() + seconds_max):
            session.mount("https://", _Adapter(max_retries=0))
            session.mount("http://", _Adapter(max_retries=0))
            with session.request(
                method,
                url,
                json=body,
                headers={"User-Agent": "button-rewards"},
                timeout=(connect, seconds_max),
                allow_redirects=False,
                stream=True,
            ) as response:
                date = http_date(response.headers.get("Date"))
                at = asked_at + (clock.now() - asked_at) / 2
                return Seen(status=response.status_code, date=date, at=at)
    except requests.exceptions.SSLError as error:
        raise NotReached("no trusted TLS connection could be made") from error
    except (requests.Timeout, TimeoutError) as error:
        raise NotReached(f"no answer came within {seconds_max:g} seconds") from error
    except (OSError, HTTPError, ValueError) as error:  # ValueError: an address that is none
        raise NotReached(f"no connection could be made ({type(error).__name__})") from error
