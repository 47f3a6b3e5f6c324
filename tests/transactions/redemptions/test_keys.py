"""The Idempotency-Key: one answer a key, word for word."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import timezone

from rewards_site.members.models import CustomerIdChange, Member
from tests.factories import MEMBER, balances
from tests.members.calling import call, problem_of
from tests.spending import differences
from tests.transactions.redemptions.asking import ask, body, fund, staff
from transactions.merging.joining import merge_members
from transactions.moving import Actors
from transactions.redemptions.models import Redemption, RedemptionKey

pytestmark = pytest.mark.django_db

KEY = "3f0c8f0e-3a57-4a53-9d0f-6f3b2d1d9a10"


def test_the_same_again_is_answered_word_for_word_and_moves_nothing() -> None:
    fund(2000)

    first = ask(body(600), key=KEY)
    call(f"redemptions/{first.json()['id']}/cancel/", method="POST")
    reordered = dict(reversed(body(600).items()))
    again = ask(reordered, key=KEY)

    assert (again.status_code, again.content) == (201, first.content)
    assert again.headers["Content-Type"] == first.headers["Content-Type"] == "application/json"
    assert again.headers["Cache-Control"] == "no-store"
    assert Redemption.objects.count() == 1
    assert balances() == {"available": 2000}


@pytest.mark.parametrize("other", [body(601), body(600) | {"more": 1}, {}, [], "x", None])
def test_another_body_is_refused_and_the_first_answer_stays(other: object) -> None:
    fund(2000)
    first = ask(body(600), key=KEY)

    problem = problem_of(ask(other, key=KEY), status=422)

    assert problem["type"] == "/problems/key-reused"
    assert ask(body(600), key=KEY).content == first.content
    assert balances() == {"available": 1400, "redeeming": 600}


def test_a_refusal_is_kept_though_the_money_came_since() -> None:
    first = ask(body(600), key=KEY)
    fund(1000)

    again = ask(body(600), key=KEY)

    assert problem_of(first, status=422) == problem_of(again, status=422)
    assert first.content == again.content
    assert balances() == {"available": 1000}
    assert ask(body(600), key="another").status_code == 201


@pytest.mark.parametrize(
    ("raw", "status"), [(b"{", 400), (b"\xff", 400), (b"[1]", 422), (b"null", 422)]
)
def test_what_cannot_be_read_is_an_answer_too(raw: bytes, status: int) -> None:
    fund(1000)
    headers = {"Idempotency-Key": KEY}

    answers = [call("redemptions/", method="POST", raw=raw, headers=headers) for _ in range(2)]

    problem_of(answers[0], status=status)
    assert answers[0].content == answers[1].content
    assert problem_of(ask(body(600), key=KEY), status=422)["type"] == "/problems/key-reused"
    assert balances() == {"available": 1000}


@pytest.mark.parametrize("key", [None, "", "  ", "x" * 256, "sch\u00f6n"])
def test_without_a_usable_key_nothing_is_read_or_kept(key: str | None) -> None:
    fund(1000)
    headers = {} if key is None else {"Idempotency-Key": key}

    problem = problem_of(
        call("redemptions/", method="POST", body=body(600), headers=headers), status=400
    )

    assert [error["field"] for error in problem["errors"]] == ["Idempotency-Key"]
    assert not RedemptionKey.objects.exists()
    assert balances() == {"available": 1000}


def test_without_a_token_nothing_is_kept() -> None:
    answer = call(
        "redemptions/", method="POST", body=body(), token="no", headers={"Idempotency-Key": KEY}
    )

    problem_of(answer, status=401)
    assert not RedemptionKey.objects.exists()


def test_keys_are_each_members_own() -> None:
    fund(1000)
    fund(1000, customer_id="u-2")

    mine, theirs = ask(body(600), key=KEY), ask(body(700), key=KEY, customer_id="u-2")

    assert (mine.status_code, theirs.status_code) == (201, 201)
    assert mine.json()["amount"] == 600
    assert theirs.json()["amount"] == 700


def test_a_key_of_who_was_merged_since_is_still_known() -> None:
    """The app tries again with a token of the old id, and another with one of the new."""
    fund(5000)
    Member.objects.get_or_create(customer_id="u-new", defaults={"created_at": timezone.now()})
    first = ask(body(600), key=KEY)
    call(f"redemptions/{first.json()['id']}/cancel/", method="POST")
    source, target = (Member.objects.get(customer_id=name) for name in (MEMBER, "u-new"))
    merge_members(
        source.pk,
        target.pk,
        actors=Actors(actor_id=staff().pk, approver_id=staff("other").pk, reason="One person."),
        at=timezone.now(),
    )

    assert CustomerIdChange.objects.count() == 1
    for customer_id in (MEMBER, "u-new"):
        assert ask(body(600), key=KEY, customer_id=customer_id).content == first.content
    assert balances("u-new") == {"available": 5000}
    assert differences() == []


def test_numbers_that_are_written_otherwise_are_other_bodies() -> None:
    fund(2000)
    answers: list[Any] = [
        ask(json.loads(text), key=KEY) for text in ('{"amount": 1}', '{"amount": "1"}')
    ]

    assert problem_of(answers[0], status=422)["type"] == "/problems/invalid-input"
    assert problem_of(answers[1], status=422)["type"] == "/problems/key-reused"
