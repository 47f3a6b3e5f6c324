"""Pure: which reward rule holds for an order (contract, section 4, Reward)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from offers.rules.categories import name_of, names_of
from offers.rules.terms import CategoryShare, Terms, TermsKind
from offers.rules.window import ALWAYS, Window

INSTANT = timedelta.resolution
"""The least step of time: what holds after an instant holds from the next one on."""

_Rank = tuple[int, int, datetime, int, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A published version of a reward rule. Times are aware."""

    id: str
    version: int
    published_at: datetime
    """It holds after this instant, not at it."""
    terms: Terms
    name: str = ""
    priority: int = 0
    """The greater goes first, whatever is more specific."""
    merchant_id: str | None = None
    """None: every merchant."""
    category: str | None = None
    """Of products, as lines of an order tell it; None: every line."""
    withdrawn_at: datetime | None = None
    """From this instant on it holds no more."""
    window: Window = ALWAYS

    @property
    def holds_from(self) -> datetime:
        published = self.published_at + INSTANT
        starts_at = self.window.starts_at
        return published if starts_at is None else max(published, starts_at)

    @property
    def holds_until(self) -> datetime | None:
        ends = [at for at in (self.withdrawn_at, self.window.ends_at) if at is not None]
        return min(ends, default=None)

    def holds_at(self, at: datetime) -> bool:
        """Published before `at`, not withdrawn then, and its window contains it."""
        is_withdrawn = self.withdrawn_at is not None and self.withdrawn_at <= at
        return self.published_at < at and not is_withdrawn and self.window.contains(at)

    @property
    def rank(self) -> _Rank:
        """The greatest goes first: by priority, merchant and category, merchant, category, all,
        then what was published latest; version and id only so that there is always one answer."""
        specificity = 2 * (self.merchant_id is not None) + (self.category is not None)
        return self.priority, specificity, self.published_at, self.version, self.id

    def is_for(self, merchant_id: str | None, categories: frozenset[str]) -> bool:
        """Whether it is for that merchant and one of the `categories`, as `name_of` has them."""
        if self.merchant_id is not None and self.merchant_id != merchant_id:
            return False
        return self.category is None or name_of(self.category) in categories


def most_specific(
    rules: Iterable[Rule],
    *,
    merchant_id: str | None,
    at: datetime,
    categories: Iterable[str] = (),
) -> Rule | None:
    """The rule that holds at `at` for what is of all `categories`: a line of an order.

    Without categories: for a line that no category rule is for. None where no rule holds.
    """
    names = frozenset[str]().union(*(names_of(category) for category in categories))
    holding = (rule for rule in rules if rule.holds_at(at) and rule.is_for(merchant_id, names))
    return max(holding, key=_rank, default=None)


def terms_in_force(
    rules: Iterable[Rule], *, merchant_id: str | None, at: datetime, default: Terms
) -> Terms:
    """The terms of an order bought at `at`: by the rules, else `default`.

    Which lines it will have is not known yet, and may change: so the share of every category that
    a rule is for comes with them, where that rule goes before the one for all lines. Beside an
    amount or points no line has a share of its own (docs/decisions/0059).
    """
    holding = [rule for rule in rules if rule.holds_at(at)]
    base = most_specific(holding, merchant_id=merchant_id, at=at)
    terms = default if base is None else base.terms
    if terms.kind is not TermsKind.SHARE:
        return terms
    stronger = [
        rule
        for rule in holding
        if rule.category is not None
        and rule.is_for(merchant_id, frozenset({name_of(rule.category)}))
        and rule.terms.kind is TermsKind.SHARE
        and (base is None or rule.rank > base.rank)
    ]
    shares: dict[str, CategoryShare] = {}
    for rule in sorted(stronger, key=_rank, reverse=True):
        assert rule.category is not None
        shares.setdefault(name_of(rule.category), _category_share(rule.category, rule.terms))
    return replace(terms, category_shares=tuple(shares.values()))


def _category_share(category: str, terms: Terms) -> CategoryShare:
    return CategoryShare(
        category=category,
        share_bps=terms.share_bps,
        source=terms.source,
        currency=terms.currency,
        cap_minor=terms.cap_minor,
        minimum_order_minor=terms.minimum_order_minor,
        minimum_currency=terms.minimum_currency,
        is_promotion=terms.is_promotion,
        rule_id=terms.rule_id,
        version=terms.version,
    )


def _rank(rule: Rule) -> _Rank:
    return rule.rank
