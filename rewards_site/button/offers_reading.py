"""The `object` of an Offers answer → OffersAnswer, pure (sheet, section 2).

One bad offer harms no other, one bad brand no other brand. What was told is never repeated in a
flag. Nothing is guessed: an offer whose rate is not exactly one is left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from rewards_site.button import fields
from rewards_site.button.envelope import NotEnvelope
from rewards_site.button.fields import Fields, Flags, Unreadable, Wrong
from rewards_site.button.offers_schemas import (
    ListedOffer,
    MerchantOffers,
    OffersAnswer,
    OfferType,
)
from rewards_site.button.wirejson import JsonObject
from rewards_site.kernel.currencies import EXPONENTS

TEXT_LENGTH_MAX = 2000
PARAMS_MAX = 50
PERCENT_MAX = 100
"""No brand pays more than the order: such a rate is a slip, and would be promised to members."""
BRANDS_MAX = 2_000
OFFERS_MAX = 20_000
"""Of one answer: each offer costs a token, and who made the menu would starve the webhooks."""
_RATE = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,12})?")
_RATE_LIMIT = Decimal(10**12)


def read_offers(told: JsonObject, *, merchant_id: str | None = None) -> OffersAnswer:
    """With `merchant_id`, only that brand of it. Raises: NotEnvelope when it holds no list.

    Half an answer must not pass for one without offers. One that is too large is cut, in the order
    told, and its first flag says so.
    """
    rows = told.get("merchant_offers")
    if not isinstance(rows, list) or "merchant_offers" in told.conflicting_keys:
        raise NotEnvelope("its answer held no list of offers")
    flags = Flags()
    merchants: dict[str, MerchantOffers] = {}
    too_large: tuple[str, ...] = ()
    offers_left = OFFERS_MAX
    for number, row in enumerate(rows, start=1):
        where = f"brand {number}: "
        if len(merchants) == BRANDS_MAX or not offers_left:
            too_large = (f"brands from {number} to {len(rows)} left out: the answer is too large",)
            break
        try:
            read = _read_merchant(row, flags=flags, where=where, offers_max=offers_left)
        except Unreadable as error:
            flags.add(f"{where}left out: {error}")
            continue
        if merchant_id not in {None, read.merchant_id}:
            flags.add(f"{where}left out: not the brand that was asked for")
            continue
        offers_left -= len(read.offers) + len(read.exclusions)
        before = merchants.get(read.merchant_id)
        if before is not None:
            flags.add(f"{where}told before; its offers were put together")
            read = replace(
                before,
                offers=_ranked([*before.offers, *read.offers]),
                exclusions=_ranked([*before.exclusions, *read.exclusions]),
            )
        merchants[read.merchant_id] = read
    unique = tuple(_without_doubles(merchant, flags) for merchant in merchants.values())
    return OffersAnswer(merchants=unique, flags=(*too_large, *flags.sentences()))


def _read_merchant(row: object, *, flags: Flags, where: str, offers_max: int) -> MerchantOffers:
    """Raises: Unreadable."""
    merchant = Fields(_object("brand", row), flags=flags, where=where)
    merchant_id = merchant.needed("merchant_id", fields.identifier)
    best_id = merchant.optional("best_offer_id", fields.identifier)
    listed: list[ListedOffer] = []
    rows = merchant.decisive("offers", _list) or []
    if len(rows) > offers_max:
        flags.add(f"{where}offers past {offers_max} left out: the answer is too large")
    for number, told in enumerate(rows[:offers_max], start=1):
        place = f"{where}offer {number}: "
        try:
            listed.append(_read_offer(told, flags=flags, where=place))
        except Unreadable as error:
            flags.add(f"{place}left out: {error}")
    listed.sort(key=lambda offer: offer.offer_id != best_id)  # of 2019, when there was no rank
    is_excluded = [offer.offer_type is OfferType.EXCLUSION for offer in listed]
    return MerchantOffers(
        merchant_id=merchant_id,
        offers=_ranked([one for one, out in zip(listed, is_excluded, strict=True) if not out]),
        exclusions=_ranked([one for one, out in zip(listed, is_excluded, strict=True) if out]),
    )


def _read_offer(told: object, *, flags: Flags, where: str) -> ListedOffer:
    """Raises: Unreadable."""
    offer = Fields(_object("offer", told), flags=flags, where=where)
    offer_id = offer.needed("id", fields.identifier)
    rank = offer.optional("rank", fields.integer)
    params = _display_params(offer.optional("display_params", _dict) or {}, offer)
    words: dict[str, Any] = {
        "offer_id": offer_id,
        "rank": rank,
        "offer_type": (offer_type := _offer_type(params, offer)),
        "category": params.get("category") or None,
        "tag": params.get("offer_tag") or None,
        "display_params": params,
    }
    try:
        return ListedOffer(**words, **_rate(offer))
    except Unreadable as error:
        if offer_type is not OfferType.EXCLUSION:
            raise
        # It pays nothing whatever it says, and what it excludes has to be shown.
        offer.flag(f"its rate was dropped: {error}")
        return ListedOffer(**words)


def _rate(offer: Fields) -> dict[str, Any]:
    """Raises: Unreadable unless there is exactly one, and what it is of."""
    percent = offer.decisive("rate_percent", _decimal)
    fixed = offer.decisive("rate_fixed", _decimal)
    if percent is not None and fixed is not None:
        raise Unreadable("rate_percent", "is told beside `rate_fixed`")
    if percent is not None:
        if percent > PERCENT_MAX:
            raise Unreadable("rate_percent", f"is over {PERCENT_MAX}")
        return {"rate_percent": percent}
    if fixed is None:
        raise Unreadable("rate_percent", "is missing, and `rate_fixed` too")
    return {"rate_fixed": fixed, "currency": offer.needed("currency", _known_currency)}


def _decimal(value: Any) -> Decimal:
    """A decimal text of 0 or more; a JSON number is as exact here, as wirejson reads it."""
    if isinstance(value, str):
        if not _RATE.fullmatch(value.strip()):
            raise Wrong("not a decimal number of 0 or more")
        return Decimal(value.strip())
    if type(value) is not int and not isinstance(value, Decimal):
        raise Wrong("not a decimal number of 0 or more")
    number = Decimal(value)
    digits = number.as_tuple().exponent
    if not isinstance(digits, int) or digits < -12 or not 0 <= number < _RATE_LIMIT:
        raise Wrong("not a decimal number of 0 or more")
    return Decimal(format(number, "f"))


def _known_currency(value: Any) -> str:
    code = fields.currency(value)
    if code not in EXPONENTS:
        raise Wrong("not a currency of ISO 4217")
    return code


def _offer_type(params: Mapping[str, str], offer: Fields) -> OfferType | None:
    told = params.get("offer_type", "").strip().lower()
    if not told:
        return None
    try:
        return OfferType(told)
    except ValueError:
        offer.flag("its type is none that is known")
        return None


def _display_params(told: dict[str, Any], offer: Fields) -> dict[str, str]:
    """Text → text, storable. Their names are the brand's, so no sentence repeats one."""
    params: dict[str, str] = {}
    for name, value in list(told.items())[:PARAMS_MAX]:
        try:
            key = fields.reference(name, length_max=fields.ID_LENGTH_MAX)
            params[key] = fields.reference(value, length_max=TEXT_LENGTH_MAX)
        except Wrong as wrong:
            if value is not None:
                offer.flag(f"a display parameter was dropped: {wrong}")
    if len(told) > PARAMS_MAX:
        offer.flag(f"display parameters past {PARAMS_MAX} were dropped")
    return params


