"""A cut row says what the whole one said, but for names; whatever Button may send."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewards_site.button.reading import Unreadable, read_transaction
from rewards_site.button.redaction import READ, names_anybody, redacted, without
from rewards_site.button.schemas import TransactionObservation
from rewards_site.button.wirejson import has_conflicts, parse, text_of
from tests.button.rows import NEEDED

NAME, TEXT = "anna", "erased-0123456789abcdef0123456789abcdef"
LINES = (
    "identifier",
    "description",
    "category",
    "quantity",
    "amount",
    "total",
    "publisher_comission",
)
VALUES = st.sampled_from(
    [None, "", NAME, f" {NAME}", "x", 0, 7, True, {}, {"mail": NAME}, [], [NAME], ["a", 1]]
)


def text_for(told: str) -> str | None:
    return TEXT if told == NAME else None


def nobody(_told: str) -> str | None:
    return None


def read(raw: object) -> TransactionObservation | str:
    try:
        return read_transaction(raw)
    except Unreadable as error:
        return str(error)


@given(
    changes=st.dictionaries(st.sampled_from(sorted(READ)), VALUES, max_size=6),
    lines=st.none()
    | st.lists(st.dictionaries(st.sampled_from(LINES), VALUES) | VALUES, max_size=3),
)
def test_what_is_read_stays_what_it_was(changes: dict[str, Any], lines: Any) -> None:
    raw: dict[str, Any] = (
        NEEDED | changes | ({"order_line_items": lines} if lines is not None else {})
    )
    raw["mail"] = NAME

    cut = redacted(raw, nobody)

    assert read(cut) == read(raw)
    assert redacted(cut, nobody) == cut
    assert isinstance(cut, dict)
    assert cut.keys() <= READ


def test_names_are_replaced_and_whatever_is_not_read_is_gone() -> None:
    raw = NEEDED | {"publisher_customer_id": NAME, "pub_ref": NAME, "mail": NAME, "ids": [NAME]}

    cut = redacted(raw, text_for)

    before = read_transaction(raw)
    assert read(cut) == replace(before, publisher_customer_id=TEXT, pub_ref=TEXT)
    assert NAME not in json.dumps(cut)


@pytest.mark.parametrize(
    ("raw", "is_named"),
    [
        ({"publisher_customer_id": NAME}, True),
        ({"publisher_customer_id": f"{NAME} "}, True),
        ({"unknown": [{"deep": NAME}]}, True),
        ({NAME: 1}, True),
        ({"status": NAME, "currency": NAME}, False),
        ({"pub_ref": f"{NAME}2"}, False),
        ([1, None, True], False),
    ],
)
def test_where_a_name_is_seen(raw: object, is_named: bool) -> None:
    assert names_anybody(raw, text_for) is is_named


def test_what_is_told_twice_stays_in_doubt() -> None:
    raw = parse(b'{"id": "tx-1", "amount": 1, "amount": 2, "mail": "a", "mail": "b"}')

    cut = parse(text_of(redacted(raw, nobody)).encode())

    assert has_conflicts(cut)
    assert read(cut) == read(raw)
    assert has_conflicts(without(raw, {"mail"}))
