"""The hash of a promise: another one for whatever decides, the same however it is typed."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from decimal import Decimal

import pytest

from offers.rules.promise import Promise
from offers.rules.terms import TermsKind
from offers.rules.words import pays_text, window_text

PROMISE = Promise(
    zone="UTC", kind=TermsKind.POINTS_FIXED, points=Decimal(10), starts=datetime(2026, 7, 1)  # noqa: DTZ001
)  # fmt: skip
OTHER: dict[str, object] = {
    "zone": "Europe/Berlin",
    "kind": TermsKind.POINTS_PER_UNIT,
    "points": Decimal("10.1"),
    "currency": "USD",
    "cap_minor": 5,
    "minimum_order_minor": 5,
    "minimum_currency": "EUR",
    "is_promotion": True,
    "budget_minor": 5,
    "budget_currency": "PTS",
    "priority": 1,
    "merchant_id": "org-a",
    "category": "Shoes",
    "starts": datetime(2026, 7, 2),  # noqa: DTZ001
    "ends": datetime(2026, 8, 1),  # noqa: DTZ001
}
DECIDES_NOTHING = {"note"}
OF_ANOTHER_KIND = {"share_bps", "fixed_minor"}
"""A version of points has none of these (check)."""


def hash_of(promise: Promise, rule_id: str = "r-1", version: int = 1) -> str:
    return promise.content_hash(rule_id=rule_id, version=version)


def test_every_field_that_decides_is_in_the_hash() -> None:
    assert {field.name for field in fields(Promise)} == (
        OTHER.keys() | DECIDES_NOTHING | OF_ANOTHER_KIND
    )
    seen = {hash_of(PROMISE), hash_of(PROMISE, "r-2"), hash_of(PROMISE, version=2)}
    for name, value in OTHER.items():
        seen.add(hash_of(replace(PROMISE, **{name: value})))  # type: ignore[arg-type]  # any
    share = replace(PROMISE, kind=TermsKind.SHARE, points=Decimal(0))
    fixed = replace(share, kind=TermsKind.FIXED, currency="USD")
    for other in (*(share, replace(share, share_bps=5), fixed, replace(fixed, fixed_minor=5)),):
        seen.add(hash_of(other))

    assert len(seen) == 3 + len(OTHER) + 4


def test_the_same_promise_has_the_same_hash_however_it_is_typed() -> None:
    for points in ("10", "10.0", "1E+1", "10.0000"):
        assert hash_of(replace(PROMISE, points=Decimal(points))) == hash_of(PROMISE)
    moscow = replace(PROMISE, zone="Europe/Moscow", starts=datetime(2026, 7, 1, 3))  # noqa: DTZ001

    assert hash_of(moscow) == hash_of(PROMISE)
    assert hash_of(replace(PROMISE, note="Other")) == hash_of(PROMISE)


def test_the_hash_is_the_same_for_ever() -> None:
    """Approvals and back-tests that are stored name it."""
    assert hash_of(PROMISE) == "5a4c2eef5769c5f09fa0965d66202ec76be37315a9308b2935b335f60b2dbb3f"


@pytest.mark.parametrize(
    ("promise", "words"),
    [
        (Promise(zone="UTC", share_bps=225), "2.25 % of the commission"),
        (Promise(zone="UTC", share_bps=0), "0 % of the commission"),
        (
            Promise(zone="UTC", share_bps=10_000, currency="KWD", cap_minor=1_500),
            "100 % of the commission in KWD, at most 1.500 KWD an order",
        ),
        (
            Promise(zone="UTC", kind=TermsKind.FIXED, fixed_minor=250, currency="JPY"),
            "250 JPY an order",
        ),
        (
            replace(PROMISE, currency="USD", minimum_order_minor=5_000),
            "10 points an order with a commission in USD, from an order of 50.00 USD on",
        ),
    ],
)
def test_what_it_pays_in_words(promise: Promise, words: str) -> None:
    assert pays_text(promise) == words


def test_its_window_in_words_is_by_its_own_clocks() -> None:
    always = replace(PROMISE, starts=None)

    assert window_text(always) == "always"
    assert window_text(PROMISE) == "from 2026-07-01 00:00 on (UTC)"
    ends = datetime(2026, 8, 1, 12, 0, 30)  # noqa: DTZ001
    assert window_text(replace(always, ends=ends)) == "until 2026-08-01 12:00:30 (UTC)"
