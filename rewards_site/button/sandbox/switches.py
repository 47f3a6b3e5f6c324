"""Where Button's documents disagree about orders and webhooks: which reading is told.

A spelling is a percentage of the orders; an order keeps its spelling for life. Where nothing is
set, each order is spelled as whoever reports it says.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum

from rewards_site.button.sandbox.chance import dice, falls_within
from rewards_site.button.sandbox.records import (
    EXISTING_USER_ORDER,
    NEW_USER_ORDER,
    Oddities,
    Purchase,
)
from rewards_site.kernel.errors import InvalidInput


class Spelling(StrEnum):
    EXISTING_USER_ORDER = "existing_user_order"
    """The category `existing-user-order` instead of `new-user-order` (sheet, C4)."""
    CATEGORY_ARRAY = "category_array"
    """A line's `category` is an array of text."""
    NO_LINE_TOTALS = "no_line_totals"
    """No line says its `total`."""
    NO_FINAL_LINES = "no_final_lines"
    """The webhook of a final state has `order_line_items` null."""
    UNKNOWN_FIELDS = "unknown_fields"
    """Fields that no document knows, in rows, webhooks and lines."""
    MIXED_CASE_COUNTRY = "mixed_case_country"
    """`us` or `Us` instead of `US`."""
    API_MILLISECONDS = "api_milliseconds"
    """The API's `created_date` and `modified_date` with milliseconds, as webhooks have them."""
    WEBHOOK_SECONDS = "webhook_seconds"
    """The webhooks' in whole seconds, as the API has them."""
    ORDER_PURCHASE_DATE = "order_purchase_date"
    """The purchase time is called so in both, not in webhooks only (sheet, C7)."""
    ORDER_PURCHASED_DATE = "order_purchased_date"
    """And so in both, not in the API only."""
    MISSPELT_COMMISSION = "misspelt_commission"
    """`publisher_comission`, as two of Button's own samples have it."""


class Switches:
    """Percentages by spelling; any thread may set and read them."""

    def __init__(self, percents: Mapping[str, object] | None = None) -> None:
        self._lock = threading.Lock()
        self._percents: dict[Spelling, float] = {}
        self.change(percents or {})

    def change(self, percents: Mapping[str, object]) -> None:
        """Set each to 0 to 100; None leaves it to the orders again. Raises: InvalidInput."""
        for name, percent in percents.items():
            _check(name, percent)
        with self._lock:
            for name, percent in percents.items():
                self._percents.pop(Spelling(name), None)
                if isinstance(percent, int | float):
                    self._percents[Spelling(name)] = percent

    def as_json(self) -> dict[str, object]:
        """Every spelling with its percentage; None: as each order is reported."""
        with self._lock:
            return {str(spelling): self._percents.get(spelling) for spelling in Spelling}

    def spell(self, purchase: Purchase) -> Purchase:
        """`purchase` in the spelling that falls to it."""
        with self._lock:
            percents = dict(self._percents)
        for spelling, percent in percents.items():
            is_on = falls_within(percent, spelling, purchase.key)
            purchase = _spelled(purchase, spelling, is_on=is_on)
        return purchase


def _spelled(purchase: Purchase, spelling: Spelling, *, is_on: bool) -> Purchase:
    match spelling:
        case Spelling.EXISTING_USER_ORDER:
            if purchase.category not in {NEW_USER_ORDER, EXISTING_USER_ORDER}:
                return purchase
            return replace(purchase, category=EXISTING_USER_ORDER if is_on else NEW_USER_ORDER)
        case Spelling.MIXED_CASE_COUNTRY:
            country = (purchase.country or "").upper()
            odd = dice(purchase.key, "country").choice([country.lower(), country.capitalize()])
            return replace(purchase, country=(odd if is_on else country) or None)
        case _:
            oddities = _odd(purchase.oddities, spelling, is_on=is_on)
            return replace(purchase, oddities=oddities)


def _odd(oddities: Oddities, spelling: Spelling, *, is_on: bool) -> Oddities:
    match spelling:
        case Spelling.CATEGORY_ARRAY:
            return replace(oddities, has_category_lists=is_on)
        case Spelling.NO_LINE_TOTALS:
            return replace(oddities, has_line_totals=not is_on)
        case Spelling.NO_FINAL_LINES:
            return replace(oddities, has_lines_when_final=not is_on)
        case Spelling.UNKNOWN_FIELDS:
            return replace(oddities, has_unknown_fields=is_on)
        case Spelling.API_MILLISECONDS:
            return replace(oddities, has_api_milliseconds=is_on)
        case Spelling.WEBHOOK_SECONDS:
            return replace(oddities, has_webhook_milliseconds=not is_on)
        case Spelling.MISSPELT_COMMISSION:
            return replace(oddities, has_misspelt_commission=is_on)
        case Spelling.ORDER_PURCHASE_DATE | Spelling.ORDER_PURCHASED_DATE if is_on:
            return replace(oddities, purchase_date_name=str(spelling))
        case _:
            return oddities


def _check(name: str, percent: object) -> None:
    if name not in list(Spelling):
        raise InvalidInput(f"{name}: no such switch", fields={name: "no such switch"})
    is_number = isinstance(percent, int | float) and not isinstance(percent, bool)
    if percent is not None and not (is_number and 0 <= float(str(percent)) <= 100):
        what = "not a percentage from 0 to 100"
        raise InvalidInput(f"{name}: {what}", fields={name: what})
