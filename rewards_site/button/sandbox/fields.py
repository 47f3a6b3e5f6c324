"""Reads the JSON of control calls, strictly: a misspelt field is told, not overlooked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from rewards_site.button.sandbox.clock import read_instant
from rewards_site.kernel.errors import InvalidInput

_SPAN_MOST = 1_000_000


class Fields:
    """A JSON object's fields, each taken once and checked; `end()` refuses what is left.

    Every method raises InvalidInput, naming the field.
    """

    def __init__(self, values: dict[str, object], *, within: str = "") -> None:
        self._values = dict(values)
        self._within = within

    @classmethod
    def read(cls, body: bytes) -> Fields:
        try:
            values = json.loads(body or b"{}")
        except ValueError as error:
            raise InvalidInput(f"The body is not JSON: {error}") from error
        if not isinstance(values, dict):
            raise InvalidInput("The body is not a JSON object")
        return cls(values)

    def end(self) -> None:
        if self._values:
            raise self._wrong(next(iter(self._values)), "no such field")

    @property
    def names(self) -> list[str]:
        """Those not taken yet, also where the value is null."""
        return list(self._values)

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str) -> str | None:
        value = self._values.pop(name, None)
        if value is not None and not isinstance(value, str):
            raise self._wrong(name, "not a text")
        return value

    def choice(self, name: str, choices: Iterable[str], *, default: str | None = None) -> str:
        value = self.text(name)
        value = default if value is None else value
        if value is None or value not in (known := list(choices)):
            raise self._wrong(name, f"not one of {', '.join(known)}" if value else "missing")
        return value

    def whole(self, name: str, *, default: int | None = None, least: int | None = None) -> int:
        value = self._values.pop(name, None)
        value = default if value is None else value
        if value is None:
            raise self._wrong(name, "missing")
        if type(value) is not int:
            raise self._wrong(name, "not a whole number")
        if least is not None and value < least:
            raise self._wrong(name, f"below {least}")
        return value

    def number(self, name: str, *, most: float = 3600) -> float | None:
        """From 0 to `most`; None where nothing is said."""
        value = self._values.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise self._wrong(name, f"not a number from 0 to {most}")
        return value

    def span(self) -> timedelta | None:
        """`days`, `hours`, `minutes` and `seconds` together; None where none is said."""
        told = {
            unit: number
            for unit in ("days", "hours", "minutes", "seconds")
            if (number := self.number(unit, most=_SPAN_MOST)) is not None
        }
        return timedelta(**told) if told else None

    def yes(self, name: str, *, default: bool) -> bool:
        value = self._values.pop(name, None)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self._wrong(name, "not true or false")
        return value

    def instant(self, name: str, *, default: datetime) -> datetime:
        value = self.text(name)
        if value is None:
            return default
        try:
            return read_instant(value)
        except ValueError as error:
            raise self._wrong(name, "not an RFC 3339 time") from error

    def object(self, name: str) -> Fields:
        value = self._values.pop(name, None)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(name, "not an object")
        return Fields(value or {}, within=f"{name}.")

    def texts(self, name: str) -> list[str]:
        values = self._values.pop(name, None)
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self._wrong(name, "not a list of texts")
        return values

    def rest(self) -> Mapping[str, Any]:
        """All that is not taken yet, as it came; whoever takes it checks it."""
        values, self._values = self._values, {}
        return values

    def objects(self, name: str) -> list[Fields]:
        values = self._values.pop(name, None) or []
        if not isinstance(values, list) or not all(isinstance(value, dict) for value in values):
            raise self._wrong(name, "not a list of objects")
        return [Fields(value, within=f"{name}.{number}.") for number, value in enumerate(values)]

    def _wrong(self, name: str, what: str) -> InvalidInput:
        full_name = self._within + name
        return InvalidInput(f"{full_name}: {what}", fields={full_name: what})
