"""What was shown, reckoned again by the rules that were in force then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import Settings

from offers.decisions.listing import ShownBrand
from offers.decisions.rederive import rederive
from offers.rules import gates
from offers.rules.default import default_terms
from offers.rules.match import terms_in_force
from offers.rules.store import rule_history, rules_for_clicks
from offers.shown_reward import nothing_like
from tests.factories import NOON
from tests.offers.decisions.samples import brand
from tests.offers.rules.making import A_THIRD, TWICE, published

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


@pytest.fixture
def budgets() -> Iterator[None]:
    """What the rooms above said of budgets, they say again afterwards."""
    kept = dict(gates._budget_used)
    yield
    gates._budget_used.clear()
    gates._budget_used.update(kept)


def shown_by_rules() -> ShownBrand:
    """As live offers choose the terms at LATER."""
    terms = terms_in_force(
        rules_for_clicks(LATER), merchant_id="org-1", at=LATER, default=default_terms()
    )
    return brand("6.5", "3", merchant_id="org-1", terms=terms)


def test_the_same_however_the_rules_were_changed_since() -> None:
    version = published("Spring", A_THIRD)
    shown = shown_by_rules()
    published("Summer", share_bps=9000, at=LATER + timedelta(days=1))

    [again] = rederive([shown], at=LATER)

    assert shown.terms.version == version.number
    assert shown.offers[0].reward.value == "2.1664"
    assert (again.is_same, again.taken) == (True, ())
    assert [one.reward for one in again.offers] == [one.reward for one in shown.offers]


def test_each_difference_is_told() -> None:
    published("Spring", A_THIRD)
    shown = shown_by_rules()
    wrong = replace(shown.offers[1], reward=shown.offers[0].reward)

    [again] = rederive([replace(shown, offers=(shown.offers[0], wrong))], at=LATER)
    [other_terms] = rederive([brand("6.5", merchant_id="org-1")], at=LATER)

    assert again.has_same_terms
    assert [one.is_same for one in again.offers] == [True, False]
    assert not other_terms.has_same_terms
    assert other_terms.terms.source == "rule «Spring» v1"


def test_another_default_share_since_is_taken_as_shown(settings: Settings) -> None:
    shown = shown_by_rules()
    settings.REWARD_DEFAULT_SHARE_BPS = 1000

    [again] = rederive([shown], at=LATER)

    assert again.is_same
    assert again.taken == (
        "The default share was 5000 basis points then, as the decision says; today it is 1000, "
        "and earlier settings are kept nowhere.",
    )


def test_a_promotion_whose_budget_was_used_up_is_taken_as_shown(budgets: None) -> None:
    published("Friday", TWICE)
    gates.register_budget_used(lambda wanted: dict.fromkeys(wanted, 100_000))
    shown = shown_by_rules()

    [again] = rederive([shown], at=LATER)

    assert shown.terms.source == "default share"
    assert len(rule_history()) == 1
    assert again.is_same
    assert again.taken == (
        "The promotion rule «Friday» v1 was in force then and was not shown, so its budget was "
        "used up; how much was used at an instant is kept nowhere.",
    )


def test_before_go_live_everything_was_worth_nothing() -> None:
    shown = brand("6.5", "3")
    offers = tuple(replace(one, reward=nothing_like(one.reward)) for one in shown.offers)

    [again] = rederive([replace(shown, offers=offers)], at=LATER)

    assert again.is_same
    assert again.taken[0].startswith("Everything was shown as worth nothing")
