"""Reads the JSON body of an API call as Button would: unknown fields pass, wrong ones are a 400."""

from __future__ import annotations

import json
import re
from urllib.parse import SplitResult, urlsplit

from rewards_site.button.sandbox.answers import ApiError, Request

USER_ID = re.compile(r"[\x21-\x7e]{1,255}")
"""What a user may be called, in offers, links and short links alike (sheet, 2 and 3.1)."""
REFERENCE_CHARACTERS_MAX = 512


class Body:
    """A JSON object. Every method raises ApiError (400), naming the field."""

    def __init__(self, values: dict[str, object], *, within: str = "") -> None:
        self._values = values
        self._within = within

    def text(self, name: str) -> str | None:
        """None where it is missing, null or empty."""
        value = self._values.get(name)
        if value is not None and not isinstance(value, str):
            raise self.wrong(name)
        if value and any("\ud800" <= character <= "\udfff" for character in value):
            raise self.wrong(name)  # half a character, which no URL can carry
        return value or None

    def texts(self, name: str) -> list[str]:
        values = self._values.get(name)
        if values is None:
            return []
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise self.wrong(name)
        return values

    def object(self, name: str) -> Body:
        value = self._values.get(name)
        if value is not None and not isinstance(value, dict):
            raise self.wrong(name)
        return Body(value or {}, within=f"{name}.")

    def user(self, name: str) -> str | None:
        """A publisher's name for a user."""
        value = self.text(name)
        if self._values.get(name) is not None and not USER_ID.fullmatch(value or ""):
            raise self.wrong(name)
        return value

    def reference(self, name: str) -> str | None:
        value = self.text(name)
        if value is not None and len(value) > REFERENCE_CHARACTERS_MAX:
            raise self.wrong(name)
        return value

    def address(self, name: str) -> tuple[str, SplitResult]:
        """A URL of the web, as given and in its parts."""
        value = self.text(name)
        if value is None:
            raise ApiError(400, f"Missing {self._within}{name}")
        try:
            parts = urlsplit(value)
            is_good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            is_good = False
        if not is_good:
            raise self.wrong(name)
        return value, parts

    def wrong(self, name: str) -> ApiError:
        return ApiError(400, f"Invalid {self._within}{name}")


def read_body(request: Request) -> Body:
    """Raises: ApiError (400): JSON only, says the current reference (sheet, 1.2)."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise ApiError(400, "Content-Type must be application/json")
    try:
        values = json.loads(request.body)
    except (ValueError, RecursionError):
        raise ApiError(400, "Invalid JSON") from None
    if not isinstance(values, dict):
        raise ApiError(400, "The body must be a JSON object")
    return Body(values)
