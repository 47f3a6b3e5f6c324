"""Terms and an order → reward. Pure; what is shown and what is booked go through here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from offers.rules.categories import name_of, names_of
from offers.rules.terms import CategoryShare, Conditions, Terms, TermsKind
from rewards_site.button.schemas import LineItem
from rewards_site.kernel.currencies import POINTS, exponent_of
from rewards_site.kernel.money import Money, floor_share

__all__ = ["ORDER_POINTS_MAX", "OrderFacts", "Reward", "Terms", "reward_for", "reward_of"]

ORDER_POINTS_MAX = 10**15
"""No order is worth more; with every order at it the books still hold (docs/decisions/0010)."""

_WHOLE = 10_000
"""Basis points of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """What of an order a reward hangs on, besides its terms."""

    commission_minor: int
    """The effective one, in minor units of `currency`: 0 when declined."""
    currency: str
    order_total_minor: int | None = None
    order_currency: str | None = None
    """Of the order's total; need not be the commission's."""
    lines: Sequence[LineItem] = ()
    """Those last told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reward:
    """What of an order is the member's: `minor` units of `currency` (points: PTS)."""

    minor: int
    currency: str
    margin_minor: int
    """What the publisher keeps of the commission, in its currency; below 0 it pays in addition."""
    why: str
    """How it comes about, in words for staff; never for members, as it tells of the commission."""


def reward_for(terms: Terms, *, commission_minor: int) -> int:
    """The reward of plain share terms, in minor units of the commission's currency.

    floor(commission × bps / 10000), one floor per order, never below 0: a negative commission
    rewards nothing and stands wholly in the margin (contract, section 4).
    Raises: ValueError for terms that need more of the order than its commission: `reward_of`.
    """
    if not is_plain_share(terms):
        raise ValueError(f"terms of {terms.source!r} need more of the order than its commission")
    share = floor_share(commission_minor, bps=terms.share_bps)
    return share if terms.rule_id is None else min(share, max(0, commission_minor))


def reward_of(terms: Terms, order: OrderFacts) -> Reward:
    """The reward of an order by any terms (contract, section 4, Reward).

    Nothing is rewarded unless the commission is above 0, and never more than the commission,
    unless a promotion was approved. One floor per order; a penny of remainder is the margin's.
    """
    if order.commission_minor <= 0:
        minor, why = 0, "Nothing: the commission is not above 0."
    elif is_plain_share(terms):
        minor = reward_for(terms, commission_minor=order.commission_minor)
        why = _SHARE
    else:
        match terms.kind:
            case TermsKind.SHARE:
                minor, why = _by_share(terms, order)
            case TermsKind.FIXED:
                minor, why = _fixed(terms, order)
            case TermsKind.POINTS_FIXED | TermsKind.POINTS_PER_UNIT:
                minor, why = _points(terms, order)
    return Reward(
        minor=minor,
        currency=POINTS if terms.is_points else order.currency,
        margin_minor=order.commission_minor - (0 if terms.is_points else minor),
        why=why,
    )


_SHARE = "The share of the commission, rounded down."


def is_plain_share(terms: Terms) -> bool:
    """Whether nothing of an order but its commission decides what they pay."""
    return (
        terms.kind is TermsKind.SHARE
        and not terms.category_shares
        and terms.currency is None
        and terms.cap_minor is None
        and terms.minimum_order_minor is None
        and not terms.is_promotion
    )


def _unmet(conditions: Conditions, order: OrderFacts) -> str:
    """Why nothing is paid by `conditions`, as a clause; empty where they are met."""
    if conditions.currency is not None and conditions.currency != order.currency:
        return f"it pays in {conditions.currency} only, and the commission is in {order.currency}"
    if conditions.minimum_order_minor is None:
        return ""
    currency = conditions.minimum_currency or conditions.currency
    if currency is None:
        return "its minimum order has no currency"
    if order.order_total_minor is None or order.order_currency != currency:
        return f"there is a minimum order, and no order total in {currency} is told"
    if order.order_total_minor < conditions.minimum_order_minor:
        return (
            f"the order is below the minimum of {Money(conditions.minimum_order_minor, currency)}"
        )
    return ""


