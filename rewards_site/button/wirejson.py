"""JSON as Button or anybody posing as Button may send it, read without surprises.

No float ever touches money: fractions become Decimal. No body can exhaust the stack or the clock:
what is nested deeper than 100 levels is checked and then replaced by null, and endless digits never
become an int. Keys told twice are reported, since JSON leaves open which of the two counts.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, NoReturn

DEPTH_MAX = 100
INTEGER_DIGITS_MAX = 40
"""Longer integers become Decimal: int() takes quadratic time, and refuses past 4,300 digits."""

_BOM = b"\xef\xbb\xbf"
# Possessive, and an open string runs to the end: linear in time whatever is sent.
_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)'
_STRINGS = re.compile(_STRING, re.DOTALL)
_STRINGS_AND_BRACKETS = re.compile(_STRING + r"|[\[\]{}]", re.DOTALL)
_NO_BRACKETS = re.compile(r"[^\[\]{}]++")
_ROUND = str.maketrans("[]{}", "()()")
_ROUND_BYTES = bytes.maketrans(b"[]{}", b"()()")
_NEITHER = bytes(set(range(256)) - set(b'[]{}"'))


class NotJson(ValueError):
    """The bytes are no JSON text; the message is one plain sentence without any of the body."""


class JsonObject(dict[str, Any]):
    """A JSON object. Of a key told twice the dict holds the last value."""

    conflicting_keys: frozenset[str] = frozenset()
    """Keys told twice or more in this object, with different values."""


def parse(body: bytes) -> object:
    """The value in `body`: JsonObject, list, str, int, Decimal, bool or None.

    Strictly UTF-8 (a byte order mark is let pass). Raises: NotJson.
    """
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError:
        raise NotJson("The body is not UTF-8.") from None
    if not _is_deep(text, body):
        return _decode(text)
    return _decode_deep(text)


def _decode(text: str) -> object:
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise NotJson(
            f"The body is not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        ) from None
    return value


def _decode_deep(text: str) -> object:
    """Read in pieces of at most 100 levels; only the outermost is kept, but all must be JSON."""
    open_pieces: list[list[str]] = [[]]
    depth = taken = 0
    for match in _STRINGS_AND_BRACKETS.finditer(text):
        token = match[0]
        if token in ("[", "{"):
            if depth and depth % DEPTH_MAX == 0:
                open_pieces[-1] += text[taken : match.start()], "null"
                open_pieces.append([])
                taken = match.start()
            depth += 1
        elif token in ("]", "}"):
            depth -= 1
            if depth and depth % DEPTH_MAX == 0:
                _decode("".join([*open_pieces.pop(), text[taken : match.end()]]))
                taken = match.end()
            if depth < 0:
                break
    if depth != 0:
        raise NotJson("The body is not JSON: its brackets do not pair.")
    return _decode("".join([*open_pieces[0], text[taken:]]))


def _is_deep(text: str, body: bytes) -> bool:
    """Whether brackets are nested deeper than 100 levels; `text` is what `body` says."""
    if text.count("[") + text.count("{") <= DEPTH_MAX:
        return False  # nearly every webhook
    brackets = _brackets(body)
    if brackets is None:
        brackets = _NO_BRACKETS.sub("", _STRINGS.sub("", text)).translate(_ROUND)
    for _ in range(DEPTH_MAX):  # each round takes the innermost level away
        shorter = brackets.replace("()", "")
        if len(shorter) == len(brackets):
            break
        brackets = shorter
    return "(" in brackets


def _brackets(body: bytes) -> str | None:
    """The brackets outside of strings, as round ones; None where that takes a closer look.

    A string without a bracket comes to a pair of quotes that are neighbours. Before a bracket
    inside of one the number of quotes is odd, so some quote is left over.
    """
    if b'\\"' in body or b"\\\\" in body:
        return None
    brackets = body.translate(_ROUND_BYTES, _NEITHER).replace(b'""', b"")
    return None if b'"' in brackets else brackets.decode()


def _integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= INTEGER_DIGITS_MAX else Decimal(text)


def _fraction(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent past what Decimal can hold
        if "e-" in text.lower():
            return Decimal("0.0")
        return Decimal("-Infinity" if text.startswith("-") else "Infinity")


def _refuse_constant(name: str) -> NoReturn:
    raise NotJson(f"The body is not JSON: {name} is no JSON number.")


def _object(pairs: list[tuple[str, Any]]) -> JsonObject:
    value = JsonObject(pairs)
    if len(value) < len(pairs):
        told: dict[str, list[Any]] = {}
        for key, item in pairs:
            told.setdefault(key, []).append(item)
        value.conflicting_keys = frozenset(
            key
            for key, items in told.items()
            if not all(_is_same(left, right) for left, right in pairwise(items))
        )
    return value


def _is_same(left: object, right: object) -> bool:
    """Equal as JSON: 1, 1.0 and true are three different things, though Python calls them equal."""
    if type(left) is not type(right):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_is_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_is_same, left, right))
    return left == right


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_fraction,
    parse_int=_integer,
    parse_constant=_refuse_constant,
)


def has_conflicts(raw: object) -> bool:
    """Whether any object in it had a key told twice with different values."""
    if isinstance(raw, dict):
        if getattr(raw, "conflicting_keys", None):
            return True
        raw = list(raw.values())
    elif not isinstance(raw, list):
        return False
    return any(isinstance(value, _NESTED) and has_conflicts(value) for value in raw)


_NESTED = (dict, list)
_HUGE = "1E+9999999999999999999"
"""A number past what Decimal can hold was read as infinite; this is read back as the same."""


def _is_plain(raw: object) -> bool:
    """Whether nothing in it needs more than the standard writer, as in nearly every row."""
    if isinstance(raw, dict):
        return not getattr(raw, "conflicting_keys", None) and all(map(_is_plain, raw.values()))
    if isinstance(raw, list):
        return all(map(_is_plain, raw))
    return not isinstance(raw, Decimal)


def text_of(raw: object) -> str:
    """`raw` as JSON text, ASCII only, which `parse` reads back as the same value.

    Of a key told twice with different values only the last is known by now; it is written twice,
    so that whoever reads it again meets the same doubt.
    """
    if _is_plain(raw):
        return json.dumps(raw)
    match raw:
        case dict():
            conflicting: frozenset[str] = getattr(raw, "conflicting_keys", frozenset())
            members = []
            for key, value in raw.items():
                if key in conflicting:
                    members.append(f'{json.dumps(key)}: "(told before with another value)"')
                members.append(f"{json.dumps(key)}: {text_of(value)}")
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ", ".join(text_of(item) for item in raw) + "]"
        case Decimal():
            return str(raw) if raw.is_finite() else ("-" if raw < 0 else "") + _HUGE
        case _:
            return json.dumps(raw)
