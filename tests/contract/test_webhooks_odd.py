"""Section 3 of the contract: bodies that are odd, and bodies that are no events (400)."""

from __future__ import annotations

import json

import pytest

from accounts_sync.inbox.models import WebhookEvent
from tests.accounts_sync.inbox.deliveries import (
    answered,
    deliver,
    only_event,
    problem,
    wire_event,
    wire_transaction,
)
from tests.factories import balances

# odd, and yet an event ----------------------------------------------------------------------------


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "x\udfffy", "\0"])
def test_nul_and_lone_surrogates_in_text_do_no_harm(db: None, odd: str) -> None:
    answer = deliver(wire_event(commerce_organization_name=odd, btn_ref=odd, order_id=odd))

    assert answered(answer) == (200, {"status": "processed"})
    assert balances() == {"pending": 500}


@pytest.mark.parametrize("odd", ["a\0b", "\ud800", "tx-" + "9" * 300])
def test_ids_that_cannot_be_stored_are_deferred_with_their_evidence(db: None, odd: str) -> None:
    status, said = answered(deliver(wire_event(tx_id=odd)))

    assert (status, said["status"]) == (202, "deferred")
    assert said["reason"].startswith("`id` is text ")
    assert json.loads(bytes(only_event().body))["data"]["id"] == odd


@pytest.mark.parametrize("odd", ["hook-\0", "hook-\ud800", "h" * 256, "h" * 100_000])
def test_hook_ids_that_cannot_be_stored_still_name_one_event(db: None, odd: str) -> None:
    answers = [deliver(wire_event(odd)), deliver(wire_event(odd)), deliver(wire_event(odd + "2"))]

    assert [answered(answer) for answer in answers[:2]] == [
        (200, {"status": "processed"}),
        (200, {"status": "duplicate"}),
    ]
    assert answered(answers[2])[1]["status"] == "ignored"
    assert WebhookEvent.objects.count() == 2


def test_hook_ids_up_to_255_characters_stay_as_they_are(db: None) -> None:
    deliver(wire_event("h" * 255))

    assert only_event().hook_id == "h" * 255


def test_json_nested_a_thousand_deep_is_read(db: None) -> None:
    deep = "[" * 1000 + "]" * 1000
    body = json.dumps(wire_event(attributes="HERE")).replace('"HERE"', deep).encode()

    answers = [deliver(body), deliver(body)]

    assert [answered(answer)[1]["status"] for answer in answers] == ["processed", "duplicate"]
    assert bytes(only_event().body) == body


def test_a_byte_order_mark_is_let_pass(db: None) -> None:
    answer = deliver(b"\xef\xbb\xbf" + json.dumps(wire_event()).encode())

    assert answered(answer) == (200, {"status": "processed"})


# 400 ----------------------------------------------------------------------------------------------

NOT_EVENTS = [
    (b"", "The body is not JSON: Expecting value (line 1, column 1)."),
    (b"{", None),
    (b"\xff\xfe{\x00}\x00", "The body is not UTF-8."),
    (json.dumps({"id": "hook-1"}).encode("utf-16"), "The body is not UTF-8."),
    (b'{"id": NaN}', "The body is not JSON: NaN is no JSON number."),
    (b'{"id": "hook-1", "event_type": "tx-pending", "data": {"amount": Infinity}}', None),
    (b"[" * 1000, "The body is not JSON: its brackets do not pair."),
    (b"[]", "The body is JSON, but not an object."),
    (b'"tx-pending"', "The body is JSON, but not an object."),
    (b"17", "The body is JSON, but not an object."),
    (b"null", "The body is JSON, but not an object."),
    (b'{"event_type": "tx-pending"}', "`id` is missing: it is not there."),
    (b'{"id": null, "event_type": "tx-pending"}', "`id` is missing: it is null."),
    (b'{"id": "", "event_type": "tx-pending"}', "`id` is missing: it is an empty string."),
    (b'{"id": 17, "event_type": "tx-pending"}', "`id` is missing: it is not a string."),
    (b'{"id": "hook-1"}', "`event_type` is missing: it is not there."),
    (b'{"id": "hook-1", "event_type": null}', "`event_type` is missing: it is null."),
    (b'{"id": "hook-1", "event_type": ""}', "`event_type` is missing: it is an empty string."),
    (b'{"id": "hook-1", "event_type": {}}', "`event_type` is missing: it is not a string."),
]


@pytest.mark.parametrize(("body", "detail"), NOT_EVENTS)
def test_rejected_bodies_are_400_and_kept_as_evidence(
    db: None, body: bytes, detail: str | None
) -> None:
    answer = deliver(body)

    event = only_event()
    assert answered(answer) == (400, problem(400, "Bad Request", detail or event.reason))
    assert answer["Content-Type"] == "application/problem+json"
    assert (event.status, event.hook_id, bytes(event.body)) == ("rejected", None, body)
    assert event.reason == answered(answer)[1]["detail"]


def test_the_same_rejected_body_is_kept_once_and_counted(db: None) -> None:
    for number in range(5):
        deliver({"id": "hook-1", "request_id": f"attempt-{number}"})
        deliver(b"not json")

    kept = WebhookEvent.objects.filter(status="rejected")
    assert list(kept.values_list("delivery_count", flat=True)) == [5, 5]


def test_a_rejected_body_does_not_take_the_id(db: None) -> None:
    deliver({"id": "hook-1", "data": wire_transaction()})

    assert answered(deliver(wire_event("hook-1"))) == (200, {"status": "processed"})
