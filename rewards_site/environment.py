"""Environment variables of kinds that django-environ does not read by itself.

Each raises ImproperlyConfigured with the variable's name and what it should be.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()


def texts(name: str) -> list[str]:
    """A comma-separated list, without blanks and empty items."""
    return [text.strip() for text in env.list(name, default=[]) if text.strip()]


def instant(name: str) -> datetime | None:
    """An RFC 3339 time with its zone, as UTC; None where it is not set."""
    text = env.str(name, default="").strip()
    if not text:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={text!r} is not an RFC 3339 time.") from error
    if at.tzinfo is None:
        raise ImproperlyConfigured(f"{name}={text!r} has no zone: end it with Z.")
    return at.astimezone(UTC)


def choice(name: str, default: str, choices: set[str]) -> str:
    """One of `choices`."""
    value = str(env.str(name, default=default))
    if value not in choices:
        raise ImproperlyConfigured(f"{name}={value!r} is not one of {', '.join(sorted(choices))}.")
    return value


def amounts(name: str, default: str) -> dict[str, int]:
    """`USD=500,JPY=800`: currency → minor units."""
    amounts: dict[str, int] = {}
    for text in env.list(name, default=default.split(",")):
        found = re.fullmatch(r"\s*([A-Z]{3})\s*=\s*(\d+)\s*", text)
        if found:
            amounts[found[1]] = int(found[2])
        elif text.strip():
            raise ImproperlyConfigured(f"{name}: {text!r} is not a currency and a whole number.")
    return amounts


def whole(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number between `least` and `most`, both included."""
    value = int(env.int(name, default=default))
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name}={value} is not between {least} and {most}.")
    return value