def _by_share(terms: Terms, order: OrderFacts) -> tuple[int, str]:
    """The shares of all lines, summed exactly, then floored once.

    Lines do not always add up to the commission (sheet, 4.4: the top-level amount is right). What
    they leave unexplained goes by the terms' own share; if they claim more than the commission,
    each counts for less in proportion.
    """
    by_category = _commission_by_category(terms, order)
    unmet = _unmet(terms, order)
    if unmet and not by_category:
        return 0, f"Nothing: {unmet}."
    if not by_category and (unmet := _unmet(terms, order)):
        return 0, f"Nothing: {unmet}."
    rest = order.commission_minor - sum(by_category.values(), Fraction(0))
    whys = ["The shares of the lines, summed, then rounded down." if by_category else _SHARE]
    exact, is_promotion = Fraction(0), False
    parts: list[tuple[str, Terms | CategoryShare, Fraction]] = [("other lines", terms, rest)]
    parts += [(f"«{share.category}»", share, part) for share, part in by_category.items()]
    for lines, by, commission in parts:
        unmet = _unmet(by, order) if commission else ""
        if unmet:
            whys.append(f"Nothing for {lines}: {unmet}.")
            continue
        exact += _capped(commission * by.share_bps / _WHOLE, by, order.currency, whys)
        is_promotion |= by.is_promotion
    return _at_most_commission(
        max(0, floor(exact)), order, " ".join(whys), is_promotion=is_promotion
    )


def _commission_by_category(terms: Terms, order: OrderFacts) -> dict[CategoryShare, Fraction]:
    """How much of the commission stands on lines that go by a category's share, exactly."""
    told = sum(line.commission_minor for line in order.lines)
    scale = Fraction(order.commission_minor, max(order.commission_minor, told))
    found: dict[CategoryShare, Fraction] = {}
    for line in order.lines:
        names = names_of(line.category)
        share = next((one for one in terms.category_shares if name_of(one.category) in names), None)
        if share is not None:
            found[share] = found.get(share, Fraction(0)) + line.commission_minor * scale
    return found


def _capped(amount: Fraction, conditions: Conditions, currency: str, whys: list[str]) -> Fraction:
    """`amount`, or the cap if that is less; then it adds to `whys`."""
    if conditions.cap_minor is None or amount <= conditions.cap_minor:
        return amount
    whys.append(f"Capped at {Money(conditions.cap_minor, currency)} per order.")
    return Fraction(conditions.cap_minor)


def _fixed(terms: Terms, order: OrderFacts) -> tuple[int, str]:
    """A fixed amount; without a currency it is of none, so it pays nothing."""
    if terms.currency is None:
        return 0, "Nothing: the fixed amount has no currency."
    unmet = _unmet(terms, order)
    if unmet:
        return 0, f"Nothing: {unmet}."
    whys = ["A fixed amount per order."]
    minor = max(0, floor(_capped(Fraction(terms.fixed_minor), terms, order.currency, whys)))
    return _at_most_commission(minor, order, " ".join(whys), is_promotion=terms.is_promotion)


def _points(terms: Terms, order: OrderFacts) -> tuple[int, str]:
    unmet = _unmet(terms, order)
    if unmet:
        return 0, f"Nothing: {unmet}."
    exact = Fraction(terms.points)
    whys = ["Points per order."]
    if terms.kind is TermsKind.POINTS_PER_UNIT:
        exact = exact * order.commission_minor / 10 ** exponent_of(order.currency)
        whys = [f"Points per {order.currency} of the commission, rounded down."]
    points = max(0, floor(_capped(exact, terms, POINTS, whys)))
    return min(points, ORDER_POINTS_MAX), " ".join(whys)


def _at_most_commission(
    minor: int, order: OrderFacts, why: str, *, is_promotion: bool
) -> tuple[int, str]:
    if minor <= order.commission_minor or is_promotion:
        return minor, why
    return order.commission_minor, f"{why} At most the commission."
