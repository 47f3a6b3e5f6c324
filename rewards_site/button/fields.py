"""One JSON object of Button's, read field by field.

A needed field that is not as it must be refuses the whole; an optional one is dropped, and one
plain sentence says so. An empty string counts as missing everywhere (contract, section 3). What was
told is never repeated in a sentence: it may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar

from rewards_site.kernel.money import BIGINT_MAX

T = TypeVar("T")

ID_LENGTH_MAX = 255
TEXT_LENGTH_MAX = 255
FLAGS_MAX = 20
"""Sentences kept of one observation; how many more there were is the last one."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
"""What no PostgreSQL text can hold: NUL, and halves of surrogate pairs."""
_CURRENCY = re.compile(r"[A-Za-z]{3}")
_COUNTRY = re.compile(r"[A-Za-z]{2}")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?"
    r"(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))"
)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Unreadable(ValueError):
    """A needed field is missing or of the wrong type, so nothing can be made of the object."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"`{field}` {reason}")
        self.field = field
        self.reason = reason


class Wrong(ValueError):
    """A value is not of the type asked for; the message continues a sentence: "not an integer"."""


class PastBooks(Wrong):
    """An integer of more than 64 bits."""

    def __init__(self) -> None:
        super().__init__("a number past 64 bits")


class Flags:
    """Sentences about what was dropped, at most FLAGS_MAX of them."""

    def __init__(self) -> None:
        self._sentences: list[str] = []
        self._further_count = 0

    def add(self, sentence: str) -> None:
        if len(self._sentences) < FLAGS_MAX:
            self._sentences.append(sentence)
        else:
            self._further_count += 1

    def sentences(self) -> tuple[str, ...]:
        if self._further_count:
            return (*self._sentences, f"{self._further_count} more of this kind")
        return tuple(self._sentences)


class Fields:
    """The fields of one object; `where` stands before each sentence of it, such as "line 2: "."""

    def __init__(self, data: dict[str, Any], *, flags: Flags, where: str = "") -> None:
        self._data = data
        self._conflicting: frozenset[str] = getattr(data, "conflicting_keys", frozenset())
        self._flags = flags
        self._where = where

    def needed(self, name: str, read: Callable[[Any], T]) -> T:
        """Raises: Unreadable when `name` is missing or `read` finds it Wrong."""
        value = self.decisive(name, read)
        if value is None:
            raise Unreadable(name, "is missing")
        return value

    def decisive(self, name: str, read: Callable[[Any], T]) -> T | None:
        """May be missing (None), not wrong: it decides about money. Raises: Unreadable."""
        if name in self._conflicting:
            raise Unreadable(name, "is told twice with different values")
        value = self._data.get(name)
        if value is None or value == "":
            return None
        try:
            return read(value)
        except Wrong as wrong:
            raise Unreadable(name, f"is {wrong}") from None

    def optional(self, name: str, read: Callable[[Any], T]) -> T | None:
        """None where it is missing, and where it had to be dropped."""
        if name in self._conflicting:
            self.flag(f"`{name}` dropped: told twice with different values")
            return None
        value = self._data.get(name)
        if value is None or value == "":
            return None
        try:
            return read(value)
        except Wrong as wrong:
            self.flag(f"`{name}` dropped: {wrong}")
            return None

    def text(
        self,
        name: str,
        read: Callable[[Any], str] | None = None,
        *,
        length_max: int = TEXT_LENGTH_MAX,
    ) -> str | None:
        """Optional text for people: made storable and cut to length rather than dropped."""
        value = self.optional(name, read or plain_text)
        if not value:
            return None
        storable = _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", value)
        if storable != value:
            self.flag(f"`{name}` held characters that cannot be stored; they were replaced")
        if len(storable) > length_max:
            self.flag(f"`{name}` cut to {length_max} characters")
        return storable[:length_max]

    def is_told(self, name: str) -> bool:
        """Whether there is any value, readable or not."""
        return self._data.get(name) not in (None, "")

    def flag(self, sentence: str) -> None:
        self._flags.add(self._where + sentence)


def plain_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Wrong("not text")
    return value


def identifier(value: Any) -> str:
    """An opaque id of up to 255 characters without control characters (sheet, 1.5)."""
    text = reference(value, length_max=ID_LENGTH_MAX)
    if _CONTROL.search(text):
        raise Wrong("text with control characters")
    return text


def customer_id(value: Any) -> str:
    """What may be stored at all; whether it can name a member is decided where that is asked."""
    return reference(value, length_max=ID_LENGTH_MAX)


def reference(value: Any, *, length_max: int) -> str:
    """An id exactly as told. Never repaired: a repaired id would be another id."""
    text = plain_text(value)
    if len(text) > length_max:
        raise Wrong(f"text of more than {length_max} characters")
    if _UNSTORABLE.search(text):
        raise Wrong("text that cannot be stored")
    return text


def integer(value: Any) -> int:
    """A JSON integer of 64 bits; true and 1.0 are none."""
    if isinstance(value, Decimal) and _is_endless_integer(value):
        raise PastBooks
    if type(value) is not int:
        raise Wrong("not an integer")
    if abs(value) > BIGINT_MAX:
        raise PastBooks
    return value


def amount(value: Any) -> int:
    """Commission in minor units."""
    try:
        return integer(value)
    except PastBooks:
        raise Wrong("an amount the books refuse: past 64 bits") from None


def _is_endless_integer(value: Decimal) -> bool:
    """Integers too long for int() come as Decimal (wirejson)."""
    return value.is_finite() and value.as_tuple().exponent == 0 and value.adjusted() >= 19


def currency(value: Any) -> str:
    """Three letters, upper-cased; whether ISO 4217 knows them is decided where it is booked."""
    if not _CURRENCY.fullmatch(plain_text(value)):
        raise Wrong("not a currency code of three letters")
    return str(value).upper()


def country(value: Any) -> str:
    if not _COUNTRY.fullmatch(plain_text(value)):
        raise Wrong("not a country code of two letters")
    return str(value).upper()


def time(value: Any) -> datetime:
    """An RFC 3339 time of 1970 to 9999, in UTC; any precision, cut to microseconds."""
    match = _TIME.fullmatch(plain_text(value))
    if not match:
        raise Wrong("not an RFC 3339 time")
    date, clock, second, fraction, zulu, sign, hours, minutes = match.groups()
    is_leap_second = second == "60"
    text = f"{date}T{clock}:{'59' if is_leap_second else second}.{(fraction or '0')[:6]:0<6}"
    try:
        at = datetime.fromisoformat(text).replace(tzinfo=_offset(zulu, sign, hours, minutes))
        at = at.astimezone(UTC) + timedelta(seconds=is_leap_second)
    except (ValueError, OverflowError):
        raise Wrong("not an RFC 3339 time") from None
    if at < _EARLIEST:
        raise Wrong("a time before 1970")
    return at


def _offset(zulu: str | None, sign: str, hours: str, minutes: str) -> timezone:
    """Raises: ValueError for an offset that no clock has."""
    if zulu:
        return UTC
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("no such offset")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)
