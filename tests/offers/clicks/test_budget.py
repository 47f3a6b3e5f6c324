"""A budget stops later clicks, also of offers that were shown before it was used up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings
from responses import RequestsMock

from offers.clicks.models import Click
from offers.rules import gates
from offers.rules.drafting import edit_draft
from offers.rules.models import RuleVersion
from offers.rules.publishing import withdraw
from offers.rules.store import promise_of
from rewards_site.kernel import clock
from tests.factories import MERCHANT
from tests.members.calling import call, problem_of
from tests.offers.brands import listed, read_catalog, wire_brand
from tests.offers.menus import brand, offered, only_offer, percent
from tests.offers.rules.making import A_THIRD, TWICE, next_draft, person, publish_draft, published

pytestmark = pytest.mark.django_db
BUDGET = TWICE.budget_minor or 0


@pytest.fixture(autouse=True)
def catalogue(button: RequestsMock, settings: Settings) -> None:
    settings.BUTTON_OFFERS_RATE_LIMIT = 20
    listed(button, wire_brand())
    read_catalog()
    offered(button, brand(MERCHANT, percent()))
    link = {"merchant_id": MERCHANT, "links": {"universal": "https://r.bttn.io?x=1"}}
    button.post(
        "https://api.usebutton.com/v1/links", json={"meta": {"status": "ok"}, "object": link}
    )


@pytest.fixture
def used() -> Iterator[dict[str, int]]:
    """What promotions have used of their budgets, by rule."""
    amounts: dict[str, int] = {}

    def answer(wanted: Mapping[str, str]) -> Mapping[str, int]:
        return {rule_id: amounts.get(rule_id, 0) for rule_id in wanted}

    before = dict(gates._budget_used)
    gates.register_budget_used(answer)
    yield amounts
    gates._budget_used.clear()
    gates._budget_used.update(before)


def tap(token: str) -> Any:
    return call("clicks/", method="POST", body={"offer_token": token})


def rule_of(version: RuleVersion) -> str:
    return str(version.rule.public_id)


def is_refused(answer: Any) -> bool:
    """As an expired token is, and without a trace."""
    problem = problem_of(answer, status=422)
    assert problem["type"] == "/problems/offer-token-refused"
    assert [error["field"] for error in problem["errors"]] == ["offer_token"]
    return not Click.objects.exists()


def test_a_token_of_before_gets_no_promotion_whose_budget_is_used_up(
    button: RequestsMock, used: dict[str, int]
) -> None:
    version = published("Twice", TWICE)
    token = only_offer()["token"]

    used[rule_of(version)] = BUDGET
    sent = len(button.calls)
    assert is_refused(tap(token))
    assert len(button.calls) == sent  # Button was not asked for a link

    used[rule_of(version)] = BUDGET - 1
    assert tap(token).status_code == 201


def test_the_budget_of_the_version_in_force_counts(used: dict[str, int]) -> None:
    version = published("Twice", TWICE)
    token = only_offer()["token"]
    used[rule_of(version)] = BUDGET

    draft = next_draft(version.rule)
    more = edit_draft(
        version_id=draft.pk,
        promise=replace(promise_of(draft), budget_minor=BUDGET + 1),
        seen_hash=draft.content_hash,
        actor=person(),
        reason="It goes well",
        at=clock.now(),
    )
    publish_draft(more, at=clock.now())

    assert tap(token).status_code == 201


def test_the_budget_of_a_promotion_that_was_withdrawn_counts_still(used: dict[str, int]) -> None:
    version = published("Twice", TWICE)
    token = only_offer()["token"]
    withdraw(version_id=version.pk, actor=person(), reason="Over", at=clock.now())
    used[rule_of(version)] = BUDGET

    assert is_refused(tap(token))


def test_nobody_is_asked_about_budgets_where_no_promotion_was_shown(used: dict[str, int]) -> None:
    published(
        "Twice", TWICE, starts=(clock.now() + timedelta(days=1)).replace(microsecond=0, tzinfo=None)
    )
    used[rule_of(published("Spring", A_THIRD))] = BUDGET
    token = only_offer()["token"]

    with CaptureQueriesContext(connection) as queries:
        assert tap(token).status_code == 201

    assert [one["sql"] for one in queries if "rules_" in one["sql"]] == []
