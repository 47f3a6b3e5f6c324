"""What people type → a question. The same words on the command line, in the admin and over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from django.conf import settings

from rewards_site.kernel.currencies import UnknownCurrency, exponent_of
from rewards_site.kernel.errors import InvalidInput
from rewards_site.reports.registry import Report
from rewards_site.reports.writers import Format


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for, read but not settled: `as_of` is None for now."""

    as_of: datetime | None
    start: datetime | None
    end: datetime | None
    currency: str
    with_customer_ids: bool
    format: Format


def read(
    report: Report,
    *,
    as_of: str = "",
    start: str = "",
    end: str = "",
    currency: str = "",
    with_customer_ids: bool = False,
    format: str = "",  # noqa: A002  # the word that people type
) -> Asked:
    """Raises: InvalidInput, with what is wrong by field: as_of, from, to, currency, format."""
    wrong: dict[str, str] = {}

    def take(field: str, parse: Callable[[str], datetime], text: str) -> datetime | None:
        if not text.strip():
            return None
        try:
            return parse(text.strip())
        except (ValueError, OverflowError) as error:
            wrong[field] = str(error)
            return None

    asked = Asked(
        as_of=take("as_of", instant, as_of),
        start=take("from", day, start),
        end=take("to", day, end),
        currency=currency.strip().upper(),
        with_customer_ids=with_customer_ids,
        format=_format(report, format.strip().lower(), wrong),
    )
    if not report.period_of:
        for field, value in (("from", asked.start), ("to", asked.end)):
            if value is not None:
                wrong[field] = f"{report.name} is of one instant: say as_of instead"
    elif asked.start and asked.end and asked.start >= asked.end:
        wrong["to"] = "does not lie after from (it is exclusive: the first day left out)"
    if asked.currency:
        try:
            exponent_of(asked.currency)
        except UnknownCurrency as error:
            wrong["currency"] = str(error)
    if wrong:
        raise InvalidInput(
            "; ".join(f"{field}: {what}" for field, what in wrong.items()), fields=wrong
        )
    return asked


def instant(text: str) -> datetime:
    """RFC 3339 with its offset, as UTC. Raises: ValueError, OverflowError."""
    try:
        day_named = date.fromisoformat(text)
    except ValueError:
        pass
    else:
        raise ValueError(
            f"{text!r} is a day, not an instant. Its end is the start of the next, such as "
            f"{_example(day_named)}"
        )
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not an RFC 3339 time such as 2026-11-20T08:00:00Z") from None
    if at.tzinfo is None:
        raise ValueError(f"{text!r} has no zone: end it with Z or an offset such as +01:00")
    return at.astimezone(UTC)


def _example(day_named: date) -> str:
    try:
        after = date.fromordinal(day_named.toordinal() + 1)
    except ValueError:
        after = day_named
    return datetime.combine(after, time(), tzinfo=settings.BUSINESS_TIME_ZONE).isoformat()


def day(text: str) -> datetime:
    """The start of a day in BUSINESS_TIME_ZONE, as UTC. Raises: ValueError, OverflowError."""
    try:
        named = date.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text!r} is not a day such as 2026-11-20") from None
    return datetime.combine(named, time(), tzinfo=settings.BUSINESS_TIME_ZONE).astimezone(UTC)


def _format(report: Report, text: str, wrong: dict[str, str]) -> Format:
    try:
        chosen = Format(text or Format.CSV.value)
    except ValueError:
        wrong["format"] = f"{text!r} is none of {', '.join(one.value for one in Format)}"
        return Format.CSV
    if chosen is Format.BEANCOUNT and report.beancount is None:
        wrong["format"] = f"{report.name} has no Beancount form; the journal has one"
    return chosen
