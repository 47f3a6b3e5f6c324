"""Pure: which of Button's words an app may show, and how.

They are the brand's own, and may repeat what Button lists, which is the publisher's secret
(contract, section 5): so each percentage, and each number that is a listed one, is struck out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

STRUCK = "…"
COSMETIC = ("category", "offer_type", "offer_tag")
"""Those that Button documents (sheet, section 2); nobody says what others mean."""
_SPACES = " \u00a0\u2009\u202f"
_GROUPING = _SPACES + "'\u2019\u066c"
"""Between thousands, beside the point and the comma: spaces, apostrophes, the Arabic sign."""
_POINTS = ".,\u066b"
_PERCENT = "%\u066a\uff05\ufe6a\u2030"
_VULGAR = "\u00bc-\u00be\u2150-\u215e"
_SLASH = "/\u2044"
_NUMBER = re.compile(
    rf"""
    (?P<before>[{_PERCENT}])?
    (?P<number>
        (?: \d++ [{_SPACES}] )? \d++ [{_SLASH}] \d++                        # 6 1/2
      | \d{{1,3}} (?: [{_GROUPING}] \d{{3}} (?!\d) )++ (?: [{_POINTS}] \d++ )?  # 1 250.00
      | \d++ (?: [{_POINTS}] \d++ )*+                                       # 1,250.00
      | (?<![\w{_POINTS}]) [{_POINTS}] \d++                                 # .5
      | (?=[{_VULGAR}])                                                     # ½
    )
    (?P<part> [{_SPACES}]? [{_VULGAR}] )?
    (?P<percent>
        \s*+ (?: [{_PERCENT}] | (?: per\s?cent | pct | bps | basis\ points? ) (?:age)? \b )
    )?
    """,
    re.IGNORECASE | re.VERBOSE,
)
_RANGE = re.compile(r"\s*(?:[-–—]|to)\s*", re.IGNORECASE)
"""Between two numbers, of which the second one says what both are."""
_DIGITS_MAX = 30


def cosmetic(told: Mapping[str, str], *, listed: Collection[Decimal]) -> dict[str, str]:
    """Of `display_params`, what is fit to be shown. `listed`: every rate of the brand."""
    return {name: without_rates(told[name], listed=listed) for name in COSMETIC if told.get(name)}


def without_rates(text: str, *, listed: Collection[Decimal] = ()) -> str:
    """`text` with each percentage, and each number that is one of `listed`, struck out.

    The words stay: they say what an offer is for, and without them it would promise more.
    """
    return _struck(text, frozenset(listed))


@lru_cache(maxsize=8192)  # the same few thousand texts, for every member who looks
def _struck(text: str, listed: frozenset[Decimal]) -> str:
    found = list(_NUMBER.finditer(text))
    kept: list[str] = []
    end = len(text)
    begins_percentage = False
    for number in reversed(found):
        between = text[number.end() : end]
        is_percentage = bool(number["before"] or number["percent"]) or (
            begins_percentage and _RANGE.fullmatch(between) is not None
        )
        is_told = is_percentage or any(one in listed for one in _readings(number))
        kept += [between, STRUCK if is_told else number[0]]
        end, begins_percentage = number.start(), is_percentage
    return text[:end] + "".join(reversed(kept))


def _readings(match: re.Match[str]) -> Iterator[Fraction]:
    """What a number may be meant as: 1,250 is either; so are the parts of what a space parts.

    A Fraction is found among Decimals that are as great.
    """
    part = Fraction(0)
    if match["part"]:
        part = Fraction(unicodedata.numeric(match["part"][-1])).limit_denominator(100)
    if not match["number"]:
        yield part
        return
    text = "".join(str(unicodedata.decimal(one, one)) for one in match["number"])
    words = re.split(f"[{_SPACES}]", text)
    if re.search(f"[{_SLASH}]", text):
        over, under = re.split(f"[{_SLASH}]", words.pop())
        if len(text) <= _DIGITS_MAX and int(under):
            part = Fraction(int(over), int(under))
            yield part
        words += [over, under]
    else:
        words.append(text)
    for word in words:
        for number in _decimals(re.sub(f"[{_GROUPING}]", "", word)):
            yield number
            yield number + part


def _decimals(text: str) -> Iterator[Fraction]:
    """Of digits with points and commas: brands write either before the decimals."""
    if len(text) > _DIGITS_MAX:
        return
    groups = re.split(f"[{_POINTS}]", text)
    marks = re.findall(f"[{_POINTS}]", text)
    if marks[:-1].count(marks[-1] if marks else "") == 0 and len(set(marks[:-1])) < 2:
        yield Fraction(Decimal("".join(groups[:-1]) + "." + groups[-1] if marks else text))
    if marks and len(set(marks)) == 1 and all(len(group) == 3 for group in groups[1:]):
        yield Fraction(int("".join(groups)))
