"""What is known of the brands of one answer of Button's: their words, and what ops decided.

One statement for any number of brands, made once: a member waits.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from offers.display import without_rates
from offers.models import Merchant
from offers.queries import APPROVED, MerchantTerms
from offers.windows import window_days
from rewards_site.kernel.db import insert_missing, is_postgres


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long a reward takes until it is available, in days from the purchase: an estimate."""

    days: int | None = None
    range_days: tuple[int, int] | None = None
    """8 of 10 orders are within it, both ends included."""
    basis: str | None = None
    """`history`: how long the brand's earlier orders took. `window`: what the brand tells:
    how late it reports an order at most, and its window from then on."""

    def held_back(self, days: int | None) -> Wait:
        """And so many days more; where nobody knows how many, nothing can be said."""
        if self.days is None or days is None:
            return Wait()
        low_high = self.range_days and (self.range_days[0] + days, self.range_days[1] + days)
        return Wait(days=self.days + days, range_days=low_high, basis=self.basis)


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandFacts:
    """One brand, as its offers are shown. Not yet described: nothing but its id and name."""

    merchant_id: str
    name: str
    is_shown: bool = True
    """Not switched off by ops, and shoppers may be sent there as far as Button tells."""
    icon_url: str | None = None
    categories: list[str] = field(default_factory=list)
    terms: MerchantTerms = field(default_factory=MerchantTerms)
    is_featured: bool = False
    position: int | None = None
    wait: Wait = field(default_factory=Wait)


_COLUMNS = (
    *("m.merchant_id", "m.name"),
    *("o.shown_name", "o.is_switched_off", "o.is_featured", "o.position", "o.categories"),
    *("p.merchant_id", "p.unlisted_since", "p.status", "p.is_live_ready", "p.icon_url"),
    *("p.categories", "p.finalization_window_minutes", "p.reporting_window_days"),
    *("p.coupons_allowed", "p.gift_cards_allowed", "p.exclusion_details"),
    *("p.additional_terms", "p.terms_url", "r.median_days", "r.low_days", "r.high_days"),
)
_FROM = """
    FROM offers_merchant m
    LEFT JOIN offers_merchantoverlay o ON o.merchant_id = m.merchant_id
    LEFT JOIN offers_merchantprofile p ON p.merchant_id = m.merchant_id
    LEFT JOIN brandrecord_brandrecord r ON r.merchant_id = m.merchant_id
    WHERE m.merchant_id """
_SELECT = "SELECT " + ", ".join(_COLUMNS) + _FROM
_POSTGRES = _SELECT + "= ANY(%s)"
_SQLITE = _SELECT + "IN (SELECT value FROM json_each(%s))"  # noqa: S608  # our own names


def facts_of_brands(merchant_ids: Collection[str], *, at: datetime) -> dict[str, BrandFacts]:
    """By merchant id. A brand never seen before becomes a merchant, not yet described.

    Not inside a transaction; no lock unless there is such a brand.
    """
    facts = {one.merchant_id: one for one in _read(merchant_ids)}
    unknown = sorted(set(merchant_ids) - facts.keys())
    if unknown:
        insert_missing(Merchant(merchant_id=one, name=one, first_seen_at=at) for one in unknown)
        facts |= {one: BrandFacts(merchant_id=one, name=one) for one in unknown}
    return facts


def told_without_rates(facts: BrandFacts, *, listed: Collection[Decimal]) -> BrandFacts:
    """`facts` with no rate in the brand's own words; `listed` is every rate of the brand."""
    terms = facts.terms
    exclusions, further = terms.exclusions, terms.additional_terms
    terms = replace(
        terms,
        exclusions=exclusions and without_rates(exclusions, listed=listed),
        additional_terms=further and without_rates(further, listed=listed),
    )
    return replace(facts, terms=terms)


def _read(merchant_ids: Collection[str]) -> list[BrandFacts]:
    if not merchant_ids:
        return []
    with connection.cursor() as cursor:
        if is_postgres():
            cursor.execute(_POSTGRES, [list(merchant_ids)])
        else:
            cursor.execute(_SQLITE, [json.dumps(list(merchant_ids))])
        return [_facts(row) for row in cursor.fetchall()]


def _facts(row: tuple[Any, ...]) -> BrandFacts:
    merchant_id, name, *overlay, profile_id, unlisted_since, status, is_live_ready = row[:11]
    shown_name, is_switched_off, is_featured, position, decided = overlay
    icon_url, told, window, reporting, coupons, gift_cards, exclusions, further, url = row[11:20]
    is_shoppable = profile_id is None or (
        unlisted_since is None and status in APPROVED and is_live_ready in {None, True}
    )
    return BrandFacts(
        merchant_id=merchant_id,
        name=shown_name or name,
        is_shown=is_shoppable and not is_switched_off,
        icon_url=icon_url or None,
        categories=_texts(decided) or _texts(told),
        terms=MerchantTerms(
            finalization_window_days=window_days(window),
            reporting_window_days=reporting,
            coupons_allowed=_flag(coupons),
            gift_cards_allowed=_flag(gift_cards),
            exclusions=exclusions or None,
            additional_terms=further or None,
            terms_url=url or None,
        ),
        is_featured=bool(is_featured),
        position=position,
        wait=_wait(row[20:], window=window, reporting_days=reporting),
    )


def _wait(
    record: tuple[int | None, ...], *, window: int | None, reporting_days: int | None
) -> Wait:
    """A window counts from the report of an order, which comes so many days after the purchase."""
    median, low, high = record
    if median is not None and low is not None and high is not None:
        return Wait(days=median, range_days=(low, high), basis="history")
    days = window_days(window)
    if days is None:
        return Wait()
    return Wait(days=days + (reporting_days or 0), basis="window")


def _texts(value: Any) -> list[str]:
    """A JSON column, as either database hands it over."""
    texts: list[str] = json.loads(value) if isinstance(value, str) else value or []
    return texts


def _flag(value: Any) -> bool | None:
    """SQLite's 0 and 1."""
    return None if value is None else bool(value)
