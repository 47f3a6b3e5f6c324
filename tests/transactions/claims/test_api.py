"""`POST claims/`, `GET claims/`, `GET claims/{id}/`, and the reads of the back end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from rewards_site.api_keys.scopes import Scope
from rewards_site.api_keys.services import make_api_key
from rewards_site.kernel import clock
from rewards_site.members.erasure import Person, erasers
from rewards_site.notifications.models import Notice
from tests.factories import MEMBER, MERCHANT, NOON, tell
from tests.members.calling import call, problem_of, read
from tests.transactions.claims.claiming import claim, order_of, tap
from transactions.claims.filing import CLAIMS_A_DAY_MAX
from transactions.claims.models import Claim, ClaimStep

pytestmark = pytest.mark.django_db

SECRETS = ("commission", "margin", "listed", "terms", "evidence", "estimate", "1000")


def long_ago() -> Any:
    return tap(at=clock.now() - timedelta(days=30))


def test_a_claim_is_shown_whole_and_filled_from_the_click() -> None:
    click = long_ago()
    bought = click.clicked_at + timedelta(minutes=5)

    answer = claim(
        click,
        order_reference=" A-1 ",
        order_total=8000,
        currency="usd",
        purchased_at=bought.isoformat().replace("+00:00", "Z"),
        note="Where is <it>?",
    )

    assert answer.pop("created_at").endswith("Z")
    clicked_at = answer.pop("clicked_at")
    assert clicked_at.startswith(f"{click.clicked_at:%Y-%m-%dT%H:%M:%S}")
    assert answer.pop("purchased_at").startswith(f"{bought:%Y-%m-%dT%H:%M:%S}")
    row = Claim.objects.get()
    assert answer == {
        "id": str(row.public_id),
        "status": "open",
        "verdict": "open",
        "answer": f"We look into it and ask {MERCHANT} where needed. You need not do anything: if "
        "the purchase shows up meanwhile, this is answered by itself.",
        "click_id": str(click.public_id),
        "merchant": {"merchant_id": MERCHANT, "name": MERCHANT},
        "order_reference": "A-1",
        "order_total": 8000,
        "currency": "USD",
        "note": "Where is <it>?",
        "ask_again_at": None,
        "answered_at": None,
        "answered_by": None,
        "transaction": None,
    }
    notice = Notice.objects.get()
    assert (notice.kind, notice.claim_id) == ("claim.opened", row.public_id)
    assert not any(text in str(notice.facts) for text in ("A-1", "Where", MEMBER))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "click_id"),
        ({"click_id": None}, "click_id"),
        ({"click_id": 5}, "click_id"),
        ({"click_id": ""}, "click_id"),
        ({"click_id": "x" * 256}, "click_id"),
        ({"order_total": 1}, "currency"),
        ({"currency": "USD"}, "currency"),
        ({"order_total": -1, "currency": "USD"}, "order_total"),
        ({"order_total": 1.5, "currency": "USD"}, "order_total"),
        ({"order_total": "1", "currency": "USD"}, "order_total"),
        ({"order_total": True, "currency": "USD"}, "order_total"),
        ({"order_total": 2**63, "currency": "USD"}, "order_total"),
        ({"order_total": 10**15 + 1, "currency": "USD"}, "order_total"),
        ({"order_total": 1, "currency": "XXX"}, "currency"),
        ({"order_total": 1, "currency": "PTS"}, "currency"),
        ({"purchased_at": "2026-11-20T12:00:00"}, "purchased_at"),
        ({"purchased_at": "yesterday"}, "purchased_at"),
        ({"purchased_at": 5}, "purchased_at"),
        ({"purchased_at": "0001-01-01T00:00:00+14:00"}, "purchased_at"),
        ({"purchased_at": "2999-01-01T00:00:00Z"}, "purchased_at"),
        ({"note": "x" * 2001}, "note"),
        ({"order_reference": "x" * 256}, "order_reference"),
    ],
)
def test_what_is_wrong_in_content_is_said(body: dict[str, Any], field: str) -> None:
    click = tap()
    whole = {"click_id": str(click.public_id)} | body if body else body

    document = problem_of(call("claims/", method="POST", body=whole), status=422)

    assert [error["field"] for error in document["errors"]] == [field]
    assert not Claim.objects.exists()


def test_null_is_not_told() -> None:
    nothing: dict[str, Any] = dict.fromkeys(
        ("order_reference", "order_total", "currency", "purchased_at", "note")
    )

    click = long_ago()

    assert claim(click, **nothing)["verdict"] == "open"


def test_a_purchase_of_this_moment_in_another_zone_is_not_in_the_future() -> None:
    tokyo = clock.now() + timedelta(hours=9)

    answer = claim(long_ago(), purchased_at=f"{tokyo:%Y-%m-%dT%H:%M:%S}+09:00")

    assert answer["verdict"] == "too_early"  # two days from the purchase, not from the tap


def test_the_list_is_the_members_own_newest_first() -> None:
    first = claim(long_ago())
    second = claim(long_ago())
    claim(click_id="none", customer_id="another")

    page = read("claims/?limit=1")

    assert [row["id"] for row in page["results"]] == [second["id"]]
    rest = call(page["next"]).json()
    assert [row["id"] for row in rest["results"]] == [first["id"]]
    assert read(f"claims/{first['id']}/") == first
    problem_of(call(f"claims/{first['id']}/", customer_id="another"), status=404)
    problem_of(call("claims/nonsense/"), status=404)
    assert read("claims/", customer_id="nobody-yet")["results"] == []


def test_nothing_of_the_commission_is_told() -> None:
    click = tap()
    tell(order_of(click))
    claim(click)

    text = str(read("claims/")).lower()

    assert not [word for word in SECRETS if word in text]


def test_too_much_in_a_day_is_too_much() -> None:
    click = long_ago()
    claim(click)
    [row] = Claim.objects.all()
    Claim.objects.bulk_create(
        Claim(
            member=row.member,
            click_told=f"none-{number}",
            filed_at=row.filed_at,
            verdict="no_such_click",
            status="answered",
            answer="no_such_click",
            answered_by="facts",
            answered_at=row.filed_at,
        )
        for number in range(CLAIMS_A_DAY_MAX - 1)
    )

    response = call("claims/", method="POST", body={"click_id": str(long_ago().public_id)})

    problem_of(response, status=429)
    assert response.headers["Retry-After"] == "3600"
    assert Claim.objects.count() == CLAIMS_A_DAY_MAX
    assert claim(click)["verdict"] == "duplicate"  # asks nothing new


def test_the_back_end_reads_them_with_its_key() -> None:
    mine = claim(long_ago())
    key = make_api_key(
        name="desk",
        scopes=[Scope.MEMBERS_READ],
        expires_at=None,
        actor=User.objects.create(username="maker"),
        at=NOON,
    ).text
    bearer = {"Authorization": f"Bearer {key}"}

    page = Client().get(f"/api/v1/members/{MEMBER}/claims/", headers=bearer)
    one = Client().get(f"/api/v1/members/{MEMBER}/claims/{mine['id']}/", headers=bearer)
    posted = Client().post(f"/api/v1/members/{MEMBER}/claims/", headers=bearer)

    assert (page.json()["results"], one.json()) == ([mine], mine)
    assert posted.status_code == 405
    assert Client().get(f"/api/v1/members/{MEMBER}/claims/").status_code == 401


def test_what_a_member_wrote_is_forgotten_with_them() -> None:
    click = long_ago()
    claim(click, note="I am Ann", order_reference="ANN-1", order_total=5, currency="USD")
    claim(click_id="ann@example.com")
    member_id = Claim.objects.values_list("member", flat=True)[0]
    person = Person(member_id=member_id, row_ids=(member_id,), replaced={}, at=NOON)

    touched = (erasers()["claims"](person), erasers()["claims"](person))

    assert touched == (2, 0)
    rows = Claim.objects.values_list("click_told", "order_reference", "note", "order_total_minor")
    assert set(rows) == {("", "", "", 5), ("", "", "", None)}
    assert ClaimStep.objects.count() == 3
