from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from accounts_sync.inbox.envelope import (
    Event,
    NotAnEvent,
    Ping,
    digest_of,
    read_envelope,
    storable_text,
    stored_hook_id,
)
from rewards_site.button.wirejson import parse
from tests.accounts_sync.inbox.deliveries import wire_event

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def digest(text: str) -> str:
    return digest_of(parse(text.encode()))


@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_are_an_event_a_ping_or_neither(body: bytes) -> None:
    envelope = read_envelope(body)

    assert isinstance(envelope, Event | Ping | NotAnEvent)
    assert len(envelope.digest) == 64


@given(st.dictionaries(st.text(), JSON, max_size=5))
def test_a_digest_is_of_what_is_said_not_of_how(said: dict[str, object]) -> None:
    said.pop("request_id", None)
    backwards = dict(reversed(said.items())) | {"request_id": "attempt-2"}

    assert digest(json.dumps(said, indent=1)) == digest(json.dumps(backwards, ensure_ascii=False))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('{"a": 1}', '{"a": 2}'),
        ('{"a": 1}', '{"a": 1.0}'),
        ('{"a": 1}', '{"a": "1"}'),
        ('{"a": 1}', '{"a": true}'),
        ('{"a": 1.5}', '{"a": "1.5"}'),
        ('{"a": null}', "{}"),
        ('{"a": []}', '{"a": {}}'),
        ('{"a": [1, 2]}', '{"a": [2, 1]}'),
        ('{"a": {"b": 1}, "c": 2}', '{"a": {"b": 1, "c": 2}}'),
        ('{"a": {"request_id": 1}}', '{"a": {"request_id": 2}}'),
        ('{"a": {"b": 1, "b": 2}}', '{"a": {"b": 2}}'),
        (f'{{"a": {2**63}}}', f'{{"a": {2**63 + 1}}}'),
        (f'{{"a": {"9" * 5000}}}', f'{{"a": {"9" * 5001}}}'),
        ('{"a": "\\ud800"}', '{"a": "\\ud801"}'),
        ('{"a": "\\u0000"}', '{"a": ""}'),
    ],
)
def test_bodies_that_say_something_else_have_another_digest(one: str, other: str) -> None:
    assert digest(one) != digest(other)


def test_a_body_that_is_not_json_has_the_digest_of_its_bytes() -> None:
    envelope = read_envelope(b"not json")

    assert envelope.digest == hashlib.sha256(b"not json").hexdigest()


def test_an_event_is_read() -> None:
    said = wire_event("hook-1", tx_id="tx-1")

    envelope = read_envelope(json.dumps(said).encode())

    assert isinstance(envelope, Event)
    assert (envelope.hook_id, envelope.event_type) == ("hook-1", "tx-pending")
    assert (envelope.tx_id, envelope.data, envelope.ambiguous) == ("tx-1", said["data"], ())


@pytest.mark.parametrize("tx_id", [None, 7, "", "a\0", "\ud800", "t" * 256, ["tx-1"]])
def test_a_tx_id_that_cannot_be_stored_is_left_out(tx_id: object) -> None:
    said = wire_event() | {"data": {"id": tx_id}}

    envelope = read_envelope(json.dumps(said).encode())

    assert isinstance(envelope, Event)
    assert envelope.tx_id == ""


@pytest.mark.parametrize(
    ("told", "stored"),
    [
        ("hook-4be7d10f93a26c58", "hook-4be7d10f93a26c58"),
        ("é" * 255, "é" * 255),
        ("h" * 256, "sha256-" + hashlib.sha256(b"h" * 256).hexdigest()),
        ("a\0", "sha256-" + hashlib.sha256(b"a\0").hexdigest()),
        ("\ud800", "sha256-" + hashlib.sha256(b"\xed\xa0\x80").hexdigest()),
    ],
)
def test_a_hook_id_that_cannot_be_stored_is_stored_as_its_hash(told: str, stored: str) -> None:
    assert stored_hook_id(told) == stored


def test_text_is_made_storable_and_cut() -> None:
    assert storable_text("a\0b\ud800c\U0001f600d", 6) == "a\ufffdb\ufffdc\U0001f600"
