"""Which offers a brand makes to whom, and when: made up, the same for the same seed and instant.

A brand recognizes a user by the publisher's id, by a device or by an e-mail (each brand by one of
them) and takes her for new, loyal or lapsed. Its rates move every four weeks, and now and then it
promotes for six hours. Both go at the sandbox's speed. A category pays what its orders pay, unless
it is raised; what is owed is what the order says (sheet, section 2).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.brands import Details
from rewards_site.button.sandbox.chance import dice, make_id
from rewards_site.button.sandbox.records import Brand
from rewards_site.kernel.currencies import exponent_of

PROMOTION = timedelta(hours=6)
PROMOTED_PERCENT_OF_TIME = 15
SEASON = timedelta(days=28)
DEFAULT_BPS = 400
"""Of a brand that sells nothing here."""
BONUS_CENTS = 500


class Audience(StrEnum):
    EVERYBODY = "everybody"
    NEW = "new"
    LOYAL = "loyal"
    LAPSED = "lapsed"


_FACTOR_PERCENT = {
    Audience.EVERYBODY: 100,
    Audience.NEW: 150,
    Audience.LOYAL: 80,
    Audience.LAPSED: 120,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who asks; identifiers trimmed and in lower case."""

    user_id: str
    device_ids: tuple[str, ...] = ()
    email_sha256s: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """`rate_percent` and `rate_fixed` as Button spells them; one of the two is set."""

    rate_percent: str | None = None
    rate_fixed: str | None = None
    currency: str | None = None
    category: str | None = None
    offer_type: str | None = None
    offer_tag: str | None = None
    offer_id: str | None = None


class OfferBook:
    """Every offer of a sandbox; control calls may lay down what a brand, or one user, gets."""

    def __init__(self, *, seed: int, speed: float) -> None:
        self._seed = seed
        self._speed = speed
        self._lock = threading.Lock()
        self._laid_down: dict[tuple[str, str | None], tuple[Offer, ...]] = {}
        self._told: dict[tuple[str, str], Offer] = {}

    def lay_down(
        self, brand_id: str, offers: Iterable[Offer] | None, *, user_id: str | None
    ) -> None:
        """From now on these and no others; None: as made up again."""
        with self._lock:
            if offers is None:
                self._laid_down.pop((brand_id, user_id), None)
            else:
                self._laid_down[brand_id, user_id] = tuple(offers)

    def offers_of(
        self, details: Details, brand: Brand, person: Person, *, at: datetime
    ) -> tuple[Offer, ...]:
        """In the order of their rank."""
        with self._lock:
            for user_id in (person.user_id, None):
                if (details.id, user_id) in self._laid_down:
                    return self._laid_down[details.id, user_id]
        if details.id == catalog.TEST_MERCHANT.id:
            return _TEST_OFFERS
        return self._made_up(brand, self.audience(brand, person), at=at)

    def tell(self, brand_id: str, offers: Iterable[Offer]) -> list[tuple[str, Offer]]:
        """Each with the id by which a shopper may buy by it later."""
        told = [(offer_id(brand_id, offer, number), offer) for number, offer in enumerate(offers)]
        with self._lock:
            self._told.update({(brand_id, key): offer for key, offer in told})
        return told

    def told(self, brand_id: str, offer_id: str) -> Offer | None:
        """What anybody was told under this id."""
        with self._lock:
            return self._told.get((brand_id, offer_id))

    def audience(self, brand: Brand, person: Person) -> Audience:
        """What the brand takes her for; the same whichever way round her identifiers come."""
        looked_at = dice("looks-at", brand.id).choice(
            [person.device_ids, person.email_sha256s, (person.user_id,)]
        )
        for identifier in sorted(set(looked_at)):
            chance = dice(self._seed, "audience", brand.id, identifier)
            found = chance.choices(list(Audience), [40, 25, 20, 15])[0]
            if found is not Audience.EVERYBODY:
                return found
        return Audience.EVERYBODY

    def _made_up(self, brand: Brand, audience: Audience, *, at: datetime) -> tuple[Offer, ...]:
        season = self._number_of(SEASON, at)
        promotion = self._number_of(PROMOTION, at)
        percent = _FACTOR_PERCENT[audience]
        percent = percent * dice(self._seed, "season", brand.id, season).choice([90, 100, 110])
        promoted = dice(self._seed, "promotion", brand.id, promotion)
        is_promoted = promoted.random() * 100 < PROMOTED_PERCENT_OF_TIME
        spell = str.lower if dice("case", brand.id).random() < 0.5 else str

        rates: dict[str, int] = {}
        for goods in brand.goods:
            rates[goods.category] = max(rates.get(goods.category, 0), goods.bps)
        offers = []
        for category, bps in sorted(rates.items(), key=lambda item: (-item[1], item[0])):
            raised = bps * (150 if is_promoted else 100)
            rate = _rounded(raised * percent // 10_00_000)
            tag = "promotional" if is_promoted else None
            offers.append(
                Offer(rate_percent=percent_text(rate), category=category,
                      offer_type=spell("Category"), offer_tag=tag)
            )  # fmt: skip
        if audience in {Audience.NEW, Audience.LAPSED}:
            offers.append(_bonus(brand, category=spell("First order of the season")))
        fallback = min((bps for bps in rates.values() if bps), default=DEFAULT_BPS)
        offers.append(
            Offer(
                rate_percent=percent_text(_rounded(fallback * percent // 10_000)),
                offer_type=spell("Default"),
            )
        )
        if dice("excludes", brand.id).random() < 0.6:
            offers.append(
                Offer(rate_percent="0", category="Gift cards", offer_type=spell("Exclusion"))
            )
        return tuple(offers)

    def _number_of(self, period: timedelta, at: datetime) -> int:
        return int(at.timestamp() * self._speed // period.total_seconds())


def offer_id(brand_id: str, offer: Offer, number: int) -> str:
    """`offer-41d0c7be9a2f6603-0`: of what is offered, so another rate has another id."""
    if offer.offer_id is not None:
        return offer.offer_id
    rate = offer.rate_percent or f"{offer.rate_fixed} {offer.currency}"
    return f"{make_id('offer', brand_id, offer.category, offer.offer_type, rate)}-{number}"


def percent_text(bps: int) -> str:
    """`6.5` for 650: percent, without zeros that say nothing."""
    whole, rest = divmod(bps, 100)
    return f"{whole}.{rest:02d}".rstrip("0").rstrip(".")


def _rounded(bps: int) -> int:
    """To a quarter of a percent; what pays at all keeps paying."""
    return max(bps // 25 * 25, 25) if bps else 0


def _bonus(brand: Brand, *, category: str) -> Offer:
    """A fixed amount, in major units of the currency (sheet, 1.5)."""
    currency = dice("currency", brand.id).choice(list(catalog.COUNTRIES))
    minor, exponent = catalog.price_in(currency, BONUS_CENTS), exponent_of(currency)
    major = str(minor)
    if exponent:
        digits = major.zfill(exponent + 1)
        major = f"{digits[:-exponent]}.{digits[-exponent:]}"
    return Offer(rate_fixed=major, currency=currency, category=category)


_TEST_OFFERS = tuple(
    Offer(rate_percent=rate, category=category, offer_id=f"offer-5cd2c3107c0a0e3e-{number}")
    for number, (rate, category) in enumerate(
        [("10", "Toys"), ("5", "Furniture"), ("2", "Electronics")]
    )
)
"""What Button's own sandbox answered in 2019."""
