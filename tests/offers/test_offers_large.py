"""What a large answer of Button's may cost: it is cut, and its place is held until it is made."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import responses
from django.db import connection
from pytest_django import Settings

from offers.rules import gates
from rewards_site.button.errors import ButtonBusy
from rewards_site.button.waiting import waiting_for_button
from tests.factories import MERCHANT
from tests.members.calling import call, problem_of, read
from tests.offers.menus import brand, offered, percent
from tests.offers.rules.making import TWICE, published

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def few_permits(settings: Settings) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 20


def test_of_more_than_two_thousand_brands_the_rest_is_left_out(
    button: responses.RequestsMock,
) -> None:
    offered(
        button,
        *[brand(f"org-{n}", percent(f"offer-{n}")) for n in range(2_001)],
    )

    merchants = read("offers/")["merchants"]

    assert [one["merchant_id"] for one in merchants] == [f"org-{n}" for n in range(2_000)]
    assert sum(len(one["offers"]) for one in merchants) == 2_000


def test_the_place_is_held_until_the_menu_is_made(
    button: responses.RequestsMock, settings: Settings
) -> None:
    """While rules are asked for their budgets, after Button answered, nobody else has a place."""
    settings.WEB_THREADS = 2
    published("Twice", TWICE)
    offered(button, brand(MERCHANT, percent()))
    refused: list[object] = []

    def look(_wanted: object) -> dict[str, int]:
        with ThreadPoolExecutor(1) as pool:
            error = pool.submit(waiting_for_button().__enter__).exception()
        refused.append(type(error))
        return {}

    before = dict(gates._budget_used)
    gates.register_budget_used(look)
    try:
        assert call("offers/").status_code == 200
    finally:
        gates._budget_used.clear()
        gates._budget_used.update(before)

    assert refused == [ButtonBusy]
    with waiting_for_button():
        pass  # it was given back


def test_without_a_place_nothing_is_asked(
    button: responses.RequestsMock, settings: Settings
) -> None:
    settings.WEB_THREADS = 2
    offered(button, brand(MERCHANT, percent()))

    def ask_meanwhile() -> None:
        answer = call("offers/")
        problem = problem_of(answer, status=503)
        assert (problem["type"], answer.headers["Retry-After"]) == (
            "/problems/rates-unavailable",
            "1",
        )
        connection.close()

    with waiting_for_button(), ThreadPoolExecutor(1) as pool:
        pool.submit(ask_meanwhile).result()

    assert not button.calls
