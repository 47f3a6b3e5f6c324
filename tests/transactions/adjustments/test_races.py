"""Two people approve at once: the budget and the balance are never overspent."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from rewards_site.approvals.services import approve
from rewards_site.kernel.errors import Refused
from tests.admin_world import make_staff
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import at_once
from tests.factories import NOON, balances, observe, tell
from tests.transactions.adjustments.giving import proposed
from transactions.adjustments.budgets import budget_at, set_budget
from transactions.adjustments.models import Adjustment

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.postgres]

CROWD = 6


def staff() -> tuple[User, User]:
    return make_staff("Ops", username="ops"), make_staff("Finance", username="finance")


def test_the_budget_is_spent_once() -> None:
    ops, finance = staff()
    rows = [proposed(100, by=ops, customer_id=f"u-{number}") for number in range(CROWD)]
    set_budget(currency="USD", month_minor=250, actor=finance, reason="Agreed", at=NOON)

    results = at_once(
        CROWD,
        lambda n: approve(proposal_id=rows[n].pk, actor=finance, reason="Seen", at=NOON),
    )

    assert sum(isinstance(result, Refused) for result in results) == CROWD - 2, results
    assert Adjustment.objects.count() == 2
    assert budget_at("USD", NOON).used_minor == 200
    books_are_right()


def test_one_balance_is_taken_once() -> None:
    ops, _finance = staff()
    others = [make_staff("Ops", username=f"ops-{number}") for number in range(CROWD)]
    tell(observe("tx-1", status="validated"))
    row = proposed(-500, by=ops)

    results = at_once(
        CROWD,
        lambda n: approve(proposal_id=row.pk, actor=others[n], reason="Seen", at=NOON),
    )

    assert sum(not isinstance(result, BaseException) for result in results) == 1, results
    assert balances() == {}
    assert Adjustment.objects.count() == 1
    books_are_right()
