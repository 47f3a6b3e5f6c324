"""Lists: followed to their end, resumed, and never led astray."""

import re
from itertools import count
from typing import Any

import pytest
import responses
from responses import RequestsMock

from rewards_site.button.client import ButtonClient, Limits
from rewards_site.button.errors import (
    BadCursor,
    ButtonError,
    ButtonRefused,
    LoopingPages,
)
from tests.button.client_support import (
    BASE,
    NOW,
    TRANSACTIONS,
    Waits,
    envelope,
    make_client,
    pages_of,
    queries,
)
from tests.button.samples import vectors


def test_pages_are_followed_by_the_cursor_alone(button: RequestsMock, api: ButtonClient) -> None:
    button.get(TRANSACTIONS, json=envelope(1, next_url=f"{TRANSACTIONS}?cursor=a%3A1"))
    button.get(TRANSACTIONS, json=envelope(2, next_url=f"{TRANSACTIONS}?cursor=b"))
    button.get(TRANSACTIONS, json=envelope(3))

    pages = list(pages_of(api, start=NOW, page_size=1))

    assert [page.rows for page in pages] == [[1], [2], [3]]
    assert [page.next_url for page in pages] == [
        f"{TRANSACTIONS}?cursor=a%3A1",
        f"{TRANSACTIONS}?cursor=b",
        None,
    ]
    assert queries(button) == [
        "time_field=modified_date&start=2026-11-21T12%3A00%3A00Z&page_size=1",
        "cursor=a%3A1",
        "cursor=b",
    ]


def test_a_short_or_empty_page_is_not_the_end(button: RequestsMock, api: ButtonClient) -> None:
    button.get(TRANSACTIONS, json=envelope(next_url=f"{TRANSACTIONS}?cursor=a"))
    button.get(TRANSACTIONS, json=envelope(2))

    assert [page.rows for page in pages_of(api, page_size=50)] == [[], [2]]


@pytest.mark.parametrize(
    "meta",
    [
        {"status": "ok"},
        {"status": "ok", "next": None},
        {"status": "ok", "next": ""},
        *[
            {"status": "ok", "next": vector["url"]}
            for vector in vectors("auth-and-envelope")["cursor_from_url"]
            if vector["cursor"] is None
        ],
    ],
)
def test_lists_that_end(button: RequestsMock, api: ButtonClient, meta: dict[str, Any]) -> None:
    button.get(TRANSACTIONS, json={"meta": meta, "objects": [1]})

    assert [(page.rows, page.next_url) for page in pages_of(api)] == [([1], None)]


@pytest.mark.parametrize(
    "next_url",
    [
        f"{BASE}:443/v1/affiliation/accounts/acc-1/transactions?cursor=abc",
        "HTTPS://API.usebutton.com/v1/affiliation/accounts/acc-1/transactions?cursor=abc#x",
    ],
)
def test_the_same_host_may_be_spelled_otherwise(
    button: RequestsMock, api: ButtonClient, next_url: str
) -> None:
    button.get(TRANSACTIONS, json=envelope(1, next_url=next_url))
    button.get(TRANSACTIONS, json=envelope(2))

    assert [page.rows for page in pages_of(api)] == [[1], [2]]
    assert button.calls[1].request.url == f"{TRANSACTIONS}?cursor=abc"


@pytest.mark.parametrize(
    "next_url",
    [
        "https://evil.example/v1?cursor=a",
        "http://api.usebutton.com/v1?cursor=a",
        "https://api.usebutton.com:8443/v1?cursor=a",
        "https://api.usebutton.com.evil.example/v1?cursor=a",
        "https://api.usebutton.com@evil.example/v1?cursor=a",
        "https://evil.example@api.usebutton.com/v1?cursor=a",
        "https://api.usebutton.com\\@evil.example/v1?cursor=a",
        "https://evil.example\\.api.usebutton.com/v1?cursor=a",
        "https://api.usebutton.com\t.evil.example/v1?cursor=a",
        "//evil.example/v1?cursor=a",
        "/v1?cursor=a",
        "?cursor=a",
        "file:///etc/passwd?cursor=a",
        "https://api.usebutton.com:x/v1?cursor=a",
        "https://[::1/v1?cursor=a",
    ],
)
def test_a_next_page_elsewhere_is_an_error_and_nothing_is_sent(
    button: RequestsMock, api: ButtonClient, next_url: str
) -> None:
    button.get(TRANSACTIONS, json=envelope({"id": "tx-1"}, next_url=next_url))
    button.get(re.compile(".*"), json=envelope())
    pages = pages_of(api)

    assert next(pages).rows == [{"id": "tx-1"}]
    with pytest.raises(ButtonError, match=r"not on https://api\.usebutton\.com; it was not"):
        next(pages)
    assert len(button.calls) == 1


