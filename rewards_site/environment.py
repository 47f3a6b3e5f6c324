"""Environment variables of kinds that django-environ does not read by itself.

Each raises ImproperlyConfigured with the variable's name and what it should be.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import environ
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()

NAMES = frozenset(
    {
        "ALERT_EMAILS",
        "ALERT_WEBHOOK_URL",
        "ALLOWED_HOSTS",
        "ATTRIBUTION_FIELD",
        "BUSINESS_TIME_ZONE",
        "BUTTON_API_KEY",
        "BUTTON_API_URL",
        "BUTTON_OFFERS_RATE_LIMIT",
        "BUTTON_OFFERS_URL",
        "BUTTON_TEST_WEBHOOK_SECRETS",
        "BUTTON_WEBHOOK_SECRETS",
        "CACHE_DIR",
        "CSRF_TRUSTED_ORIGINS",
        "DATABASE_POOL",
        "DATABASE_URL",
        "DEBUG",
        "EMAIL_FROM",
        "EMAIL_URL",
        "GO_LIVE_AT",
        "INBOX_ARCHIVE_DIR",
        "INBOX_BODY_MONTHS",
        "LOG_LEVEL",
        "MEMBER_JWT_AUDIENCE",
        "MEMBER_JWT_ISSUER",
        "MEMBER_JWT_JWKS_URL",
        "MEMBER_JWT_SECRET",
        "METRICS_TOKEN",
        "MISSED_WEBHOOKS_ALARM_COUNT",
        "MISSED_WEBHOOKS_ALARM_PERCENT",
        "MISSED_WEBHOOKS_GRACE_MINUTES",
        "MOVE_APPROVAL_LIMITS",
        "OUTWARD_ALLOW_PRIVATE",
        "PAYOUT_APPROVAL_LIMITS",
        "PAYPAL_API_URL",
        "PAYPAL_CLIENT_ID",
        "PAYPAL_CLIENT_SECRET",
        "RATE_DECISIONS_DAYS",
        "READ_DOT_ENV",
        "REDEMPTION_MINIMUMS",
        "REWARD_BEFORE_GO_LIVE",
        "REWARD_DEFAULT_SHARE_BPS",
        "SEAL_KEYS",
        "SECRET_KEY",
        "STAFF_OTP_REQUIRED",
        "SYNC_OFFPEAK_MINUTES",
        "SYNC_PEAK_HOURS",
        "SYNC_PEAK_MINUTES",
        "TRUST_PROXY",
        "WATCH_ALARMS",
        "WEB_THREADS",
    }
)
"""Every variable that is read. A run that must be nobody's, as a test's, clears them all."""


def is_set(name: str) -> bool:
    """Whether the variable is there and not blank."""
    return bool(str(env.str(name, default="")).strip())


def switch(name: str, *, default: bool) -> bool:
    """On or off; what is neither is refused, since a misspelt «on» would silently be off."""
    text = str(env.str(name, default="")).strip().lower()
    if not text:
        return default
    if text in ("on", "true", "yes", "y", "1", "ok"):
        return True
    if text in ("off", "false", "no", "n", "0"):
        return False
    raise ImproperlyConfigured(f"{name}={text!r} is neither on nor off.")


def texts(name: str, *, least: int = 1) -> list[str]:
    """A comma-separated list, without blanks and empty items.

    An item of under `least` characters is refused, and not repeated: it may be a secret.
    """
    items = [text.strip() for text in env.list(name, default=[]) if text.strip()]
    if any(len(item) < least for item in items):
        raise ImproperlyConfigured(f"{name}: each item needs {least} characters or more.")
    return items


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
    value = str(env.str(name, default="")) or default
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
    try:
        value = int(env.int(name)) if is_set(name) else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not a whole number.") from error
    if not least <= value <= most:
        raise ImproperlyConfigured(f"{name}={value} is not between {least} and {most}.")
    return value
