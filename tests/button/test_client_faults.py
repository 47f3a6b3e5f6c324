"""Refusals are told, faults are asked again, and both come to an end."""

from typing import Any

import pytest
import requests
from responses import RequestsMock

from rewards_site.button.client import ButtonClient, Limits
from rewards_site.button.errors import (
    ButtonError,
    ButtonRefused,
    ButtonUnavailable,
)
from tests.button.client_support import (
    ACCOUNTS,
    KEY,
    TRANSACTIONS,
    Waits,
    envelope,
    make_client,
    pages_of,
)
from tests.button.samples import vectors


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 418, 422, 451])
def test_other_refusals_are_never_asked_again(
    button: RequestsMock, api: ButtonClient, waits: Waits, status: int
) -> None:
    body = {"meta": {"status": "error"}, "error": {"message": "No.", "type": "NoMerchantApproval"}}
    button.get(ACCOUNTS, status=status, json=body)

    with pytest.raises(ButtonRefused) as refusal:
        api.accounts()

    assert (refusal.value.status, refusal.value.message) == (status, "No.")
    assert refusal.value.error_type == "NoMerchantApproval"
    assert (len(button.calls), waits) == (1, [])


@pytest.mark.parametrize(
    "vector",
    [vector for vector in vectors("auth-and-envelope")["error_bodies"] if vector["body"]],
    ids=lambda vector: str(vector["body"]),
)
def test_every_error_body_vector(
    button: RequestsMock, api: ButtonClient, vector: dict[str, Any]
) -> None:
    button.get(ACCOUNTS, status=vector["http_status"], body=vector["body"])

    if vector["http_status"] == 200:
        with pytest.raises(ButtonUnavailable, match="did not have the status ok"):
            api.accounts()
        return
    with pytest.raises(ButtonRefused) as refusal:
        api.accounts()
    told = vector["message"]
    assert refusal.value.message == (told if told and told != "404 bloop" else "404 Not Found")


@pytest.mark.parametrize(
    "body", ["<h1>Forbidden</h1>", "", "[" * 5000, '{"error": {"message": 5}}', '"sk-"']
)
def test_a_refusal_without_a_json_message(
    button: RequestsMock, api: ButtonClient, body: str
) -> None:
    button.get(ACCOUNTS, status=403, body=body)

    with pytest.raises(ButtonRefused, match="Button refused with 403: 403 Forbidden"):
        api.accounts()


def test_a_refusal_never_repeats_the_key_nor_breaks_a_line(
    button: RequestsMock, api: ButtonClient
) -> None:
    told = f"Invalid api_key {KEY}\n\x00\ud800" + "x" * 9000
    button.get(ACCOUNTS, status=401, json={"error": {"message": told, "type": KEY}})

    with pytest.raises(ButtonRefused) as refusal:
        api.accounts()

    assert refusal.value.message.startswith("Invalid api_key [redacted]   xxx")
    assert len(refusal.value.message) == 500
    assert refusal.value.error_type == "[redacted]"
    assert KEY not in str(refusal.value)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
def test_a_fault_is_asked_again(
    button: RequestsMock, api: ButtonClient, waits: Waits, status: int
) -> None:
    button.get(ACCOUNTS, status=status, body="<html>")
    button.get(ACCOUNTS, status=status, body="<html>")
    button.get(ACCOUNTS, json=envelope())

    assert api.accounts().accounts == []
    assert waits == [0.5, 1.0]


@pytest.mark.parametrize(
    "body",
    [
        "<html>Bad gateway</html>",
        "",
        "[]",
        "null",
        '{"meta": {"status": "ok"}, "objects": [{"id": "tx-1"},',
        '{"meta": {"status": "error"}, "objects": []}',
        '{"meta": {"status": "ok"}}',
        '{"meta": {"status": "ok"}, "objects": null}',
        '{"meta": {"status": "ok"}, "objects": {"id": "tx-1"}}',
        '{"meta": "ok", "objects": []}',
        '{"objects": []}',
        '{"meta": {"status": "ok", "next": 7}, "objects": []}',
        '{"meta": {"status": "ok"}, "objects": [1], "objects": []}',
        '{"meta": {"status": "ok", "next": null, "next": "x"}, "objects": []}',
    ],
)
@pytest.mark.parametrize("status", [200, 204])
def test_what_is_not_the_envelope_is_asked_again_and_never_taken_for_an_end(
    button: RequestsMock, api: ButtonClient, waits: Waits, body: str, status: int
) -> None:
    button.get(TRANSACTIONS, body=body, status=status)
    button.get(TRANSACTIONS, json=envelope(1))

    assert [page.rows for page in pages_of(api)] == [[1]]
    assert waits == [0.5]


