"""Published rules as the rest of the product reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries, Settings

from offers.rules import gates
from offers.rules.default import default_terms
from offers.rules.match import terms_in_force
from offers.rules.publishing import withdraw
from offers.rules.store import rule_history, rules_for_clicks
from offers.rules.terms import Terms, TermsKind
from tests.factories import NOON
from tests.offers.rules.making import (
    TWICE,
    drafted,
    make_merchant,
    next_draft,
    person,
    publish_draft,
    published,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def spent() -> Iterator[dict[str, int]]:
    """What promotions have used of their budgets, by rule; and that it is asked for."""
    used: dict[str, int] = {}
    asked: list[Mapping[str, str]] = []

    def answer(wanted: Mapping[str, str]) -> Mapping[str, int]:
        asked.append(dict(wanted))
        used["asked"] = len(asked)
        return used

    before = dict(gates._budget_used)
    gates.register_budget_used(answer)
    yield used
    gates._budget_used.clear()
    gates._budget_used.update(before)


def test_a_published_rule_is_read_as_it_was_promised() -> None:
    make_merchant("org-shoes", "Shoes & Co")
    version = published(
        "Ten a dollar",
        kind=TermsKind.POINTS_PER_UNIT,
        share_bps=0,
        points=Decimal("10.50"),
        currency="USD",
        cap_minor=500,
        merchant_id="org-shoes",
        priority=3,
    )

    [rule] = rule_history()

    rule_id = str(version.rule.public_id)
    assert (rule.id, rule.version, rule.published_at) == (rule_id, 1, NOON)
    assert (rule.merchant_id, rule.category, rule.priority) == ("org-shoes", None, 3)
    assert rule.terms == Terms(
        source="rule «Ten a dollar» v1",
        kind=TermsKind.POINTS_PER_UNIT,
        points=Decimal("10.5"),
        currency="USD",
        cap_minor=500,
        rule_id=rule_id,
        version=1,
    )
    assert rule.terms.as_json()["points"] == "10.5"


def test_the_history_has_what_was_withdrawn_and_no_draft_in_one_query(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    first = published("Spring")
    withdraw(version_id=first.pk, actor=person(), reason="Over", at=LATER)
    publish_draft(next_draft(first.rule), at=LATER)
    drafted("Not yet")

    with django_assert_num_queries(1):
        history = rule_history()

    assert [(rule.name, rule.version, rule.withdrawn_at) for rule in history] == [
        ("Spring", 1, LATER),
        ("Spring", 2, None),
    ]


def test_a_categorys_share_says_of_which_rule_it_is() -> None:
    published("Shoes", share_bps=9_000, category="shoes")

    terms = terms_in_force(rule_history(), merchant_id=None, at=LATER, default=default_terms())

    assert terms.source == "default share"
    assert [share.source for share in terms.category_shares] == ["rule «Shoes» v1"]
    assert Terms.from_json(terms.as_json()) == terms


def test_the_default_share_is_that_of_the_settings(settings: Settings) -> None:
    settings.REWARD_DEFAULT_SHARE_BPS = 4_000

    assert default_terms() == Terms(source="default share", share_bps=4_000)


def test_a_budget_that_is_used_up_stops_clicks_and_not_orders(spent: dict[str, int]) -> None:
    version = published("Twice", TWICE)
    published("Spring")
    rule_id = str(version.rule.public_id)

    spent[rule_id] = 99_999
    assert [rule.name for rule in rules_for_clicks(LATER)] == ["Twice", "Spring"]

    spent[rule_id] = 100_000
    assert [rule.name for rule in rules_for_clicks(LATER)] == ["Spring"]
    assert [rule.name for rule in rule_history()] == ["Twice", "Spring"]


def test_nobody_is_asked_for_budgets_where_no_promotion_holds(
    spent: dict[str, int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    published("Spring")
    published("Twice", TWICE, at=LATER)

    with django_assert_num_queries(1):
        assert len(rules_for_clicks(NOON + timedelta(minutes=1))) == 2

    assert spent == {}
