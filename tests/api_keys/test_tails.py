"""Where a customer id ends and the rest of the path begins: no path has a second reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import URLPattern, get_resolver, resolve

from rewards_site.api_keys.door import BackEndDoor
from tests.api_keys.calling import ask, make_key
from tests.factories import observe, tell

_HEAD = "^members/(?P<customer_id>.+)/"
_IDS = {
    "transaction_id": "00000000-0000-4000-8000-000000000000",
    "merchant_id": "org-0123456789abcdef",
    "redemption_id": "00000000-0000-7000-8000-000000000000",
    "claim_id": "00000000-0000-7000-8000-000000000001",
    "currency": "USD",
}
"""What an id looks like, by its name: a route with another brings an example here."""


def back_end_routes(patterns: list[Any] | None = None) -> Iterator[URLPattern]:
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        if not isinstance(pattern, URLPattern):
            yield from back_end_routes(pattern.url_patterns)
        elif issubclass(getattr(pattern.callback, "view_class", object), BackEndDoor):
            yield pattern


def tail_of(route: URLPattern) -> str:
    """An example of what stands behind the customer id."""
    written = str(route.pattern)
    assert written.startswith(_HEAD)
    tail = re.sub(
        r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)",
        lambda match: _IDS[match[1]],
        written.removeprefix(_HEAD).removesuffix("$"),
    )
    assert route.pattern.match(f"members/a/{tail}"), f"{tail!r} is no example of {written}"
    return tail


def beginnings(tail: str) -> list[str]:
    """merchants/org-1/ → merchants, merchants/org-1."""
    words = tail.strip("/").split("/")
    return ["/".join(words[: number + 1]) for number in range(len(words))]


def test_a_customer_id_may_end_as_any_tail_begins() -> None:
    tails = {str(route.name): tail_of(route) for route in back_end_routes()}
    assert {"back-end-me", "back-end-balances", "back-end-merchant"} <= set(tails)
    ends = {end for tail in tails.values() for end in beginnings(tail)}

    for name, tail in tails.items():
        for end in sorted(ends):
            for customer_id in (end, f"a/{end}", f"a/{end}/", f"{end}/{end}"):
                found = resolve(f"/api/v1/members/{customer_id}/{tail}")
                read = (found.url_name, found.kwargs["customer_id"])
                assert read == (name, customer_id), f"{customer_id!r} + {tail!r}"


@pytest.mark.django_db
@pytest.mark.parametrize("customer_id", ["a/merchants", "merchants", "a/merchants/merchants"])
def test_a_customer_id_that_ends_in_merchants_is_read_as_any_other(customer_id: str) -> None:
    tell(observe("tx-1", publisher_customer_id=customer_id))
    key = make_key().text

    balances = ask(key, "balances/", customer_id=customer_id)

    assert balances.status_code == 200, balances.content
    assert [row["pending"] for row in balances.json()["results"]] == [500]
    for path in ("transactions/", "activity/"):
        assert len(ask(key, path, customer_id=customer_id).json()["results"]) == 1
    assert ask(key, "me/", customer_id=customer_id).json()["customer_id"] == customer_id
    assert ask(key, "merchants/", customer_id=customer_id).json()["results"] == []