def _ranked(offers: list[ListedOffer]) -> tuple[ListedOffer, ...]:
    """By rank; those without one stay in their order, last."""
    return tuple(sorted(offers, key=lambda offer: (offer.rank is None, offer.rank or 0)))


def _without_doubles(merchant: MerchantOffers, flags: Flags) -> MerchantOffers:
    """An id told twice stands once, and not at all where its rates differ."""
    everything = (*merchant.offers, *merchant.exclusions)
    if len({offer.offer_id for offer in everything}) == len(everything):
        return merchant
    first: dict[str, ListedOffer] = {}
    doubtful: set[str] = set()
    for offer in everything:
        other = first.setdefault(offer.offer_id, offer)
        if _price(other) != _price(offer):
            doubtful.add(offer.offer_id)
    flags.add("offers were told twice with one id; where their rates differ they were left out")

    def once(offers: tuple[ListedOffer, ...]) -> tuple[ListedOffer, ...]:
        return tuple(
            offer
            for offer in offers
            if first[offer.offer_id] is offer and offer.offer_id not in doubtful
        )

    return replace(merchant, offers=once(merchant.offers), exclusions=once(merchant.exclusions))


def _price(offer: ListedOffer) -> tuple[object, ...]:
    is_exclusion = offer.offer_type is OfferType.EXCLUSION
    return (offer.rate_percent, offer.rate_fixed, offer.currency, is_exclusion)


def _object(field: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(field, "is not an object")
    return value


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong("not an object")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong("not an array")
    return value