def test_after_five_attempts_it_gives_up(
    button: RequestsMock, api: ButtonClient, waits: Waits
) -> None:
    button.get(ACCOUNTS, status=503)

    with pytest.raises(ButtonUnavailable) as error:
        api.accounts()

    assert str(error.value) == "Button could not be used (attempts: 5): it answered 503."
    assert error.value.retry_after == 5
    assert len(button.calls) == 5
    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_the_jitter_is_full(button: RequestsMock, waits: Waits) -> None:
    button.get(ACCOUNTS, status=503)
    draws = iter([0.0, 0.5, 0.25, 1.0, 0.0])

    with pytest.raises(ButtonUnavailable):
        make_client(waits, draw=lambda: next(draws)).accounts()

    assert waits == [0.0, 0.5, 0.5, 4.0]


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": " 7 "}, 7.0),
        ({"Retry-After": "0"}, 0.5),
        ({"Retry-After": "-7"}, 0.5),
        ({"Retry-After": "soon"}, 0.5),
        ({"Retry-After": "1.5"}, 0.5),
        ({"Retry-After": "Sat, 21 Nov 2026 12:00:09 GMT"}, 9.0),
        ({"Retry-After": "Sat, 21 Nov 2026 11:00:00 GMT"}, 0.5),
        # Their clock is an hour ahead: only the difference on one clock counts.
        (
            {
                "Retry-After": "Sat, 21 Nov 2026 13:00:09 GMT",
                "Date": "Sat, 21 Nov 2026 13:00:00 GMT",
            },
            9.0,
        ),
    ],
)
def test_retry_after_is_honoured(
    button: RequestsMock,
    api: ButtonClient,
    waits: Waits,
    headers: dict[str, str],
    pause: float,
) -> None:
    button.get(ACCOUNTS, status=429, headers=headers)
    button.get(ACCOUNTS, json=envelope())

    api.accounts()

    assert waits == [pause]


@pytest.mark.parametrize("header", ["61", "999999999", "Sun, 22 Nov 2026 12:00:00 GMT"])
def test_a_retry_after_past_the_deadline_is_handed_on_and_not_waited_for(
    button: RequestsMock, api: ButtonClient, waits: Waits, header: str
) -> None:
    button.get(ACCOUNTS, status=429, headers={"Retry-After": header})

    with pytest.raises(ButtonUnavailable) as error:
        api.accounts()

    assert error.value.retry_after == {"61": 61}.get(header, 300)
    assert (len(button.calls), waits) == (1, [])


@pytest.mark.parametrize("digits", ["9" * 5000, "٧"])
def test_a_retry_after_that_is_no_number(
    button: RequestsMock, api: ButtonClient, waits: Waits, digits: str
) -> None:
    button.get(ACCOUNTS, status=429, headers={"Retry-After": digits})
    button.get(ACCOUNTS, json=envelope())

    api.accounts()

    assert waits == [0.5]


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (requests.ConnectionError("refused"), r"the connection failed \(str\)"),
        (requests.ConnectTimeout("x"), "no connection was made in time"),
        (requests.ReadTimeout("x"), "no complete answer came in time"),
        (requests.exceptions.SSLError("x"), "no trusted TLS connection could be made"),
        (requests.exceptions.ChunkedEncodingError("x"), "the connection failed"),
        (requests.exceptions.ContentDecodingError("x"), "the connection failed"),
    ],
)
def test_network_faults_are_asked_again(
    button: RequestsMock, api: ButtonClient, waits: Waits, error: Exception, words: str
) -> None:
    button.get(ACCOUNTS, body=error)

    with pytest.raises(ButtonUnavailable, match=words):
        api.accounts()

    assert waits == [0.5, 1.0, 2.0, 4.0]


def test_an_answer_past_the_limit_is_refused(button: RequestsMock, waits: Waits) -> None:
    button.get(ACCOUNTS, json=envelope("x" * 2000))

    with pytest.raises(ButtonError, match="larger than 1000 bytes"):
        make_client(waits, limits=Limits(body_bytes_max=1000)).accounts()

    assert waits == []


def test_no_pause_is_begun_that_would_outlive_the_deadline(
    button: RequestsMock, waits: Waits
) -> None:
    button.get(ACCOUNTS, status=503)

    with pytest.raises(ButtonUnavailable, match=r"attempts: 2\)"):
        make_client(waits, limits=Limits(total_seconds=0.9)).accounts()

    assert waits == [0.5]
