"""Pure: what a reward rule may promise. Asked before publishing; what is stored stays readable."""

from __future__ import annotations

from collections.abc import Iterator

from offers.rules.categories import name_of
from offers.rules.reward import ORDER_POINTS_MAX
from offers.rules.terms import Terms, TermsKind
from rewards_site.kernel.currencies import EXPONENTS
from rewards_site.kernel.errors import InvalidInput

WHOLE_BPS = 10_000
PROMOTION_BPS_MAX = 100_000
"""Ten times the commission: more is a slip of the keyboard, even for a promotion."""

AMOUNT_MAX = 10**15
"""No order is worth more (docs/decisions/0010)."""

POINTS_DECIMALS_MAX = 4


def check_promise(terms: Terms, *, category: str | None) -> None:
    """Raises: InvalidInput, each field of `Terms` that is wrong with a sentence that says why."""
    wrong = dict(_wrong(terms, category=category))
    if wrong:
        raise InvalidInput(" ".join(wrong.values()), fields=wrong)


def _wrong(terms: Terms, *, category: str | None) -> Iterator[tuple[str, str]]:
    yield from _wrong_worth(terms)
    yield from _wrong_conditions(terms)
    if terms.category_shares:
        yield "category_shares", "A category's share is a rule of its own."
    if category is None:
        return
    if not name_of(category):
        yield "category", "Name the category as the lines of orders tell it, or leave it out."
    if terms.kind is not TermsKind.SHARE:
        yield (
            "kind",
            "A rule for a category can only be a share: an amount or points are of the order as a "
            "whole. Make it a share, or leave the category out.",
        )


def _wrong_worth(terms: Terms) -> Iterator[tuple[str, str]]:
    match terms.kind:
        case TermsKind.SHARE:
            yield from _wrong_share(terms)
        case TermsKind.FIXED:
            if not 0 < terms.fixed_minor <= AMOUNT_MAX:
                yield "fixed_minor", "The amount must be above 0, and no order is worth as much."
            if terms.currency is None:
                yield "currency", "A fixed amount needs its currency."
        case TermsKind.POINTS_FIXED | TermsKind.POINTS_PER_UNIT:
            yield from _wrong_points(terms)


def _wrong_share(terms: Terms) -> Iterator[tuple[str, str]]:
    most = PROMOTION_BPS_MAX if terms.is_promotion else WHOLE_BPS
    if terms.share_bps < 0:
        yield "share_bps", "A share is not below 0."
    elif terms.share_bps > most and terms.is_promotion:
        yield "share_bps", "More than ten times the commission is too much for any promotion."
    elif terms.share_bps > most:
        yield (
            "share_bps",
            "More than the whole commission: only as a promotion that a second person approves.",
        )


def _wrong_points(terms: Terms) -> Iterator[tuple[str, str]]:
    if not terms.points.is_finite() or not 0 < terms.points <= ORDER_POINTS_MAX:
        yield "points", "The points must be above 0, and no order is worth as many."
        return
    decimals = -int(terms.points.normalize().as_tuple().exponent)
    if terms.kind is TermsKind.POINTS_FIXED and decimals > 0:
        yield "points", "There are only whole points."
    elif decimals > POINTS_DECIMALS_MAX:
        yield "points", f"At most {POINTS_DECIMALS_MAX} digits after the point."
    if terms.kind is TermsKind.POINTS_PER_UNIT and terms.currency is None:
        yield (
            "currency",
            "Points per unit need the currency of the commission: 10 per dollar is not 10 per yen.",
        )


def _wrong_conditions(terms: Terms) -> Iterator[tuple[str, str]]:
    for name in ("currency", "minimum_currency"):
        code = getattr(terms, name)
        if code is not None and code not in EXPONENTS:
            yield name, f"{code!r} is not an ISO 4217 currency."
    if terms.cap_minor is not None:
        if not 0 < terms.cap_minor <= AMOUNT_MAX:
            yield "cap_minor", "A cap must be above 0; leave it out for none."
        if terms.currency is None and not terms.is_points:
            yield "currency", "A cap is in a currency: say which."
    if terms.minimum_order_minor is not None:
        if not 0 < terms.minimum_order_minor <= AMOUNT_MAX:
            yield "minimum_order_minor", "A minimum must be above 0; leave it out for none."
        if terms.currency is None and terms.minimum_currency is None:
            yield "minimum_currency", "A minimum order is in a currency: say which."
