"""The figures of docs/rules.md are what the product pays."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from offers.rules.promise import Promise, check
from offers.rules.reward import OrderFacts, reward_of
from offers.rules.terms import TermsKind
from offers.rules.words import pays_text
from rewards_site.kernel.currencies import exponent_of

PAGE = Path(__file__).resolve().parents[3] / "docs" / "rules.md"
SIXTY = Promise(zone="UTC", share_bps=6_000)
FIXED = Promise(zone="UTC", kind=TermsKind.FIXED, fixed_minor=250, currency="USD")
RULES = {
    "60 % of the commission": SIXTY,
    "33.33 % of the commission": Promise(zone="UTC", share_bps=3_333),
    "60 % of the commission, at most 5.00 USD an order": Promise(
        zone="UTC", share_bps=6_000, currency="USD", cap_minor=500
    ),
    "60 % of the commission, from an order of 25.00 USD on": Promise(
        zone="UTC", share_bps=6_000, minimum_order_minor=2_500, minimum_currency="USD"
    ),
    "60 % of the commission in USD": Promise(zone="UTC", share_bps=6_000, currency="USD"),
    "2.50 USD an order": FIXED,
    "500 points an order": Promise(zone="UTC", kind=TermsKind.POINTS_FIXED, points=Decimal(500)),
    "10 points for each USD of the commission": Promise(
        zone="UTC", kind=TermsKind.POINTS_PER_UNIT, points=Decimal(10), currency="USD"
    ),
    "promotion: 200 % of the commission in USD": Promise(
        zone="UTC",
        share_bps=20_000,
        currency="USD",
        is_promotion=True,
        budget_minor=1,
        budget_currency="USD",
    ),
}


def minor(text: str) -> tuple[int, str]:
    amount, currency = text.split()
    return int(Decimal(amount).scaleb(exponent_of(currency))), currency


def test_the_worked_examples_are_paid_so() -> None:
    section = PAGE.read_text().partition("## Worked examples")[2].partition("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line[:2] == "| "]
    _heading, _rule, *examples = lines

    assert {rule for rule, *_ in examples} == RULES.keys()
    for rule, total, commission, reward, margin in examples:
        promise = RULES[rule]
        check(promise)
        assert pays_text(promise).startswith(rule.removeprefix("promotion: ").split(",")[0])
        (total_minor, currency), (commission_minor, _) = minor(total), minor(commission)
        paid = reward_of(
            promise.terms(source="rule"),
            OrderFacts(
                commission_minor=commission_minor,
                currency=currency,
                order_total_minor=total_minor,
                order_currency=currency,
            ),
        )
        assert (paid.minor, paid.currency) == minor(reward), rule
        assert paid.margin_minor == minor(margin)[0], rule
