"""`/api/v1/members/{customer_id}/…`: the members' own reads, opened by a key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from rewards_site.api_keys.scopes import Scope
from rewards_site.api_keys.services import revoke_api_key
from rewards_site.members.models import Member
from tests.api_keys.calling import MADE_AT, ask, make_key
from tests.factories import MEMBER, observe, tell
from tests.members.calling import call, problem_of, read, token_for
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

READS = ("me/", "balances/", "transactions/", "activity/", "merchants/")
ODD_IDS = [
    "a/b",
    "/",
    "//",
    "a%2Fb",
    "%",
    "%%25",
    "a?b=c#d",
    "a+b&c",
    "u/transactions",
    "u/balances/",
    "members/x/me",
    "transactions/00000000-0000-4000-8000-000000000000/",
    "~" * 255,
    "<'\"\\`;|>",
]


@pytest.fixture
def key() -> str:
    return make_key().text


def test_every_read_is_the_members_own(key: str) -> None:
    tell(observe("tx-1", merchant_name="Northwind"), observe("tx-2"))
    public_id = Transaction.objects.values_list("public_id", flat=True)[0]

    for path in (*READS, f"transactions/{public_id}/", "transactions/?status=pending&limit=2"):
        mine = ask(key, path)
        assert mine.status_code == 200, path
        assert mine.json() == read(path)
        assert mine.headers["Cache-Control"] == "no-store"


def test_pages_lead_on_through_the_back_ends_door(key: str) -> None:
    tell(*(observe(f"tx-{number}", publisher_customer_id="a/b%") for number in range(3)))

    first = ask(key, "activity/?limit=2", customer_id="a/b%").json()

    assert "/api/v1/members/a/b%25/activity/?" in first["next"]
    second = Client().get(first["next"], headers={"Authorization": f"Bearer {key}"}).json()
    assert [row["number"] for row in (*first["results"], *second["results"])] == [3, 2, 1]
    assert second["next"] is None


@pytest.mark.parametrize("customer_id", ODD_IDS)
def test_every_customer_id_can_be_asked_for(key: str, customer_id: str) -> None:
    tell(observe("tx-1", publisher_customer_id=customer_id), observe("tx-2"))
    public_id = Transaction.objects.get(member__customer_id=customer_id).public_id

    def answer(path: str) -> Any:
        response = ask(key, path, customer_id=customer_id)
        assert response.status_code == 200, response.content
        return response.json()

    assert answer("me/")["customer_id"] == customer_id
    assert [row["pending"] for row in answer("balances/")["results"]] == [500]
    assert len(answer("transactions/")["results"]) == 1
    assert answer(f"transactions/{public_id}/")["id"] == str(public_id)
    assert len(answer("activity/")["results"]) == 1


def test_a_customer_id_not_seen_before_is_answered_empty_and_made_no_member(key: str) -> None:
    assert ask(key, "me/").json() == {
        "member_id": None,
        "customer_id": MEMBER,
        "created_at": None,
        "unread_notifications": 0,
    }
    assert ask(key, "balances/").json() == {"results": []}
    for path in ("transactions/", "activity/"):
        assert ask(key, path).json() == {"next": None, "previous": None, "results": []}
    assert not Member.objects.exists()


@pytest.mark.parametrize("customer_id", ["a b", "é", "x" * 256, "a\x00b", "a\tb"])
def test_what_cannot_be_a_customer_id_is_404(key: str, customer_id: str) -> None:
    document = problem_of(ask(key, "balances/", customer_id=customer_id), status=404)

    assert "1 to 255 characters" in document["detail"]


def test_another_members_order_is_404(key: str) -> None:
    tell(observe("tx-1", publisher_customer_id="another"))
    public_id = Transaction.objects.get().public_id

    problem_of(ask(key, f"transactions/{public_id}/"), status=404)
    problem_of(ask(key, "transactions/nonsense/"), status=404)
    problem_of(ask(key, "nothing/"), status=404)


def test_a_key_opens_nothing_of_the_member_api_and_a_token_nothing_here(key: str) -> None:
    for path in READS:
        problem_of(call(path, token=key), status=401)
        response = ask(token_for(), path)
        assert "API key" in problem_of(response, status=401)["detail"]
        assert response.headers["WWW-Authenticate"] == (
            'Bearer realm="back end", error="invalid_token"'
        )


def test_no_key_at_all_is_401() -> None:
    response = Client().get(f"/api/v1/members/{MEMBER}/me/")

    problem_of(response, status=401)
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="back end"'


def test_a_key_without_the_scope_is_403() -> None:
    key = make_key(Scope.REDEMPTIONS_WRITE).text

    for path in READS:
        document = problem_of(ask(key, path), status=403)
        assert document["detail"] == "This key lacks the scope members:read."


def test_wrong_keys_are_401(key: str) -> None:
    other = make_key(name="other").text
    wrong = {
        "cut": key[:-1],
        "longer": key + "A",
        "last letter": key[:-1] + ("A" if key[-1] != "A" else "B"),
        "another's secret": key[:15] + other[15:],
        "unknown id": "rk_" + "0" * 12 + key[15:],
        "upper case": key.upper(),
        "no secret": key[:16],
        "a megabyte": "rk_" + "a" * 1_000_000,
        "not ASCII": "rk_" + "é" * 12 + key[15:],
        "NUL": key + "\x00",
    }
    for name, text in wrong.items():
        response = Client().get(
            f"/api/v1/members/{MEMBER}/me/", HTTP_AUTHORIZATION=f"Bearer {text}"
        )
        assert response.status_code == 401, name
    for scheme in ("Basic", "Api-Key", ""):
        response = Client().get(
            f"/api/v1/members/{MEMBER}/me/", HTTP_AUTHORIZATION=f"{scheme} {key}".strip()
        )
        assert response.status_code == 401, scheme


def test_a_key_ends_at_its_time_and_when_it_is_revoked() -> None:
    made = make_key(expires_at=MADE_AT + timedelta(days=1))
    with time_machine.travel(MADE_AT + timedelta(hours=23, minutes=59), tick=False):
        assert ask(made.text, "me/").status_code == 200
    with time_machine.travel(MADE_AT + timedelta(days=1), tick=False):
        problem_of(ask(made.text, "me/"), status=401)
    lasting = make_key(name="lasting")
    assert ask(lasting.text, "me/").status_code == 200

    actor = User.objects.get(username="root")
    revoke_api_key(pk=lasting.row.pk, actor=actor, reason="leaked", at=MADE_AT)

    problem_of(ask(lasting.text, "me/"), status=401)


def test_its_use_is_noted_every_ten_minutes(key: str) -> None:
    with time_machine.travel(MADE_AT + timedelta(hours=1), tick=False) as clock:
        seen = []
        for minutes in (0, 9, 10, 11, 30):
            clock.move_to(MADE_AT + timedelta(hours=1, minutes=minutes))
            with CaptureQueriesContext(connection) as captured:
                ask(key, "balances/")
            seen.append(sum(query["sql"].startswith("UPDATE") for query in captured))

    assert seen == [1, 0, 1, 0, 1]


def test_a_read_costs_one_statement_more_than_the_members_own(key: str) -> None:
    tell(observe("tx-1"))
    ask(key, "balances/")

    with CaptureQueriesContext(connection) as captured:
        ask(key, "balances/")

    assert len(captured) == 2


@pytest.mark.parametrize("path", READS)
def test_nothing_can_be_written(key: str, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        response = ask(key, path, method=method)
        assert response.status_code == 405
        assert response.headers["Allow"] == "GET, HEAD"


def test_a_path_without_its_last_slash_leads_there(key: str) -> None:
    response = ask(key, "balances", customer_id="a/b%2F")

    assert response.status_code == 301
    assert response.headers["Location"] == "/api/v1/members/a/b%252F/balances/"
