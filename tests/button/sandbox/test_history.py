"""A past that the sandbox begins with: told by the API, by no webhook."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.running import running_sandbox
from rewards_site.kernel.errors import InvalidInput
from tests.button.sandbox.caller import ALL, Caller
from tests.button.sandbox.stage import NOON, on_stage

PAST: dict[str, Any] = {"history_days": 120, "history_orders": 20, "shoppers": 0}


def test_the_api_tells_the_past_and_no_webhook_does() -> None:
    with on_stage(**PAST) as stage:
        rows = [row for page in stage.caller.pages(ALL, page_size=500) for row in page]
        stage.send()
        told = stage.told()

    bought = [datetime.fromisoformat(row["order_purchased_date"]) for row in rows]
    assert told == []
    assert Counter(row["commerce_organization"] for row in rows) == {
        brand.id: 20 for brand in catalog.BRANDS
    }
    assert NOON - timedelta(days=120) <= min(bought) < NOON - timedelta(days=110)
    assert max(bought) <= NOON - timedelta(days=1)
    assert {row["status"] for row in rows} == {"pending", "validated", "declined"}
    changed = [datetime.fromisoformat(row["modified_date"]) for row in rows]
    assert all(first <= then <= NOON for first, then in zip(bought, changed, strict=True))


def test_what_is_pending_still_comes_to_its_end() -> None:
    with on_stage(**PAST) as stage:
        before = Counter(order["status"] for order in stage.caller.state()["orders"])
        stage.advance(days=200)
        after = Counter(order["status"] for order in stage.caller.state()["orders"])
        validated = [told for told, _ in stage.told()]

    assert before["pending"] > 0
    assert after == {
        "validated": before["validated"] + before["pending"],
        "declined": before["declined"],
    }
    assert validated == ["tx-validated"] * before["pending"]


def test_the_past_is_the_same_for_a_seed() -> None:
    pasts = []
    for seed in (7, 7, 8):
        with running_sandbox(seed=seed, clock=SteppedClock(NOON), **PAST) as sandbox:
            pasts.append(Caller(sandbox).state()["orders"])

    assert pasts[0] == pasts[1]
    assert pasts[0] != pasts[2]


def test_without_it_there_is_no_past() -> None:
    with running_sandbox(seed=7) as sandbox:
        assert Caller(sandbox).state()["orders"] == []


@pytest.mark.parametrize("option", [{"history_days": -1}, {"history_days": 9, "history_orders": 0}])
def test_a_past_of_nothing_is_refused(option: Any) -> None:
    with pytest.raises(InvalidInput, match="a past is of 1 to 3650 days"):
        running_sandbox(**option).__enter__()