@pytest.mark.parametrize("loop", [["a", "a"], ["a", "b", "a"], ["a", "b", "c", "b"]])
def test_pages_that_lead_back_end_with_an_error(
    button: RequestsMock, api: ButtonClient, loop: list[str]
) -> None:
    for cursor in loop:
        button.get(TRANSACTIONS, json=envelope(1, next_url=f"{TRANSACTIONS}?cursor={cursor}"))
    pages = pages_of(api)

    for _ in loop:
        assert next(pages).rows == [1]
    with pytest.raises(LoopingPages, match="lead back"):
        next(pages)
    assert len(button.calls) == len(loop)


def test_a_resumed_walk_that_leads_to_its_own_start(
    button: RequestsMock, api: ButtonClient
) -> None:
    button.get(TRANSACTIONS, json=envelope(1, next_url=f"{TRANSACTIONS}?cursor=a"))
    pages = pages_of(api, resume_url=f"{TRANSACTIONS}?cursor=a")

    next(pages)
    with pytest.raises(LoopingPages):
        next(pages)


def test_pages_without_end_end_with_an_error(button: RequestsMock, waits: Waits) -> None:
    numbers = count()

    def answer(_: object) -> tuple[int, dict[str, str], str]:
        page = f'{TRANSACTIONS}?cursor={next(numbers)}"'
        return 200, {}, f'{{"meta": {{"status": "ok", "next": "{page}}}, "objects": []}}'

    button.add_callback(responses.GET, TRANSACTIONS, callback=answer)
    pages = pages_of(make_client(waits, limits=Limits(pages_max=3)))

    assert [next(pages).rows for _ in range(3)] == [[], [], []]
    with pytest.raises(LoopingPages, match="more than 3 pages"):
        next(pages)


def test_a_walk_is_resumed_by_the_url_alone(button: RequestsMock, api: ButtonClient) -> None:
    button.get(TRANSACTIONS, json=envelope(3))

    [page] = pages_of(
        api, start=NOW, page_size=500, resume_url=f"{BASE}:443{TRANSACTIONS[25:]}?cursor=b%3D"
    )

    assert page.rows == [3]
    assert queries(button) == ["cursor=b%3D"]


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_dead_cursor_is_told_apart(
    button: RequestsMock, api: ButtonClient, status: int, waits: Waits
) -> None:
    button.get(TRANSACTIONS, json=envelope(1, next_url=f"{TRANSACTIONS}?cursor=a"))
    button.get(TRANSACTIONS, status=status, json={"error": {"message": "bad cursor"}})
    pages = pages_of(api)
    next(pages)

    with pytest.raises(BadCursor) as refusal:
        next(pages)

    assert (refusal.value.status, refusal.value.message) == (status, "bad cursor")
    assert waits == []


def test_a_dead_cursor_that_was_kept(button: RequestsMock, api: ButtonClient) -> None:
    button.get(TRANSACTIONS, status=400, json={"error": {"message": "bad cursor"}})

    with pytest.raises(BadCursor):
        next(pages_of(api, resume_url=f"{TRANSACTIONS}?cursor=a"))


@pytest.mark.parametrize(
    "resume_url", ["http://127.0.0.1:9001/v1?cursor=a", "https://[", TRANSACTIONS, "12345"]
)
def test_a_cursor_kept_from_another_button_is_dead_too(
    button: RequestsMock, api: ButtonClient, resume_url: str
) -> None:
    with pytest.raises(BadCursor):
        next(pages_of(api, resume_url=resume_url))

    assert len(button.calls) == 0


def test_401_to_a_cursor_is_no_dead_cursor(button: RequestsMock, api: ButtonClient) -> None:
    button.get(TRANSACTIONS, status=401, json={"error": {"message": "Invalid api_key"}})

    with pytest.raises(ButtonRefused) as refusal:
        next(pages_of(api, resume_url=f"{TRANSACTIONS}?cursor=a"))

    assert type(refusal.value) is ButtonRefused


@pytest.mark.parametrize(
    ("refusals", "asked"),
    [(1, "&page_size=200"), (2, "&page_size=100"), (3, "")],
)
def test_a_page_size_that_button_refuses_falls_back_to_smaller_ones(
    button: RequestsMock, api: ButtonClient, refusals: int, asked: str
) -> None:
    for _ in range(refusals):
        button.get(TRANSACTIONS, status=400, json={"error": {"message": "page_size"}})
    button.get(TRANSACTIONS, json=envelope(1))

    assert [page.rows for page in pages_of(api, page_size=500, start=NOW)] == [[1]]
    assert queries(button)[-1] == f"time_field=modified_date&start=2026-11-21T12%3A00%3A00Z{asked}"
    assert len(button.calls) == refusals + 1


def test_a_400_that_the_page_size_did_not_cause(button: RequestsMock, api: ButtonClient) -> None:
    button.get(TRANSACTIONS, status=400, json={"error": {"message": "malformed time"}})

    with pytest.raises(ButtonRefused) as refusal:
        list(pages_of(api, page_size=500))

    assert (type(refusal.value), refusal.value.message) == (ButtonRefused, "malformed time")
    assert len(button.calls) == 4
