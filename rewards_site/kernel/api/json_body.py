"""JSON bodies of the API, read without surprises.

No float: fractions become Decimal. No body can exhaust memory, stack or clock, and what two readers
may read differently (NaN, a key told twice, half a surrogate) is no JSON here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import IO, Any, NoReturn

from django.core.exceptions import RequestDataTooBig
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer

BODY_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 32
DIGITS_MAX = 40
"""A longer number, or one with as large an exponent, is refused: no amount of ours is near it."""

# Possessive, and an open string runs to the end: linear in time whatever is sent.
_STRINGS_AND_BRACKETS = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


class JsonBodyParser(BaseParser):
    """`application/json` in UTF-8, at most 1 MiB and 32 levels deep.

    Raises: ParseError (400), RequestDataTooBig (413).
    """

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(BODY_BYTES_MAX + 1)
        if len(body) > BODY_BYTES_MAX:
            raise RequestDataTooBig("the body of an API call is over 1 MiB")
        return read_json(body)


def read_json(body: bytes) -> object:
    """The value in `body`: dict, list, str, int, Decimal, bool or None. Raises: ParseError."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise ParseError(_("The body is not UTF-8.")) from None
    if _is_deep(text):
        raise ParseError(_("The body is nested deeper than %(most)d levels.") % {"most": DEPTH_MAX})
    try:
        value: object = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        raise ParseError(
            _("The body is not JSON (line %(line)d, column %(column)d).") % place
        ) from None
    if "\\u" in text and any(_NOT_TEXT.search(item) for item in _texts(value)):
        raise ParseError(_("The body holds a NUL, or half a surrogate pair, which is no text."))
    return value


def _is_deep(text: str) -> bool:
    if text.count("[") + text.count("{") <= DEPTH_MAX:
        return False  # nearly every body
    depth = 0
    for match in _STRINGS_AND_BRACKETS.finditer(text):
        token = match[0]
        if token in ("[", "{"):
            depth += 1
            if depth > DEPTH_MAX:
                return True
        elif token in ("]", "}"):
            depth -= 1
    return False


def _texts(value: object) -> Iterator[str]:
    """Every string in `value`, keys among them; its depth is bounded by now."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _integer(text: str) -> int:
    if len(text) > DIGITS_MAX:
        raise ParseError(_("The body holds a number of too many digits."))
    return int(text)


def _fraction(text: str) -> Decimal:
    mantissa, _e, exponent = text.lower().partition("e")
    if len(mantissa) > DIGITS_MAX or len(exponent) > 4 or abs(int(exponent or 0)) > DIGITS_MAX:
        raise ParseError(_("The body holds a number of too many digits."))
    return Decimal(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ParseError(_("The body is not JSON: %(name)s is no number there.") % {"name": name})


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        raise ParseError(_("The body tells a key twice in one object."))
    return value


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object,
    parse_float=_fraction,
    parse_int=_integer,
    parse_constant=_refuse_constant,
)
