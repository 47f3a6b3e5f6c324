"""The history of rules is read again when it changed, and only then."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from offers.rules.publishing import withdraw
from offers.rules.recent import asked_edition, rules_of
from offers.rules.store import rule_history
from rewards_site.kernel.rows import ask
from tests.factories import NOON
from tests.offers.rules.making import drafted, person, published

pytestmark = pytest.mark.django_db


def recent() -> object:
    return rules_of(ask(asked_edition())[0][0])


def test_it_is_the_history_after_each_step() -> None:
    assert recent() == ()
    version = published("Spring")
    assert recent() == rule_history()
    published("Autumn", at=NOON + timedelta(hours=1))
    assert recent() == rule_history()
    withdraw(version_id=version.pk, actor=person(), reason="over", at=NOON + timedelta(hours=2))
    assert recent() == rule_history()


def test_a_draft_changes_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    published("Spring")
    recent()
    drafted("Autumn")

    with django_assert_num_queries(1):
        recent()
