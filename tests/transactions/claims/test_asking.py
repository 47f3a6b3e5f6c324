"""What a reward would come to; however large a total is told, the sums can be made."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from offers.clicks.models import Click
from tests.factories import NOON
from tests.transactions.claims.claiming import claim, tap
from transactions.claims.asking import ORDER_TOTAL_MAX, Asked, estimate_of
from transactions.claims.models import Claim
from transactions.claims.standing import queue_panel


def reward(kind: str, value: str, currency: str | None = None) -> dict[str, Any]:
    return {"type": kind, "value": value, "currency": currency}


@pytest.mark.parametrize(
    ("shown", "total", "estimate"),
    [
        (reward("percent", "8"), 1999, (159, "USD")),
        (reward("percent", "100"), 10**12, (10**12, "USD")),
        (reward("percent", "100"), 10**12 + 1, (None, "")),
        (reward("percent", "8"), ORDER_TOTAL_MAX, (None, "")),
        (reward("fixed", "12.34", "USD"), None, (1234, "USD")),
        (reward("fixed", "1E+999999", "USD"), None, (None, "")),
        (reward("fixed", "Infinity", "USD"), None, (None, "")),
        (reward("fixed", "NaN", "USD"), None, (None, "")),
        (reward("points", "10", "USD"), 1999, (199, "PTS")),
        (reward("points", "1000", "USD"), ORDER_TOTAL_MAX, (None, "")),
        (reward("points", "1000", "EUR"), 1999, (None, "")),
        (reward("points", "250"), None, (250, "PTS")),
        (reward("percent", "8"), None, (None, "")),
        (reward("promise", "8"), 1999, (None, "")),
        ({}, 1999, (None, "")),
    ],
)
def test_the_estimate_by_what_was_shown(
    shown: dict[str, Any], total: int | None, estimate: tuple[int | None, str]
) -> None:
    asked = Asked(click_id="x", order_total_minor=total, order_currency="USD")

    assert estimate_of(Click(reward=shown), asked) == estimate


@pytest.mark.django_db
def test_the_queue_stands_whatever_totals_are_told() -> None:
    for hours in (1, 2, 3):
        click = tap(at=NOON - timedelta(days=40, hours=hours))
        told = claim(click, order_total=ORDER_TOTAL_MAX, currency="USD")
        assert told["verdict"] == "open"
    claim(tap(at=NOON - timedelta(days=40)), order_total=1999, currency="USD")

    assert queue_panel(at=NOON).note == "At risk in all: 1.59 USD."
    assert Claim.objects.filter(order_total_minor=ORDER_TOTAL_MAX).count() == 3
