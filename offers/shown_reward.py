"""Pure: what Button lists for an offer, and terms → what the member is shown. The one place of it.

Never more than `offers.rules.reward` pays: each figure is rounded down. What the member is shown is
a part of what Button lists; the listed commission and the part itself are in no answer (contract,
section 5). Why so many digits, and what a category does: docs/decisions/0072.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from math import floor

from offers.rules.categories import name_of, names_of
from offers.rules.reward import ORDER_POINTS_MAX
from offers.rules.terms import CategoryShare, Terms, TermsKind
from rewards_site.kernel.currencies import POINTS, exponent_of
from rewards_site.kernel.money import Money, decimal_text

PERCENT_DIGITS = 4
"""After the point, of a percentage and of points for each unit spent."""
_WHOLE = 10_000
"""Basis points of one."""
_CATEGORY_LENGTH_MAX = 120
"""Of a label, which stands on a button."""


class RewardType(StrEnum):
    PERCENT = "percent"
    FIXED = "fixed"
    POINTS = "points"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownReward:
    """What a member would get for an order, as an app shows it."""

    type: RewardType
    value: str
    """A plain decimal: percent of the order, major units of `currency`, or points."""
    currency: str | None = None
    """Of a fixed amount. Points with one are for each major unit of it that is spent; without,
    for the order."""

    @property
    def is_nothing(self) -> bool:
        return not Decimal(self.value)

    def as_json(self) -> dict[str, str | None]:
        return {"type": str(self.type), "value": self.value, "currency": self.currency}


def shown_reward(
    listed: Decimal, *, currency: str | None, terms: Terms, category: str | None = None
) -> ShownReward:
    """`listed` is what Button lists: percent, or major units of `currency` where there is one.

    `category` is what the offer is for, as the brand words it; the lines of the order may word it
    otherwise, or say nothing. So of a rule for that category the share is shown only where it is
    the lesser one; what it pays more is a condition. Raises: UnknownCurrency.
    """
    commission_minor = None if currency is None else floor(listed * 10 ** exponent_of(currency))
    match terms.kind:
        case TermsKind.SHARE:
            shares = [
                _share(listed, by, commission_minor=commission_minor, currency=currency)
                for by in _sharing(terms, category)
            ]
            return min(shares, key=lambda share: Decimal(share.value))
        case TermsKind.FIXED:
            return _fixed(terms, commission_minor=commission_minor, currency=currency)
        case TermsKind.POINTS_FIXED | TermsKind.POINTS_PER_UNIT:
            return _points(listed, terms, commission_minor=commission_minor, currency=currency)


def nothing_like(reward: ShownReward) -> ShownReward:
    """The same kind of reward, of 0: what an order earns for now."""
    is_money = reward.type is RewardType.FIXED and reward.currency is not None
    value = decimal_text(0, reward.currency or POINTS) if is_money else "0"
    return ShownReward(type=reward.type, value=value, currency=reward.currency)


def label_of(reward: ShownReward, *, category: str | None = None) -> str:
    """In a few words of plain English: «2.25 % back on Running shoes»."""
    match reward.type:
        case _ if reward.is_nothing:
            words = "No reward"
        case RewardType.PERCENT:
            words = f"{reward.value} % back"
        case RewardType.FIXED:
            words = f"{reward.value} {reward.currency} back per order"
        case RewardType.POINTS:
            each = "order" if reward.currency is None else f"{reward.currency} spent"
            words = f"{reward.value} {'point' if reward.value == '1' else 'points'} per {each}"
    if category is None:
        return words
    if len(category) > _CATEGORY_LENGTH_MAX:
        category = category[: _CATEGORY_LENGTH_MAX - 2].rstrip() + " …"
    return f"{words} on {category}"


def conditions_of(terms: Terms) -> tuple[str, ...]:
    """What the reward hangs on besides the order, each as one sentence for members."""
    sentences: list[str] = []
    if terms.currency is not None:
        sentences.append(f"Only {_where_paid_in(terms.currency)}.")
    minimum = _minimum(terms)
    if minimum:
        sentences.append(f"Only for orders of at least {minimum}.")
    most = _most(terms, POINTS if terms.is_points else terms.currency)
    if most:
        sentences.append(f"At most {most} per order.")
    if terms.kind is TermsKind.FIXED and not terms.is_promotion:
        sentences.append("A small order may earn less.")
    sentences += [_category_sentence(share, beside=terms) for share in terms.category_shares]
    return tuple(sentence for sentence in sentences if sentence)


def _sharing(terms: Terms, category: str | None) -> list[Terms | CategoryShare]:
    """By what an order through an offer of this category may be paid, whatever its lines say."""
    names = names_of(category)
    return [terms, *(one for one in terms.category_shares if name_of(one.category) in names)]


def _share(
    listed: Decimal,
    by: Terms | CategoryShare,
    *,
    commission_minor: int | None,
    currency: str | None,
) -> ShownReward:
    bps = _bps(by)
    if commission_minor is None or currency is None:
        numerator, denominator = listed.as_integer_ratio()
        return ShownReward(
            type=RewardType.PERCENT, value=_decimal(numerator * bps, denominator * _WHOLE)
        )
    minor = commission_minor * bps // _WHOLE if by.currency in {None, currency} else 0
    if by.cap_minor is not None:
        minor = min(minor, by.cap_minor)
    return _money(minor, currency)


def _bps(by: Terms | CategoryShare) -> int:
    return max(0, by.share_bps if by.is_promotion else min(by.share_bps, _WHOLE))


def _fixed(terms: Terms, *, commission_minor: int | None, currency: str | None) -> ShownReward:
    """Of a percentage the commission is not known yet: a small one pays less (a condition)."""
    if terms.currency is None:
        return _money(0, currency) if currency else _points_of(0)
    minor = max(0, terms.fixed_minor)
    if terms.cap_minor is not None:
        minor = min(minor, terms.cap_minor)
    if commission_minor is None or currency is None:
        return _money(minor, terms.currency)
    if currency != terms.currency or commission_minor <= 0:
        return _money(0, currency)
    return _money(minor if terms.is_promotion else min(minor, commission_minor), currency)


def _points(
    listed: Decimal, terms: Terms, *, commission_minor: int | None, currency: str | None
) -> ShownReward:
    is_of_currency = currency is None or terms.currency in {None, currency}
    is_less_than_a_unit = commission_minor is not None and commission_minor <= 0
    if listed <= 0 or is_less_than_a_unit or not is_of_currency:
        return _points_of(0)
    if terms.kind is TermsKind.POINTS_FIXED:
        return _points_of(_at_most(Fraction(terms.points), terms))
    if commission_minor is not None and currency is not None:
        units = Fraction(commission_minor, 10 ** exponent_of(currency))
        return _points_of(_at_most(Fraction(terms.points) * units, terms))
    if terms.currency is None:  # points for what is not said: nothing that could be promised
        return _points_of(0)
    each = max(Fraction(0), Fraction(terms.points) * Fraction(listed) / 100)
    each = min(each, Fraction(ORDER_POINTS_MAX))
    value = _decimal(each.numerator, each.denominator)
    return ShownReward(type=RewardType.POINTS, value=value, currency=terms.currency)


def _at_most(points: Fraction, terms: Terms) -> int:
    most = ORDER_POINTS_MAX if terms.cap_minor is None else terms.cap_minor
    return max(0, min(floor(points), most, ORDER_POINTS_MAX))


def _points_of(points: int) -> ShownReward:
    return ShownReward(type=RewardType.POINTS, value=str(points))


def _money(minor: int, currency: str) -> ShownReward:
    value = decimal_text(max(0, minor), currency)
    return ShownReward(type=RewardType.FIXED, value=value, currency=currency)


def _decimal(numerator: int, denominator: int) -> str:
    """Rounded down to PERCENT_DIGITS, without an exponent and without zeros at the end."""
    whole, part = divmod(numerator * 10**PERCENT_DIGITS // denominator, 10**PERCENT_DIGITS)
    digits = f"{part:0{PERCENT_DIGITS}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def _minimum(conditions: Terms | CategoryShare) -> str:
    currency = conditions.minimum_currency or conditions.currency
    if conditions.minimum_order_minor is None or currency is None:
        return ""
    return str(Money(conditions.minimum_order_minor, currency))


def _most(conditions: Terms | CategoryShare, currency: str | None) -> str:
    if conditions.cap_minor is None or currency is None:
        return ""
    if currency == POINTS:
        return f"{min(conditions.cap_minor, ORDER_POINTS_MAX)} points"
    return str(Money(conditions.cap_minor, currency))


def _where_paid_in(currency: str) -> str:
    """What counts is the currency of the commission, of which a member knows nothing else."""
    return f"where the store pays in {currency}"


def _category_sentence(share: CategoryShare, *, beside: Terms) -> str:
    """How `share` compares with the share of all other lines; empty where it makes no difference.

    Each has conditions of its own, and those of the other do not bind it.
    """
    own, rest = _bps(share), _bps(beside)
    if own == 0:
        return "" if rest == 0 else f"Nothing for «{share.category}»."
    more_or_less = "more" if own > rest else "less"
    words = [f"«{share.category}» earns {more_or_less} than the rest of the order"]
    if own == rest:
        if _binding(share) == _binding(beside):
            return ""
        words = [f"«{share.category}» earns at the same rate"]
    minimum, most = _minimum(share), _most(share, share.currency)
    if share.currency is not None:
        words.append(_where_paid_in(share.currency))
    if minimum:
        words.append(f"for orders of at least {minimum}")
    if most:
        words.append(f"at most {most} per order")
    return ", ".join(words) + "."


def _binding(conditions: Terms | CategoryShare) -> tuple[str | None, str, str]:
    """Beside the share, what an order must be, and gets at most."""
    return conditions.currency, _minimum(conditions), _most(conditions, conditions.currency)
