"""Pure: a promise as people read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import assert_never

from offers.rules.promise import Promise
from offers.rules.terms import TermsKind
from rewards_site.kernel.currencies import EXPONENTS, POINTS
from rewards_site.kernel.money import decimal_text

EVERY_MERCHANT = "every merchant"
NOTHING = ""


def percent_text(bps: int) -> str:
    """Basis points in percent, with two decimals at most: 5000 is «50 %», 225 is «2.25 %»."""
    text = format(Decimal(bps) / 100, "f")
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def amount_text(minor: int, currency: str) -> str:
    """As the row says it, even where the currency is none."""
    if currency == POINTS:
        return f"{minor} points"
    if currency in EXPONENTS:
        return f"{decimal_text(minor, currency)} {currency}"
    return f"{minor} minor units {currency}".strip()


def pays_text(promise: Promise) -> str:
    """What it pays, in one line: «25 % of the commission in USD, at most 5.00 USD an order»."""
    return ", ".join([_worth(promise), *_limits(promise)])


def _worth(promise: Promise) -> str:
    match promise.kind:
        case TermsKind.SHARE:
            only = f" in {promise.currency}" if promise.currency else ""
            return f"{percent_text(promise.share_bps)} of the commission{only}"
        case TermsKind.FIXED:
            return f"{amount_text(promise.fixed_minor, promise.currency)} an order"
        case TermsKind.POINTS_FIXED:
            only = f" with a commission in {promise.currency}" if promise.currency else ""
            return f"{promise.points} points an order{only}"
        case TermsKind.POINTS_PER_UNIT:
            return f"{promise.points} points for each {promise.currency} of the commission"
        case _:
            assert_never(promise.kind)


def _limits(promise: Promise) -> Iterator[str]:
    if promise.cap_minor is not None:
        yield f"at most {amount_text(promise.cap_minor, cap_currency(promise))} an order"
    if promise.minimum_order_minor is not None:
        currency = promise.minimum_currency or promise.currency
        yield f"from an order of {amount_text(promise.minimum_order_minor, currency)} on"


def cap_currency(promise: Promise) -> str:
    is_points = promise.kind in {TermsKind.POINTS_FIXED, TermsKind.POINTS_PER_UNIT}
    return POINTS if is_points else promise.currency


def for_text(promise: Promise, merchant: str) -> str:
    """Whom it is for; `merchant` is how the merchant is called."""
    return merchant + (f", lines of category «{promise.category}»" if promise.category else "")


def window_text(promise: Promise) -> str:
    """By the clocks of its zone, as it was typed."""
    starts, ends = clock_text(promise.starts), clock_text(promise.ends)
    if not starts and not ends:
        return "always"
    if not ends:
        return f"from {starts} on ({promise.zone})"
    if not starts:
        return f"until {ends} ({promise.zone})"
    return f"from {starts} until {ends} ({promise.zone})"


def clock_text(local: datetime | None) -> str:
    """2026-11-27 00:00; seconds only where there are some."""
    if local is None:
        return NOTHING
    return f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"


def budget_text(promise: Promise) -> str:
    if promise.budget_minor is None:
        return NOTHING
    return amount_text(promise.budget_minor, promise.budget_currency)


def said(promise: Promise, merchant: str) -> dict[str, str]:
    """Everything it says, by what staff call it; what it does not say is empty."""
    return {
        "Pays": pays_text(promise),
        "For": for_text(promise, merchant),
        "When": window_text(promise),
        "Priority": str(promise.priority),
        "Promotion, budget": budget_text(promise),
        "Note": promise.note,
    }


def differences(before: dict[str, str], after: dict[str, str]) -> list[list[str]]:
    """[what, before, after] of what differs between two said()."""
    return [
        [what, before.get(what, NOTHING), text]
        for what, text in after.items()
        if before.get(what, NOTHING) != text
    ]
