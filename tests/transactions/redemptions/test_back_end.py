"""The publisher's back end redeems in a member's name, with a key that has the scope."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from rewards_site.api_keys.scopes import Scope
from tests.api_keys.calling import make_key
from tests.factories import MEMBER, balances
from tests.members.calling import problem_of, read
from tests.transactions.redemptions.asking import body, fund
from transactions.redemptions.models import Redemption

pytestmark = pytest.mark.django_db


def send(key: str, path: str = "", *, told: object = None, name: str = MEMBER) -> Any:
    return Client().post(
        f"/api/v1/members/{name}/redemptions/{path}",
        data=json.dumps(told) if told is not None else "",
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}", "Idempotency-Key": "key-1"},
    )


def test_it_asks_reads_and_cancels() -> None:
    fund(2000)
    made = make_key(Scope.MEMBERS_READ, Scope.REDEMPTIONS_WRITE)
    reader = {"Authorization": f"Bearer {made.text}"}

    first, again = (send(made.text, told=body(600)) for _ in range(2))

    assert first.status_code == 201
    assert first.content == again.content
    row = Redemption.objects.get()
    assert (row.via, row.steps.get().reference) == ("back end", f"api_key/{made.row.pk}")
    path = f"/api/v1/members/{MEMBER}/redemptions/"
    assert Client().get(path, headers=reader).json()["results"] == [first.json()]
    assert Client().get(f"{path}{row.public_id}/", headers=reader).json() == first.json()
    assert send(made.text, f"{row.public_id}/cancel/").json()["status"] == "cancelled"
    assert balances() == {"available": 2000}
    assert [one["status"] for one in read("redemptions/")["results"]] == ["cancelled"]


def test_a_key_that_only_reads_redeems_nothing() -> None:
    fund(2000)
    made = make_key(Scope.MEMBERS_READ)

    refused = problem_of(send(made.text, told=body(600)), status=403)
    cancel = send(made.text, "019aa0f6-6d0c-7c3e-9a51-2f6f0c9b7d55/cancel/")

    assert refused["detail"] == "This key lacks the scope redemptions:write."
    problem_of(cancel, status=403)
    assert balances() == {"available": 2000}


def test_a_key_that_only_redeems_reads_nothing() -> None:
    made = make_key(Scope.REDEMPTIONS_WRITE)
    path = f"/api/v1/members/{MEMBER}/redemptions/"

    answer = Client().get(path, headers={"Authorization": f"Bearer {made.text}"})

    assert problem_of(answer, status=403)["detail"] == "This key lacks the scope members:read."


def test_anothers_is_404() -> None:
    fund(2000)
    made = make_key(Scope.MEMBERS_READ, Scope.REDEMPTIONS_WRITE)
    mine = send(made.text, told=body(600)).json()

    problem_of(send(made.text, f"{mine['id']}/cancel/", name="u-other"), status=404)
    assert balances() == {"available": 1400, "redeeming": 600}
