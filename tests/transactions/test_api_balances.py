"""`GET balances/`."""

from __future__ import annotations

import pytest
from pytest_django import DjangoAssertNumQueries

from rewards_site.button.schemas import ButtonStatus
from tests.factories import observe, tell
from tests.members.calling import read

pytestmark = pytest.mark.django_db


def test_a_member_without_money_has_no_balances() -> None:
    assert read("balances/", customer_id="nobody-yet") == {"results": []}


def test_each_currency_stands_for_itself_in_its_minor_unit() -> None:
    tell(
        observe("tx-1", amount_minor=1000),
        observe("tx-2", amount_minor=501, status=ButtonStatus.VALIDATED),
        observe("tx-3", amount_minor=300, currency="JPY", account_id="acc-jpy"),
        observe("tx-4", amount_minor=12345, currency="KWD", account_id="acc-kwd"),
        observe("tx-5", publisher_customer_id="somebody-else"),
    )

    nothing = {"pending": 0, "available": 0, "redeeming": 0, "paid_out": 0, "lifetime_earned": 0}
    assert read("balances/") == {
        "results": [
            nothing | {"currency": "JPY", "pending": 150},
            nothing | {"currency": "KWD", "pending": 6172},
            nothing | {"currency": "USD", "pending": 500, "available": 250, "lifetime_earned": 250},
        ]
    }


def test_a_currency_that_came_to_nothing_stays_with_zeros() -> None:
    tell(observe("tx-1", amount_minor=1000))
    tell(observe("tx-1", minutes=1, status=ButtonStatus.DECLINED))

    assert read("balances/") == {
        "results": [
            {
                "currency": "USD",
                "pending": 0,
                "available": 0,
                "redeeming": 0,
                "paid_out": 0,
                "lifetime_earned": 0,
            }
        ]
    }


def test_it_is_one_query_for_any_number_of_currencies(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    tell(
        *(
            observe(f"tx-{currency}", currency=currency, account_id=f"acc-{currency}")
            for currency in ("AUD", "CAD", "EUR", "GBP", "JPY", "KWD", "USD")
        )
    )

    with django_assert_num_queries(1):
        assert len(read("balances/")["results"]) == 7
