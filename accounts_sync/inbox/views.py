"""POST /webhooks/button/: method, size, signature; then one line per answer of the contract."""

from __future__ import annotations

import logging
from functools import partial
from http import HTTPStatus
from typing import IO, Final, assert_never

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from accounts_sync.inbox.ingest import Delivery, Receipt, Taken, ingest
from accounts_sync.inbox.refusals import count_refusal
from rewards_site.button.signature import verify
from rewards_site.kernel import clock
from rewards_site.kernel.db import retry_deadlocks

log = logging.getLogger(__name__)

BODY_BYTES_MAX: Final = 1024 * 1024
_READ_BYTES: Final = 64 * 1024
_RETRY_AFTER_SECONDS: Final = 5


@csrf_exempt  # authenticated by the body's signature; no cookie is looked at
def button_webhook(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _refusal(405, "Webhooks are sent by POST.", Allow="POST")
    body = _read_body(request)
    if body is None:
        return _refusal(413, f"A webhook has at most {BODY_BYTES_MAX} bytes.")
    signature = request.headers.get("X-Button-Signature", "")
    is_live = verify(body, signature, settings.BUTTON_WEBHOOK_SECRETS)
    if not is_live and not verify(body, signature, settings.BUTTON_TEST_WEBHOOK_SECRETS):
        return _refusal(
            401,
            "X-Button-Signature is missing, or none of the configured secrets made it for this "
            "very body.",
            WWW_Authenticate="X-Button-Signature",
        )
    delivery = Delivery(body=body, is_test=not is_live, at=clock.now())
    try:
        receipt = retry_deadlocks(partial(ingest, delivery))
    except DatabaseError as error:
        log.exception("webhook.unavailable", extra={"error_class": type(error).__name__})
        return _problem(
            503,
            "The database can't commit this now. Nothing was kept: send it again.",
            Retry_After=str(_RETRY_AFTER_SECONDS),
        )
    return _answer(receipt)


def _answer(receipt: Receipt) -> HttpResponse:
    match receipt.taken:
        case Taken.PROCESSED | Taken.DUPLICATE:
            return JsonResponse({"status": receipt.taken.value})
        case Taken.IGNORED:
            return JsonResponse({"status": receipt.taken.value, "reason": receipt.reason})
        case Taken.DEFERRED:
            return JsonResponse(
                {"status": receipt.taken.value, "reason": receipt.reason}, status=202
            )
        case Taken.REJECTED:
            return _problem(400, receipt.reason)
        case unreachable:
            assert_never(unreachable)


def _refusal(status: int, detail: str, **headers: str) -> HttpResponse:
    count_refusal(status)
    return _problem(status, detail, **headers)


def _problem(status: int, detail: str, **headers: str) -> HttpResponse:
    """RFC 9457; of a header's name `_` stands for `-`."""
    return JsonResponse(
        {
            "type": "about:blank",
            "title": HTTPStatus(status).phrase,
            "status": status,
            "detail": detail,
        },
        status=status,
        content_type="application/problem+json",
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def _read_body(request: HttpRequest) -> bytes | None:
    """The raw body; None if it is over the limit. Never reads more than one byte past it.

    A body that breaks off is what has come of it: its signature will not fit.
    """
    if _told_length(request) > BODY_BYTES_MAX:
        return None
    stream = _stream(request)
    body = bytearray()
    try:
        while len(body) <= BODY_BYTES_MAX:
            piece = stream.read(min(_READ_BYTES, BODY_BYTES_MAX + 1 - len(body)))
            if not piece:
                break
            body += piece
    except OSError:  # the sender hung up
        pass
    return None if len(body) > BODY_BYTES_MAX else bytes(body)


def _told_length(request: HttpRequest) -> int:
    try:
        return int(request.META.get("CONTENT_LENGTH") or 0)
    except ValueError:
        return 0


def _stream(request: HttpRequest) -> HttpRequest | IO[bytes]:
    """Where the body is read from.

    Django takes a request without a Content-Length for empty. One that was sent in chunks has
    none, and the server says that its own stream ends by itself.
    """
    is_chunked = not request.META.get("CONTENT_LENGTH") and request.META.get(
        "wsgi.input_terminated"
    )
    chunked: IO[bytes] = request.META["wsgi.input"]
    return chunked if is_chunked else request
