"""Control calls for a shopper who opens one of Button's links and buys.

POST /control/purchases                 link: as the Links API gave it, or built by hand; offer_id:
                                        what she was shown, and is paid by; currency
"""

from __future__ import annotations

import itertools
import random
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.answers import Reply, Request, json_reply
from rewards_site.button.sandbox.baskets import Pay, basket_of, pay_of, priced
from rewards_site.button.sandbox.brands import Approval, BrandBook, Details
from rewards_site.button.sandbox.chance import dice, make_id
from rewards_site.button.sandbox.clock import Clock, millisecond_text
from rewards_site.button.sandbox.control import ControlRoutes
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.life import DECK, Fate, Life, live
from rewards_site.button.sandbox.links import REDIRECT
from rewards_site.button.sandbox.lives import Lives
from rewards_site.button.sandbox.rates import Offer, OfferBook
from rewards_site.button.sandbox.records import Brand, Goods, Organization, Purchase, total_of
from rewards_site.button.sandbox.shoppers import CURRENCY_WEIGHTS
from rewards_site.button.sandbox.taps import Tap, Taps
from rewards_site.button.sandbox.world import World
from rewards_site.kernel.errors import InvalidInput, NotFound

_FATES = tuple(fate for fate in DECK if fate not in {Fate.INSTALL, Fate.ZERO})
"""An offer is for an order of something."""
_FIRST = (*(Fate.PLAIN, Fate.ADJUSTED_UP, Fate.ADJUSTED_DOWN) * 2, Fate.PLAIN, Fate.DECLINED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkControl:
    """Whoever a link names is who bought, and its reference comes back with the order."""

    world: World
    clock: Clock
    taps: Taps
    brands: BrandBook
    offers: OfferBook
    lives: Lives
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def routes(self) -> ControlRoutes:
        return {r"/control/purchases": {"POST": self._buy}}

    def _buy(self, request: Request, _match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        link, offer_id = fields.text("link"), fields.text("offer_id")
        currency = fields.text("currency")
        fields.end()
        organization, details, said = self._followed(link or "")
        offer = None if offer_id is None else self.offers.told(details.id, offer_id)
        if offer_id is not None and offer is None:
            raise NotFound(f"Nobody was told of {offer_id} at {details.id}")
        with self.world.lock:
            at, number = self.clock.now(), next(self.numbers)
            tap = self.taps.make(
                at=at,
                organization=organization,
                brand=self.world.brand(details.id),
                customer=said.get("btn_pub_user"),
                pub_ref=said.get("btn_pub_ref"),
                is_test=False,
            )
            chance = dice(self.world.seed, "links", number)
            pay = None if offer is None else pay_of(offer, percent=details.pays_percent)
            purchase = self._purchase(
                f"links/{number}", tap, offer=offer, pay=pay, currency=currency, chance=chance
            )
            fate = self._fate(number)
            life = _paid_by(pay, live(fate, purchase.basket, chance=chance))
            reported_at = self.lives.begin(purchase, fate=fate, life=life)
        return json_reply(self._told(purchase, reported_at), status=201)

    def _told(self, purchase: Purchase, reported_at: datetime) -> dict[str, object]:
        return {
            "button_order_id": make_id("btnorder", self.world.seed, purchase.key),
            "btn_ref": purchase.btn_ref,
            "merchant": purchase.brand.id,
            "customer": purchase.customer,
            "pub_ref": purchase.pub_ref,
            "currency": purchase.currency,
            "order_total": total_of(purchase.basket),
            "amount": sum(line.commission for line in purchase.basket),
            "purchased_at": millisecond_text(purchase.purchased_at),
            "reported_at": millisecond_text(reported_at),
        }

    def _followed(self, link: str) -> tuple[Organization, Details, dict[str, str]]:
        """Whose link it is, where it leads, and what else it says. Raises: InvalidInput."""
        if not link.startswith(f"{REDIRECT}?"):
            raise InvalidInput(f"link: none of Button's, {REDIRECT}?...")
        query = parse_qs(urlsplit(link).query)
        said = {name: values[0] for name, values in query.items()}
        known = {organization.id: organization for organization in self.world.organizations}
        organization = known.get(said.get("btn_ref", ""))
        if organization is None:
            raise InvalidInput("link: its btn_ref is no publisher")
        try:
            host = urlsplit(said.get("btn_url", "")).hostname or ""
        except ValueError:
            host = ""
        details = self.brands.of_host(host, organization)
        if details is None or details.approval is not Approval.APPROVED:
            raise InvalidInput("link: it leads to no brand that has approved the publisher")
        return organization, details, said

    def _purchase(
        self,
        key: str,
        tap: Tap,
        *,
        offer: Offer | None,
        pay: Pay | None,
        currency: str | None,
        chance: random.Random,
    ) -> Purchase:
        drawn = chance.choices(list(CURRENCY_WEIGHTS), list(CURRENCY_WEIGHTS.values()))[0]
        paid_in = None if offer is None else offer.currency
        currency = currency or paid_in or drawn
        if currency not in catalog.COUNTRIES or paid_in not in {None, currency}:
            raise InvalidInput(f"currency: {currency!r} is not one that this is bought in")
        basket = basket_of(_articles(tap.brand, offer), currency, chance=chance)
        return Purchase(
            key=key,
            organization=tap.organization,
            brand=tap.brand,
            currency=currency,
            basket=basket if pay is None else priced(basket, pay),
            purchased_at=tap.at,
            customer=tap.customer,
            pub_ref=tap.pub_ref,
            btn_ref=tap.btn_ref,
            country=catalog.COUNTRIES[currency],
        )

    def _fate(self, number: int) -> Fate:
        if number <= len(_FIRST):
            return _FIRST[number - 1]
        hand, place = divmod(number - len(_FIRST) - 1, len(_FATES))
        return dice(self.world.seed, "links-deck", hand).sample(_FATES, len(_FATES))[place]


def _articles(brand: Brand, offer: Offer | None) -> tuple[Goods, ...]:
    """What the offer is for; all that the brand sells where it is for no category of it."""
    category = None if offer is None else offer.category
    sold = brand.goods or catalog.BRANDS[0].goods
    return tuple(article for article in sold if article.category == category) or sold


def _paid_by(pay: Pay | None, life: Life) -> Life:
    if pay is None:
        return life
    changes = (replace(change, basket=priced(change.basket, pay)) for change in life.changes)
    return replace(life, changes=tuple(changes))
