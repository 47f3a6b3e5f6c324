"""Section 3 of the contract: what is refused at the door: 401, 405, 413."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts_sync.inbox.models import WebhookEvent
from rewards_site.button.signature import sign
from tests.accounts_sync.inbox.deliveries import (
    LIVE,
    LIVE_TOO,
    PATH,
    answered,
    deliver,
    problem,
    wire_event,
)
from tests.factories import balances

MEBIBYTE = 1024 * 1024


# 401 ----------------------------------------------------------------------------------------------

UNSIGNED = problem(
    401,
    "Unauthorized",
    "X-Button-Signature is missing, or none of the configured secrets made it for this very body.",
)


@pytest.mark.parametrize(
    "signature",
    [
        "",
        "0" * 64,
        "sha256=" + sign(b"{}", LIVE),
        sign(b"{}", LIVE).upper(),
        sign(b"{}", LIVE) + ", " + sign(b"{}", LIVE),
        sign(b"{ }", LIVE),
        sign(b"{}", "another secret"),
        "ä" * 64,
        "\x7f",
    ],
)
def test_a_wrong_signature_is_401_and_nothing_is_kept(db: None, signature: str) -> None:
    answer = deliver(b"{}", signature=signature)

    assert answered(answer) == (401, UNSIGNED)
    assert answer["Content-Type"] == "application/problem+json"
    assert not WebhookEvent.objects.exists()


def test_a_missing_signature_is_401(db: None) -> None:
    answer: Any = Client().post(PATH, data=b"{}", content_type="application/json")

    assert answered(answer) == (401, UNSIGNED)
    assert not WebhookEvent.objects.exists()


def test_without_configured_secrets_everything_is_401(db: None, settings: Settings) -> None:
    settings.BUTTON_WEBHOOK_SECRETS = []
    settings.BUTTON_TEST_WEBHOOK_SECRETS = []

    assert deliver(wire_event()).status_code == 401
    assert deliver(wire_event(), secret="").status_code == 401
    assert not WebhookEvent.objects.exists()


def test_while_a_secret_is_rotated_the_old_and_the_new_are_accepted(
    db: None, settings: Settings
) -> None:
    assert deliver(wire_event("hook-1", tx_id="tx-1"), secret=LIVE).status_code == 200
    assert deliver(wire_event("hook-2", tx_id="tx-2"), secret=LIVE_TOO).status_code == 200
    settings.BUTTON_WEBHOOK_SECRETS = [LIVE_TOO]

    assert deliver(wire_event("hook-3", tx_id="tx-3"), secret=LIVE).status_code == 401
    assert balances() == {"pending": 1000}


# 405, 413 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("path", ["/webhooks/button/", "/webhooks/button"])
def test_other_methods_are_405(db: None, method: str, path: str) -> None:
    body = json.dumps(wire_event()).encode()

    answer = Client().generic(
        method, path, body, "application/json", headers={"X-Button-Signature": sign(body, LIVE)}
    )

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert not WebhookEvent.objects.exists()


def padded(size: int) -> bytes:
    """A signed-able event of exactly `size` bytes."""
    body = json.dumps(wire_event(attributes="HERE"))
    return body.replace("HERE", "x" * (size - len(body) + len("HERE"))).encode()


def test_a_body_of_exactly_one_mebibyte_is_taken(db: None) -> None:
    body = padded(MEBIBYTE)
    assert len(body) == 1_048_576

    assert answered(deliver(body)) == (200, {"status": "processed"})


def test_a_body_of_one_byte_more_is_413(db: None) -> None:
    answer = deliver(padded(MEBIBYTE + 1))

    expected = problem(413, "Request Entity Too Large", "A webhook has at most 1048576 bytes.")
    assert answered(answer) == (413, expected)
    assert not WebhookEvent.objects.exists()


class Stream(BytesIO):
    """What a server hands on; counts what was read of it."""

    read_count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        assert size > 0, "would wait for as long as the sender likes"
        piece = super().read(min(size, 1000))  # a network gives less than it is asked for
        self.read_count += len(piece)
        return piece


def deliver_raw(body: bytes, stream: Stream, **environ: Any) -> Any:
    return Client().generic(
        "POST",
        PATH,
        b"",
        "application/json",
        headers={"X-Button-Signature": sign(body, LIVE)},
        **({"wsgi.input": stream} | environ),
    )


def test_a_told_length_over_the_limit_is_413_unread(db: None) -> None:
    stream = Stream(b"{}")

    answer = deliver_raw(b"{}", stream, CONTENT_LENGTH=str(MEBIBYTE + 1))

    assert (answer.status_code, stream.read_count) == (413, 0)


def test_a_body_in_chunks_is_taken(db: None) -> None:
    body = padded(5000)

    answer = deliver_raw(body, Stream(body), **{"wsgi.input_terminated": True})

    assert answered(answer) == (200, {"status": "processed"})


def test_a_body_in_endless_chunks_is_read_one_byte_past_the_limit(db: None) -> None:
    stream = Stream(padded(3 * MEBIBYTE))

    answer = deliver_raw(b"", stream, **{"wsgi.input_terminated": True})

    assert (answer.status_code, stream.read_count) == (413, MEBIBYTE + 1)


@pytest.mark.parametrize("length", ["", "0", "1", "899", "999", "-5", "x", "1e3", "9" * 5000])
def test_a_wrong_length_is_a_refusal_and_nothing_worse(db: None, length: str) -> None:
    body = padded(900)

    answer = deliver_raw(body, Stream(body[:-1]), CONTENT_LENGTH=length)

    assert answer.status_code == 401
    assert not WebhookEvent.objects.exists()


class BrokenStream(Stream):
    def read(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError


def test_a_sender_that_hangs_up_is_401(db: None) -> None:
    answer = deliver_raw(b"{}", BrokenStream(), CONTENT_LENGTH="2")

    assert answer.status_code == 401


def test_a_wrong_host_setting_loses_no_event(db: None, settings: Settings) -> None:
    """A 400 is never sent again by Button: a signed event is judged by its signature alone."""
    settings.ALLOWED_HOSTS = ["rewards.example.com"]
    body = json.dumps(wire_event()).encode()

    answer: Any = Client().post(
        PATH,
        data=body,
        content_type="application/json",
        headers={"Host": "10.0.0.7:8000", "X-Button-Signature": sign(body, LIVE)},
    )

    assert answered(answer) == (200, {"status": "processed"})
