"""What Button offers, terms, and what is known of the brands → what one member is shown.

Computes, and asks nobody. Which brand comes first: docs/decisions/0073.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from offers.brand_facts import BrandFacts, told_without_rates
from offers.clicks import offer_token
from offers.clicks.listing import Listed
from offers.decisions.listing import ShownBrand, ShownOffer
from offers.display import cosmetic, without_rates
from offers.rules.match import Rule, terms_in_force
from offers.rules.terms import Terms
from offers.shown_reward import ShownReward, conditions_of, label_of, nothing_like, shown_reward
from rewards_site.button.offers_schemas import ListedOffer, MerchantOffers, OfferType
from rewards_site.kernel import seal_keys

EVERYTHING_ELSE = "Everything else"
NOTHING_EARNS = "Orders earn nothing at the moment."
SEALED_EXCLUSIONS_MAX = 20
SEALED_LENGTH_MAX = 500
"""Of one exclusion, as it is frozen with a click; the whole text stands beside the offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuOffer:
    """One offer, as it is shown."""

    offer_id: str
    token: str
    rank: int | None
    reward: ShownReward
    label: str
    display_params: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuBrand:
    """One brand and its offers, as they are shown."""

    facts: BrandFacts
    reward_conditions: tuple[str, ...]
    exclusions: tuple[str, ...]
    offers: tuple[MenuOffer, ...]


