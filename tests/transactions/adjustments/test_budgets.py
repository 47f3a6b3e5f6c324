"""How much may be given in a calendar month: set by finance, never overspent."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from rewards_site.approvals.services import approve
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from tests.admin_world import make_staff
from tests.factories import NOON, balances, observe, tell
from tests.transactions.adjustments.giving import given, proposed
from transactions.adjustments.budgets import budget_at, set_budget
from transactions.adjustments.models import AdjustmentBudget, BudgetChange

pytestmark = pytest.mark.django_db

DECEMBER = datetime(2026, 12, 1, 0, 30, tzinfo=UTC)


@pytest.fixture
def ops() -> User:
    return make_staff("Ops", username="ops")


@pytest.fixture
def finance() -> User:
    return make_staff("Finance", username="finance")


def set_to(month_minor: int | None, *, by: User, currency: str = "USD") -> AdjustmentBudget:
    return set_budget(
        currency=currency, month_minor=month_minor, actor=by, reason="Agreed", at=NOON
    )


def test_without_a_budget_it_is_given_and_says_so(ops: User, finance: User) -> None:
    row = given(10_000, by=ops, second=finance)

    assert row.budget_minor is None
    assert balances() == {"available": 10_000}


def test_what_is_left_is_given_to_the_cent_and_no_more(ops: User, finance: User) -> None:
    set_to(300, by=finance)
    given(200, by=ops, second=finance)

    with pytest.raises(Refused, match=r"1\.01 USD is more than is left .* 2026-11: 1\.00 USD"):
        proposed(101, by=ops)
    row = given(100, by=ops, second=finance)

    assert row.budget_minor == 300
    assert budget_at("USD", NOON).left_minor == 0
    assert balances() == {"available": 300}


def test_it_is_asked_again_when_it_is_approved(ops: User, finance: User) -> None:
    first = proposed(200, by=ops)
    second = proposed(200, by=ops, customer_id="another")
    set_to(300, by=finance)
    approve(proposal_id=first.pk, actor=finance, reason="Seen", at=NOON)

    with pytest.raises(Refused, match="more than is left"):
        approve(proposal_id=second.pk, actor=finance, reason="Seen", at=NOON)

    assert balances("another") == {}


def test_what_is_taken_needs_no_budget_and_gives_none_back(ops: User, finance: User) -> None:
    tell(observe("tx-1", status="validated"))
    set_to(100, by=finance)
    given(100, by=ops, second=finance)

    given(-300, by=ops, second=finance)

    assert balances() == {"available": 300}
    assert budget_at("USD", NOON).left_minor == 0


def test_months_and_currencies_are_apart(ops: User, finance: User, settings: Settings) -> None:
    set_to(100, by=finance)
    given(100, by=ops, second=finance)
    given(100, by=ops, second=finance, currency="PTS")

    assert given(60, by=ops, second=finance, at=DECEMBER).budget_month.isoformat() == "2026-12-01"
    settings.BUSINESS_TIME_ZONE = ZoneInfo("America/New_York")
    with pytest.raises(Refused, match="budget of 2026-11"):  # there it is still November
        given(1, by=ops, second=finance, at=DECEMBER)


def test_who_set_it_when_and_why_is_kept(finance: User) -> None:
    set_to(100, by=finance)
    set_to(0, by=finance)
    set_to(None, by=finance)

    changes = BudgetChange.objects.order_by("number")
    assert [(row.before_minor, row.after_minor) for row in changes] == [
        (None, 100),
        (100, 0),
        (0, None),
    ]
    assert {(row.actor, row.reason, row.changed_at) for row in changes} == {
        (finance, "Agreed", NOON)
    }
    with pytest.raises(Conflict, match="that already"):
        set_to(None, by=finance)


def test_only_finance_sets_it(ops: User, finance: User) -> None:
    with pytest.raises(Refused, match="not yours"):
        set_to(100, by=ops)
    with pytest.raises(InvalidInput):
        set_to(-1, by=finance)

    assert not BudgetChange.objects.exists()
