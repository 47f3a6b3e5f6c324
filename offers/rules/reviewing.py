"""What ops should know of a draft before it is published: conflicts, and what a few orders get."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from offers.rules.conflicts import dead, overlaps
from offers.rules.default import default_terms
from offers.rules.match import INSTANT, Rule, terms_in_force
from offers.rules.models import RuleState, RuleVersion
from offers.rules.reward import OrderFacts, Reward, reward_of
from offers.rules.store import promise_of, rule_of
from rewards_site.button.schemas import LineItem
from rewards_site.kernel.currencies import exponent_of

_ORDERS = ((100, 4), (20, 1), (1_000, 40))
"""Order total and commission, in major units."""


def conflicts_of(version: RuleVersion, *, at: datetime) -> tuple[str, ...]:
    """What publishing `version` at `at` brings about: whom it competes with, who never wins then.

    What is so without it is not of its making. The version whose place it takes is left out.
    """
    standing = RuleVersion.objects.filter(state=RuleState.PUBLISHED).exclude(rule=version.rule_id)
    others = [rule_of(other) for other in standing.select_related("rule")]
    mine = rule_of(version, published_at=at)
    since = at + INSTANT  # at `at` itself it does not hold yet: what wins only then never wins
    before = {*overlaps(others, since=since), *dead(others, since=since)}
    found = (*dead([*others, mine], since=since), *overlaps([*others, mine], since=since))
    return tuple(sentence for sentence in found if sentence not in before)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What an order would get by a version, were it the only rule."""

    order: OrderFacts
    reward: Reward


def examples_of(version: RuleVersion, *, at: datetime) -> list[Example]:
    """A few orders while it holds, by the very function that pays."""
    rule = rule_of(version, published_at=at)
    promise = promise_of(version)
    currency = promise.currency or promise.minimum_currency or "USD"
    unit = 10 ** exponent_of(currency)
    return [
        _example(rule, _order(total * unit, commission * unit, currency, rule))
        for total, commission in _ORDERS
    ]


def _order(total: int, commission: int, currency: str, rule: Rule) -> OrderFacts:
    """Of a category rule every line is of its category."""
    lines = []
    if rule.category is not None:
        lines = [LineItem(category=rule.category, commission_minor=commission)]
    return OrderFacts(
        commission_minor=commission,
        currency=currency,
        order_total_minor=total,
        order_currency=currency,
        lines=lines,
    )


def _example(rule: Rule, order: OrderFacts) -> Example:
    terms = terms_in_force(
        [rule], merchant_id=rule.merchant_id, at=rule.holds_from, default=default_terms()
    )
    return Example(order=order, reward=reward_of(terms, order))
