"""A decision reckoned again, by the rules that were in force at its instant.

Three things of then are kept nowhere else, so they are taken from the decision itself, and told:
that a promotion's budget was used up, how high the default share was, and that no order earned
anything: before GO_LIVE_AT, or since no Button account paid members.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from offers.decisions.listing import ShownBrand, ShownOffer
from offers.rules.default import default_terms
from offers.rules.match import Rule, terms_in_force
from offers.rules.store import rule_history
from offers.rules.terms import Terms
from offers.shown_reward import ShownReward, nothing_like, shown_reward
from rewards_site.kernel.currencies import UnknownCurrency


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainOffer:
    """An offer, and the reward that comes out today; None where none can be reckoned."""

    offer: ShownOffer
    reward: ShownReward | None

    @property
    def is_same(self) -> bool:
        return self.reward == self.offer.reward


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainBrand:
    """A brand, the terms that come out today, and what had to be taken from the decision."""

    brand: ShownBrand
    terms: Terms
    offers: tuple[AgainOffer, ...]
    taken: tuple[str, ...] = field(default=())
    """Each in a sentence."""

    @property
    def has_same_terms(self) -> bool:
        return self.terms == self.brand.terms

    @property
    def is_same(self) -> bool:
        return self.has_same_terms and all(offer.is_same for offer in self.offers)


def rederive(brands: Sequence[ShownBrand], *, at: datetime) -> tuple[AgainBrand, ...]:
    """What comes out today for what was shown at `at`; one query, whatever the number."""
    rules, default = rule_history(), default_terms()
    again = tuple(_again(brand, rules, default, at=at) for brand in brands)
    if all(one.offer.reward.is_nothing for brand in again for one in brand.offers):
        return tuple(_while_nothing_earned(brand) for brand in again)
    return again


def _again(brand: ShownBrand, rules: Sequence[Rule], default: Terms, *, at: datetime) -> AgainBrand:
    taken: list[str] = []
    shown = brand.terms
    if shown.rule_id is None and shown.source == default.source:
        if shown.share_bps != default.share_bps:
            taken.append(
                f"The default share was {shown.share_bps} basis points then, as the decision says; "
                f"today it is {default.share_bps}, and earlier settings are kept nowhere."
            )
        default = replace(default, share_bps=shown.share_bps)
    named = {part.rule_id for part in (shown, *shown.category_shares)}
    terms = terms_in_force(rules, merchant_id=brand.merchant_id, at=at, default=default)
    if terms != shown:
        left = [rule for rule in rules if not rule.terms.is_promotion or rule.id in named]
        without = terms_in_force(left, merchant_id=brand.merchant_id, at=at, default=default)
        if without == shown:
            terms = without
            taken += _used_up(rules, named, brand, at=at)
    return AgainBrand(
        brand=brand,
        terms=terms,
        offers=tuple(AgainOffer(offer=one, reward=_reward(one, terms)) for one in brand.offers),
        taken=tuple(taken),
    )


def _while_nothing_earned(again: AgainBrand) -> AgainBrand:
    """Where everything was shown as nothing, and would be worth something."""
    if again.is_same or any(one.reward is None for one in again.offers):
        return again
    offers = tuple(
        replace(one, reward=nothing_like(one.reward)) for one in again.offers if one.reward
    )
    sentence = (
        "Everything was shown as worth nothing, so orders of then earned nothing (GO_LIVE_AT, "
        "REWARD_BEFORE_GO_LIVE, or the share mode of every Button account); earlier settings are "
        "kept nowhere."
    )
    return replace(again, offers=offers, taken=(*again.taken, sentence))


def _used_up(
    rules: Sequence[Rule], named: set[str | None], brand: ShownBrand, *, at: datetime
) -> Iterator[str]:
    for rule in rules:
        is_promotion = rule.terms.is_promotion and rule.id not in named
        is_for_it = rule.merchant_id in {None, brand.merchant_id}
        if is_promotion and is_for_it and rule.holds_at(at):
            yield (
                f"The promotion {rule.terms.source} was in force then and was not shown, so its "
                "budget was used up; how much was used at an instant is kept nowhere."
            )


def _reward(offer: ShownOffer, terms: Terms) -> ShownReward | None:
    try:
        return shown_reward(
            Decimal(offer.listed.value),
            currency=offer.listed.currency,
            terms=terms,
            category=offer.category,
        )
    except UnknownCurrency:
        return None