@dataclass(slots=True, kw_only=True)
class Menu:
    """What one member is shown, and the evidence of it."""

    brands: list[MenuBrand] = field(default_factory=list)
    evidence: list[ShownBrand] = field(default_factory=list)
    unsealable_count: int = 0
    """Offers that could not be clicked, and were left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Promise:
    """Terms, with what every offer by them repeats."""

    terms: Terms
    sealed: Mapping[str, Any]
    conditions: tuple[str, ...]


class TermsBook:
    """The terms in force at `at`, by merchant; those without a rule of their own share one."""

    def __init__(self, rules: Iterable[Rule], *, at: datetime, default: Terms) -> None:
        self._at = at
        self._default = default
        self._general: list[Rule] = []
        self._own: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.holds_at(at):
                own = (
                    self._general
                    if rule.merchant_id is None
                    else self._own.setdefault(rule.merchant_id, [])
                )
                own.append(rule)
        self._promises: dict[str | None, _Promise] = {}

    def of(self, merchant_id: str) -> _Promise:
        key = merchant_id if merchant_id in self._own else None
        promise = self._promises.get(key)
        if promise is None:
            rules = [*self._general, *self._own.get(merchant_id, ())]
            terms = terms_in_force(
                rules, merchant_id=merchant_id, at=self._at, default=self._default
            )
            promise = _Promise(terms=terms, sealed=terms.as_json(), conditions=conditions_of(terms))
            self._promises[key] = promise
        return promise


def make_menu(
    told: Sequence[MerchantOffers],
    *,
    facts: Mapping[str, BrandFacts],
    terms: TermsBook,
    member_public_id: UUID,
    at: datetime,
    earns_from: datetime | None = None,
    earns_nothing: bool = False,
) -> Menu:
    """Featured brands first, then by their position, then as Button told them; offers by rank.

    `earns_from`: orders of before that instant earn nothing yet, so no offer promises anything;
    neither does one where, until ops decide otherwise, `earns_nothing`.
    """
    menu = Menu()
    shown = [brand for brand in told if facts[brand.merchant_id].is_shown]
    shown.sort(key=lambda brand: _place(facts[brand.merchant_id]))
    secrets = seal_keys.in_force()
    why_nothing = NOTHING_EARNS if earns_nothing else ""
    if earns_from is not None:
        why_nothing = f"Orders of before {earns_from:%Y-%m-%d %H:%M} UTC earn nothing."
    for brand in shown:
        one = _Brand(
            told=brand,
            facts=facts[brand.merchant_id],
            promise=terms.of(brand.merchant_id),
            member_public_id=member_public_id,
            at=at,
            why_nothing=why_nothing,
            secrets=secrets,
        )
        one.add_to(menu)
    return menu


def _place(facts: BrandFacts) -> tuple[bool, bool, int]:
    return not facts.is_featured, facts.position is None, facts.position or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Brand:
    told: MerchantOffers
    facts: BrandFacts
    promise: _Promise
    member_public_id: UUID
    at: datetime
    why_nothing: str
    """Why no order earns anything, as a sentence for members; empty where orders earn."""
    secrets: tuple[str, ...]

    def add_to(self, menu: Menu) -> None:
        """Nothing, where no offer is left: an exclusion alone is nothing to tap."""
        everything = (*self.told.offers, *self.told.exclusions)
        listed = {_rate(one) for one in everything} - {Decimal(0)}
        facts = told_without_rates(self.facts, listed=listed)
        exclusions = self._exclusions(facts.terms.exclusions, listed)
        sealed = tuple(text[:SEALED_LENGTH_MAX] for text in exclusions[:SEALED_EXCLUSIONS_MAX])
        offers: list[MenuOffer] = []
        evidence: list[ShownOffer] = []
        for one in self.told.offers:
            if not _rate(one):
                continue
            kept = self._evidence_of(one)
            token = self._sealed(kept, exclusions=sealed)
            if token is None:
                menu.unsealable_count += 1
                continue
            params = cosmetic(one.display_params, listed=listed)
            offers.append(
                MenuOffer(
                    offer_id=one.offer_id,
                    token=token,
                    rank=one.rank,
                    reward=kept.reward,
                    label=label_of(kept.reward, category=params.get("category")),
                    display_params=params,
                )
            )
            evidence.append(kept)
        if not offers:
            return
        conditions = (self.why_nothing,) if self.why_nothing else self.promise.conditions
        menu.brands.append(
            MenuBrand(
                facts=facts,
                reward_conditions=conditions,
                exclusions=exclusions,
                offers=tuple(offers),
            )
        )
        menu.evidence.append(
            ShownBrand(
                merchant_id=self.told.merchant_id,
                terms=self.promise.terms,
                offers=tuple(evidence),
                exclusions=exclusions,
            )
        )

    def _evidence_of(self, one: ListedOffer) -> ShownOffer:
        reward = shown_reward(
            _rate(one), currency=one.currency, terms=self.promise.terms, category=one.category
        )
        return ShownOffer(
            offer_id=one.offer_id,
            listed=Listed.of(_rate(one), currency=one.currency),
            category=one.category,
            reward=nothing_like(reward) if self.why_nothing else reward,
        )

    def _sealed(self, kept: ShownOffer, *, exclusions: tuple[str, ...]) -> str | None:
        """None: an offer that cannot be clicked."""
        shown = offer_token.Shown(
            member_public_id=self.member_public_id,
            merchant_id=self.told.merchant_id,
            offer_id=kept.offer_id,
            listed=kept.listed,
            terms=self.promise.sealed,
            reward=kept.reward.as_json(),
            exclusions=exclusions,
            shown_at=self.at,
        )
        try:
            return offer_token.seal(shown, secrets=self.secrets)
        except ValueError:
            return None

    def _exclusions(self, own_words: str | None, listed: set[Decimal]) -> tuple[str, ...]:
        """The brand's own words, then what Button lists at nothing; each once."""
        texts: dict[str, None] = {}
        if own_words:
            texts[own_words] = None
        worthless = [one for one in self.told.offers if not _rate(one)]
        for one in (*worthless, *self.told.exclusions):
            if one.category:
                texts[without_rates(one.category, listed=listed)] = None
            elif one.offer_type is OfferType.DEFAULT:
                texts[EVERYTHING_ELSE] = None
        return tuple(texts)


def _rate(one: ListedOffer) -> Decimal:
    """0 for an exclusion whose rate was not told."""
    if one.rate_percent is not None:
        return one.rate_percent
    return one.rate_fixed or Decimal(0)
