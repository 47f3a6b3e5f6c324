"""What a revision says that the one before it, of the same `tx` id, did not: field by field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from rewards_site.kernel.admin.text import displayable, money_text, utc_text
from transactions.models import TransactionRevision

NOT_TOLD = "not told"
LINES_SHOWN_MAX = 5
_FIELDS_MAX = 40
_NOT_NEWS = {"tx_id", "account_id", "modified_at", "flags", "currency"}
"""Said by other words of the same moment, or the same for ever."""
_WORDS = {
    "amount_minor": "commission",
    "button_order_id": "order id",
    "publisher_customer_id": "customer id",
    "merchant_name": "brand",
    "merchant_id": "brand id",
    "order_reference": "brand's order number",
    "channel": "bought in",
    "attribution_at": "attribution time",
    "event_at": "event time",
    "validated_at": "validated at",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field. `before` is empty where nothing was known of the order at all."""

    name: str
    before: str | SafeString
    after: str | SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a revision tells that was not known."""

    differences: list[Difference] = field(default_factory=list)
    is_first: bool = False
    """Whether its `tx` id was told for the first time."""
    silent_about: list[str] = field(default_factory=list)
    """Fields that were told before and are null or absent now: what was told before holds."""


def differences_of(
    revisions: Iterable[TransactionRevision], currency: str, *, is_whole: bool = True
) -> dict[int, Said]:
    """Revision number → what it said; `revisions` oldest first.

    `is_whole`: they begin with the order's first one; else the first of a child may not be its
    first, and nothing is made of that.
    """
    known: dict[int | None, dict[str, Any]] = {}
    said: dict[int, Said] = {}
    for revision in revisions:
        told = revision.observation
        if told is None:
            said[revision.number] = Said()
            continue
        before = known.get(revision.child_id)
        said[revision.number] = _said(before, told, currency, is_first=before is None and is_whole)
        known[revision.child_id] = {**(before or {}), **told}
    return said


def as_lines(said: Said) -> SafeString:
    """One line a field: «commission: 10.00 USD → 6.00 USD»."""
    if not said.differences:
        return format_html("{}", "nothing: said again, with a later date, or decided by staff")
    lines = [
        (one.name, format_html("{} → ", one.before) if one.before else "", one.after)
        for one in said.differences
    ]
    return format_html_join("", '<span class="change">{}: {}{}</span>', lines)


def _said(
    before: Mapping[str, Any] | None, told: Mapping[str, Any], currency: str, *, is_first: bool
) -> Said:
    past = before or {}
    news = [name for name in told if name not in _NOT_NEWS and told[name] != past.get(name)]
    silent = [name for name in past if name not in told and name not in _NOT_NEWS]
    return Said(
        differences=[
            _difference(name, past, told, currency, is_first=before is None)
            for name in news[:_FIELDS_MAX]
        ],
        is_first=is_first,
        silent_about=sorted(_word(name) for name in silent),
    )


def _difference(
    name: str, past: Mapping[str, Any], told: Mapping[str, Any], currency: str, *, is_first: bool
) -> Difference:
    old, new = past.get(name), told[name]
    if name == "lines":
        return _lines_difference(old, new, told, currency, is_first=is_first)
    before, after = _plain(name, old, past, currency), _plain(name, new, told, currency)
    if before == after:  # times that differ by less than a second
        before, after = _precise(old), _precise(new)
    return Difference(
        name=_word(name),
        before="" if is_first else displayable(before) if old is not None else NOT_TOLD,
        after=displayable(after),
    )


def _word(name: str) -> str:
    plain = name.removesuffix("_minor").removesuffix("_at").replace("_", " ")
    return _WORDS.get(name, plain)


def _plain(name: str, value: Any, told: Mapping[str, Any], currency: str) -> str:
    """`value` as people read it: money with its currency, times in UTC."""
    if name == "order_total_minor" and isinstance(value, int):
        return money_text(value, str(told.get("order_currency") or currency))
    if name.endswith("_minor") and isinstance(value, int):
        return money_text(value, currency)
    if name.endswith("_at") and isinstance(value, str):
        return utc_text(datetime.fromisoformat(value))
    return str(value)


def _precise(value: Any) -> str:
    return precise_text(datetime.fromisoformat(value)) if isinstance(value, str) else str(value)


def precise_text(at: datetime) -> str:
    """`at` in UTC with milliseconds: 2026-03-05 14:03:12.250 UTC."""
    return f"{at.astimezone(UTC).isoformat(sep=' ', timespec='milliseconds')[:23]} UTC"


def _lines_difference(
    old: Any, new: Any, told: Mapping[str, Any], currency: str, *, is_first: bool
) -> Difference:
    total_currency = str(told.get("order_currency") or currency)
    before = "" if is_first else NOT_TOLD if old is None else _lines(old, total_currency)
    return Difference(name="lines", before=before, after=_lines(new, total_currency))


def _lines(lines: Any, currency: str) -> str | SafeString:
    if not lines:
        return "none"
    shown = [(_line(line, currency),) for line in lines[:LINES_SHOWN_MAX]]
    text = format_html_join("", '<span class="change">{}</span>', shown)
    more = len(lines) - len(shown)
    return format_html("{}and {} more", text, more) if more > 0 else text


def _line(line: Mapping[str, Any], currency: str) -> str:
    what = line.get("description") or line.get("category") or line.get("identifier") or "a line"
    quantity = line.get("quantity")
    each, total = line.get("amount_minor"), line.get("total_minor")
    if total is None and each is not None:
        total = each * (quantity or 1)
    worth = f": {money_text(total, currency)}" if total is not None else ""
    return displayable(f"{f'{quantity} × ' if quantity is not None else ''}{what}{worth}")
