"""Cursor paging of the member's transactions, both ways, while the list changes."""

from __future__ import annotations

import base64
import uuid
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.pagination import Cursor

from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel.api.paging import read_cursor, write_cursor
from tests.factories import observe, tell
from tests.members.calling import call, problem_of, read
from transactions.models import Transaction

pytestmark = pytest.mark.django_db


def make_orders(count: int, *, start: int = 0) -> None:
    tell(*(observe(f"tx-{number:03}") for number in range(start, start + count)))


def newest_first(**filters: Any) -> list[str]:
    return [
        str(public_id)
        for public_id in Transaction.objects.filter(**filters)
        .order_by("-public_id")
        .values_list("public_id", flat=True)
    ]


def ids(page: Any) -> list[str]:
    return [row["id"] for row in page["results"]]


def decline(public_ids: list[str]) -> None:
    keys = Transaction.objects.filter(public_id__in=public_ids).values_list("order_key", flat=True)
    tx_ids = [key.replace("btnorder", "tx") for key in keys]
    tell(*(observe(tx_id, minutes=1, status=ButtonStatus.DECLINED) for tx_id in tx_ids))


def follow(page: Any, link: str = "next") -> list[Any]:
    """This page and all that its links lead to."""
    pages = [page]
    while page[link] is not None:
        page = read(page[link])
        pages.append(page)
        assert len(pages) < 50
    return pages


def test_forwards_and_back_again_is_every_order_once() -> None:
    make_orders(23)

    there = follow(read("transactions/?limit=5"))
    back = follow(there[-1], "previous")

    assert [len(page["results"]) for page in there] == [5, 5, 5, 5, 3]
    assert [one for page in there for one in ids(page)] == newest_first()
    assert [ids(page) for page in back] == [ids(page) for page in reversed(there)]
    assert there[0]["previous"] is None
    assert back[-1]["previous"] is None
    assert ids(read(back[-1]["next"])) == ids(there[1])


def test_links_are_whole_urls_that_keep_the_limit_and_the_filter() -> None:
    make_orders(3)
    tell(observe("tx-000", minutes=1, status=ButtonStatus.DECLINED))

    page = read("transactions/?status=pending&limit=1")

    parts = urlsplit(page["next"])
    assert (parts.scheme, parts.netloc, parts.path) == (
        "http",
        "testserver",
        "/api/v1/transactions/",
    )
    query = parse_qs(parts.query)
    assert (query["status"], query["limit"]) == (["pending"], ["1"])
    pages = follow(page)
    assert [one for page in pages for one in ids(page)] == newest_first(status="pending")


def test_an_order_that_comes_while_one_pages_moves_nothing() -> None:
    make_orders(6)
    known = newest_first()
    first = read("transactions/?limit=3")

    make_orders(2, start=6)

    second = read(first["next"])
    assert ids(first) + ids(second) == known
    assert ids(read(second["previous"])) == ids(first)


def test_nothing_is_lost_on_the_way_back_when_all_before_left_the_filter() -> None:
    make_orders(4)
    second = read(read("transactions/?status=pending&limit=2")["next"])
    order = newest_first()
    decline(order[:2])

    before = read(second["previous"])

    assert ids(before) == []
    assert before["previous"] is None
    assert ids(read(before["next"])) == order[2:]


def test_nothing_is_lost_on_the_way_on_when_all_behind_left_the_filter() -> None:
    make_orders(4)
    first = read("transactions/?status=pending&limit=2")
    order = newest_first()
    decline(order[2:])

    behind = read(first["next"])

    assert ids(behind) == []
    assert behind["next"] is None
    assert ids(read(behind["previous"])) == order[:2]


def test_fifty_is_the_default_and_two_hundred_the_most() -> None:
    make_orders(205)

    assert len(ids(read("transactions/"))) == 50
    assert len(ids(read("transactions/?limit=200"))) == 200
    for limit in ("201", "1000000", "9" * 5000, "+201"):
        assert len(ids(read(f"transactions/?limit={limit.replace('+', '%2B')}"))) == 200


@pytest.mark.parametrize("limit", ["0", "-1", "-" + "9" * 5000, "1", "01"])
def test_a_limit_below_one_is_one(limit: str) -> None:
    make_orders(2)

    assert len(ids(read(f"transactions/?limit={limit}"))) == 1


@pytest.mark.parametrize("limit", ["", "ten", "1.5", "1e2", "0x10", "%D9%A3", "1_0", "null", "%00"])
def test_a_limit_that_is_no_number_is_422(limit: str) -> None:
    document = problem_of(call(f"transactions/?limit={limit}"), status=422)

    assert document["errors"] == [
        {"field": "limit", "message": "This is a whole number from 1 to 200."}
    ]


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


SOME_ID = uuid.UUID("0199aaaa-bbbb-7ccc-8ddd-eeeeffff0000")
BAD_CURSORS = {
    "empty": "",
    "garbage": "garbage",
    "one letter": "A",
    "not base64": "!!!!",
    "not ASCII": "%C3%A9%C3%A9",
    "a NUL": "%00",
    "a number": "123",
    "an id": str(SOME_ID),
    "another direction": encoded(b"\x02" + SOME_ID.bytes),
    "too short": encoded(b"\x00" + SOME_ID.bytes[:-1]),
    "too long": encoded(b"\x00" + SOME_ID.bytes + b"\x00"),
    "padded": encoded(b"\x00" + SOME_ID.bytes) + "=",
    "other spelling": encoded(b"\x00" + SOME_ID.bytes)[:-1] + "B",
    "REST framework's own": encoded(b"p=2026-01-01"),
    "its offset": encoded(b"o=99999999999999999999"),
    "huge": "A" * 100_000,
}


@pytest.mark.parametrize("cursor", BAD_CURSORS.values(), ids=BAD_CURSORS.keys())
def test_a_bad_cursor_is_400(cursor: str) -> None:
    tell(observe("tx-1"))

    document = problem_of(call(f"transactions/?cursor={cursor}"), status=400)

    assert document["type"] == "/problems/bad-request"
    assert document["errors"] == [{"field": "cursor", "message": "This cursor is not one of ours."}]


def test_a_bad_cursor_is_400_for_a_member_not_seen_before() -> None:
    problem_of(call("transactions/?cursor=garbage", customer_id="nobody-yet"), status=400)


@given(st.booleans(), st.none() | st.uuids())
def test_a_cursor_is_read_back_as_it_was_written(reverse: bool, position: uuid.UUID | None) -> None:
    place: Any = str(position) if position else None
    cursor = Cursor(offset=0, reverse=reverse, position=place)

    assert read_cursor(write_cursor(cursor)) == cursor


@given(st.text(max_size=40))
def test_any_other_text_is_refused_or_its_own_one_spelling(text: str) -> None:
    try:
        cursor = read_cursor(text)
    except ValueError:
        return
    assert write_cursor(cursor) == text
