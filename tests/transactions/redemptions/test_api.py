"""`POST redemptions/` and its reads: what an app sees."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pytest_django import Settings

from tests.factories import MEMBER, balances
from tests.members.calling import call, problem_of, read
from tests.spending import differences
from tests.transactions.redemptions.asking import ask, body, fund
from transactions.ledger.models import Account, EntryGroup
from transactions.redemptions.models import Redemption

pytestmark = pytest.mark.django_db


def test_what_is_asked_for_is_held_at_once() -> None:
    fund(1200)

    answer = ask(body(700))

    assert answer.status_code == 201
    told = answer.json()
    assert re.fullmatch(r"[0-9a-f-]{36}", told.pop("id"))
    assert told.pop("requested_at").endswith("Z")
    assert told == {
        "status": "requested",
        "currency": "USD",
        "amount": 700,
        "method": "manual",
        "destination": "DE***3000",
        "approved_at": None,
        "finished_at": None,
        "held_until": None,
        "reason": None,
    }
    assert balances() == {"available": 500, "redeeming": 700}
    [money] = read("balances/")["results"]
    assert (money["available"], money["redeeming"], money["lifetime_earned"]) == (500, 700, 1200)
    assert differences() == []


def test_it_is_read_again_alone_and_in_the_list_newest_first() -> None:
    fund(2000)
    first, second = ask(body(600)).json(), ask(body(700)).json()

    assert read(f"redemptions/{first['id']}/") == first
    assert read("redemptions/")["results"] == [second, first]
    page = read("redemptions/?limit=1")
    assert page["results"] == [second]
    assert read(page["next"])["results"] == [first]


def test_anothers_is_404_and_moves_nothing() -> None:
    fund(1000)
    mine = ask(body(600)).json()

    for path, method in (("", "GET"), ("cancel/", "POST")):
        answer = call(f"redemptions/{mine['id']}/{path}", method=method, customer_id="u-other")
        assert problem_of(answer, status=404)["detail"] == "You have no such redemption."
    assert balances() == {"available": 400, "redeeming": 600}
    assert read("redemptions/", customer_id="u-other")["results"] == []


def test_cancelled_it_is_available_again_and_a_second_time_is_no_error() -> None:
    fund(1000)
    mine = ask(body(600)).json()
    path = f"redemptions/{mine['id']}/cancel/"

    first, again = (call(path, method="POST") for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json() == read(f"redemptions/{mine['id']}/")
    assert first.json()["status"] == "cancelled"
    assert first.json()["finished_at"] is not None
    assert balances() == {"available": 1000}
    assert EntryGroup.objects.filter(cause__startswith="redemption/").count() == 2
    assert differences() == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"amount": 499}, "amount"),
        ({"amount": 1001}, "amount"),
        ({"amount": 0}, "amount"),
        ({"amount": -500}, "amount"),
        ({"amount": True}, "amount"),
        ({"amount": 600.0}, "amount"),
        ({"amount": "600"}, "amount"),
        ({"amount": None}, "amount"),
        ({"amount": 2**63}, "amount"),
        ({"amount": 10**30}, "amount"),
        ({"currency": "XXX"}, "currency"),
        ({"currency": "usd"}, "currency"),
        ({"currency": ["USD"]}, "currency"),
        ({"method": "gold"}, "method"),
        ({"method": 1}, "method"),
        ({"destination": ""}, "destination"),
        ({"destination": "   "}, "destination"),
        ({"destination": "x" * 256}, "destination"),
        ({"destination": "IBAN\nDE89"}, "destination"),
        ({"destination": "IBAN \u202eDE89"}, "destination"),
        ({"destination": 12345}, "destination"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_nothing_moves(
    change: dict[str, Any], field: str
) -> None:
    fund(1000)

    problem = problem_of(ask(body() | change), status=422)

    assert [error["field"] for error in problem["errors"]] == [field]
    assert balances() == {"available": 1000}
    assert not Redemption.objects.exists()
    assert not Account.objects.filter(kind="redeeming").exists()


def test_a_currency_without_a_minimum_has_one_and_points_are_a_currency(
    settings: Settings,
) -> None:
    settings.REDEMPTION_MINIMUMS = {"USD": 500, "KWD": 0}
    fund(3, currency="JPY")
    fund(3, currency="KWD")

    assert problem_of(ask(body(0, currency="JPY")), status=422)
    assert problem_of(ask(body(0, currency="KWD")), status=422)
    assert ask(body(1, currency="JPY")).status_code == 201
    assert ask(body(1, currency="KWD")).status_code == 201
    points = problem_of(ask(body(1, currency="PTS")), status=422)
    assert points["errors"] == [{"field": "amount", "message": "No more than 0 PTS is available."}]


def test_who_was_never_seen_has_nothing_to_redeem() -> None:
    answer = ask(body(), customer_id="u-never-seen")

    assert problem_of(answer, status=422)["errors"][0]["field"] == "amount"
    assert balances("u-never-seen") == {}


def test_no_answer_holds_the_destination_in_full() -> None:
    fund(1000)
    hidden = "Jane Doe, 5 Main Street, Springfield"

    answer = ask(body(600, destination=hidden))

    told = answer.content.decode() + call("redemptions/").content.decode()
    assert answer.json()["destination"] == "***ield"
    assert "Jane" not in told
    assert "Main" not in told
    row = Redemption.objects.get(member__customer_id=MEMBER)
    assert "Jane" not in str(vars(row))
