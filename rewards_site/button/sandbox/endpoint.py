"""The publisher's webhook endpoint as Button sees it: one attempt at a time, signed, over HTTP."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import itertools
import logging
import ssl
import time
from urllib.parse import urlsplit

from rewards_site.button.sandbox.answers import json_bytes
from rewards_site.button.sandbox.chance import falls_within, make_id
from rewards_site.button.sandbox.clock import Clock
from rewards_site.button.sandbox.deliveries import Attempt, Delivery
from rewards_site.button.sandbox.faults import FaultKind, Faults

log = logging.getLogger(__name__)

USER_AGENT = "Button Webhooks 1.0.0"


class Endpoint:
    """Where events are posted, and what they are signed with. Any thread may use it."""

    def __init__(
        self, *, url: str, secret: str, clock: Clock, faults: Faults, timeout_seconds: float
    ) -> None:
        self.url = url
        self._secret = secret
        self._clock = clock
        self._faults = faults
        self._timeout_seconds = timeout_seconds
        self._pings = itertools.count(1)

    def attempt(self, delivery: Delivery) -> Attempt:
        """Post the event once: the same `hook-` id, another `attempt-` id each time."""
        event = delivery.event
        request_id = make_id("attempt", event.hook_id, len(delivery.attempts) + 1)
        fields: list[tuple[str, object]] = [
            ("id", event.hook_id),
            ("event_type", event.event_type),
            ("data", event.data),
            ("request_id", request_id),
        ]
        if falls_within(50, "field order", event.hook_id):  # no order is promised
            fields.reverse()
        is_wrong = self._faults.meets(FaultKind.WRONG_SIGNATURE, request_id) is not None
        return self._post(dict(fields), request_id=request_id, is_wrong=is_wrong)

    def ping(self) -> Attempt:
        """Signed JSON that is no event."""
        request_id = make_id("attempt", "ping", next(self._pings))
        return self._post({"ping": True, "request_id": request_id}, request_id=request_id)

    def _post(
        self, fields: dict[str, object], *, request_id: str, is_wrong: bool = False
    ) -> Attempt:
        """Send it, signed with another secret if `is_wrong`."""
        secret = f"not {self._secret}" if is_wrong else self._secret
        at, begun = self._clock.now(), time.monotonic()
        status, error = None, None
        try:
            status = _posted(
                self.url, json_bytes(fields), secret=secret, timeout_seconds=self._timeout_seconds
            )
        except (OSError, http.client.HTTPException) as problem:
            error = f"{type(problem).__name__}: {problem}"
            log.info("sandbox.webhook_failed", extra={"attempt": request_id, "error": error})
        return Attempt(
            request_id=request_id,
            at=at,
            status=status,
            error=error,
            seconds=time.monotonic() - begun,
        )


def signature(body: bytes, secret: str) -> str:
    """HMAC-SHA256 of the very bytes, in lower-case hex (sheet, 5.3)."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _posted(url: str, body: bytes, *, secret: str, timeout_seconds: float) -> int:
    """The status of the answer; redirects are not followed. Raises: OSError, HTTPException."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Button-Signature": signature(body, secret),
    }
    parts = urlsplit(url)
    connection = (
        http.client.HTTPSConnection(
            parts.netloc, timeout=timeout_seconds, context=ssl.create_default_context()
        )
        if parts.scheme == "https"
        else http.client.HTTPConnection(parts.netloc, timeout=timeout_seconds)
    )
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
