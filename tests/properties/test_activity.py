"""Whatever Button tells, in whatever batches: a member's activity adds up to their balances."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from rewards_site.button.schemas import ButtonStatus
from tests.factories import observe, tell
from tests.members.calling import read
from transactions.ledger.activity import wrong_activity

CURRENCIES = ("USD", "JPY", "KWD")
MEMBERS = ("one", "two")

FACTS = st.tuples(
    st.integers(0, 4),
    st.sampled_from(list(ButtonStatus)),
    st.integers(-50, 2000),
    st.sampled_from([*MEMBERS, None]),
    st.integers(0, 30),
)


def everything(path: str, customer_id: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    page = read(path, customer_id=customer_id)
    while True:
        rows += page["results"]
        if page["next"] is None:
            return rows
        page = read(page["next"], customer_id=customer_id)


class TestActivity(TestCase):
    @given(facts=st.lists(FACTS, max_size=25), batch=st.integers(1, 9))
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    def test_it_adds_up(self, facts: list[Any], batch: int) -> None:
        told = [
            observe(
                f"tx-{order}",
                account_id=f"acc-{CURRENCIES[order % 3]}",
                currency=CURRENCIES[order % 3],
                status=status,
                amount_minor=amount,
                minutes=minutes,
                publisher_customer_id=member or MEMBERS[order % 2],
            )
            for order, status, amount, member, minutes in facts
        ]
        for start in range(0, len(told), batch):
            tell(*told[start : start + batch])

        assert list(wrong_activity()) == []
        for member in MEMBERS:
            items = everything("activity/?limit=3", member)
            assert [item["number"] for item in items] == list(range(len(items), 0, -1))
            assert len({item["id"] for item in items}) == len(items)
            balances = {
                row["currency"]: row for row in read("balances/", customer_id=member)["results"]
            }
            for currency in CURRENCIES:
                mine = [item for item in items if item["currency"] == currency]
                row = balances.get(currency, {"pending": 0, "available": 0})
                assert sum(item["pending_change"] for item in mine) == row["pending"]
                assert sum(item["available_change"] for item in mine) == row["available"]
                for newer, older in pairwise(mine):
                    for pot in ("pending", "available"):
                        before = newer[f"{pot}_after"] - newer[f"{pot}_change"]
                        assert before == older[f"{pot}_after"]
