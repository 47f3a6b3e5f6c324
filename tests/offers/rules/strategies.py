"""Chance makes terms, orders and rules."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from hypothesis import strategies as st

from offers.rules.match import Rule
from offers.rules.reward import OrderFacts
from offers.rules.terms import CategoryShare, Terms, TermsKind
from offers.rules.window import Window
from rewards_site.button.schemas import LineItem
from tests.factories import NOON

CURRENCIES = st.sampled_from(["USD", "JPY", "KWD"])
CATEGORIES = st.sampled_from(["Shoes", "Socks", "Gift cards"])
MERCHANTS = st.sampled_from(["org-a", "org-b"])
BPS = st.integers(0, 10_000)
AMOUNTS = st.integers(1, 5_000)
HOURS = st.integers(0, 8).map(lambda hours: NOON + timedelta(hours=hours))


T = TypeVar("T")


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    return st.none() | strategy


@st.composite
def category_shares(draw: st.DrawFn) -> CategoryShare:
    return CategoryShare(
        category=draw(CATEGORIES),
        share_bps=draw(BPS),
        currency=draw(maybe(CURRENCIES)),
        cap_minor=draw(maybe(AMOUNTS)),
        minimum_order_minor=draw(maybe(AMOUNTS)),
    )


@st.composite
def any_terms(draw: st.DrawFn) -> Terms:
    """Terms of every kind, with any conditions; no promotion."""
    kind = draw(st.sampled_from(TermsKind))
    shares = st.lists(category_shares(), max_size=3, unique_by=lambda share: share.category)
    is_points = kind in {TermsKind.POINTS_FIXED, TermsKind.POINTS_PER_UNIT}
    return Terms(
        source="rule: by chance",
        kind=kind,
        share_bps=draw(BPS) if kind is TermsKind.SHARE else 0,
        fixed_minor=draw(AMOUNTS) if kind is TermsKind.FIXED else 0,
        points=draw(st.decimals(0, 1000, places=2)) if is_points else Decimal(0),
        category_shares=tuple(draw(shares)) if kind is TermsKind.SHARE else (),
        currency=draw(maybe(CURRENCIES)),
        cap_minor=draw(maybe(AMOUNTS)),
        minimum_order_minor=draw(maybe(AMOUNTS)),
        minimum_currency=draw(maybe(CURRENCIES)),
        rule_id=draw(maybe(st.just("rule-1"))),
        version=draw(maybe(st.integers(1, 9))),
    )


@st.composite
def orders(draw: st.DrawFn) -> OrderFacts:
    """Orders of which the lines explain the commission, or do not, or are not told."""
    lines = tuple(
        LineItem(category=draw(maybe(CATEGORIES)), commission_minor=commission)
        for commission in draw(st.lists(st.integers(-500, 3_000), max_size=4))
    )
    explained = sum(line.commission_minor for line in lines)
    currency = draw(CURRENCIES)
    return OrderFacts(
        commission_minor=draw(st.just(explained) | st.integers(-500, 5_000)),
        currency=currency,
        order_total_minor=draw(maybe(st.integers(-100, 10_000))),
        order_currency=draw(maybe(st.just(currency) | CURRENCIES)),
        lines=lines,
    )


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """Shares without conditions, for few merchants, categories and hours: many of them compete."""
    return Rule(
        id=draw(st.sampled_from(["rule-1", "rule-2", "rule-3"])),
        version=draw(st.integers(1, 9)),
        published_at=draw(HOURS),
        withdrawn_at=draw(maybe(HOURS)),
        priority=draw(st.integers(-1, 1)),
        merchant_id=draw(maybe(MERCHANTS)),
        category=draw(maybe(CATEGORIES)),
        window=Window(starts_at=draw(maybe(HOURS)), ends_at=draw(maybe(HOURS))),
        terms=Terms(share_bps=draw(BPS), source="rule: by chance"),
    )


def versions_of(rule: Rule) -> tuple[str, int]:
    """What is there once: a version of a rule."""
    return rule.id, rule.version


def instants() -> st.SearchStrategy[datetime]:
    """On the edges of the hours that rules begin and end at, and beside them."""
    beside = st.sampled_from([timedelta(0), timedelta.resolution, -timedelta.resolution])
    return st.builds(lambda hour, step: hour + step, HOURS, beside)
