"""A brand as the Brands API lists it (sheet, 3.4), and as the legacy Merchants API did (3.6).

Both spell some things differently, and Button's own sample and table differ, too: the table below
says where each fact may stand. A fact that is not told, or cannot be read, is not in `told`, and
what was known of it stays; null and "" are told as «none».
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from rewards_site.button import fields
from rewards_site.button.fields import Fields, Flags, Unreadable, Wrong
from rewards_site.button.pages import Page
from rewards_site.button.wirejson import text_of

__all__ = ["BrandRecord", "BrandRow", "BrandsPage", "UnreadableBrand", "read_brand", "read_brands"]

LONG_TEXT_LENGTH_MAX = 10_000
URL_LENGTH_MAX = 2048
ITEMS_MAX = 500
WINDOW_DAYS_MAX = 3650
MINUTES_OF_A_DAY = 24 * 60
ROW_LENGTH_MAX = 200_000
"""Characters kept of a row as evidence."""

_HOST = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/[^\s]*)?")
_BLANK_OR_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandApp:
    """An app of the brand's: `ios` or `android`, and the scheme of its links."""

    os: str
    scheme: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandRecord:
    """One brand. Windows are whole minutes and days, 0 or more."""

    merchant_id: str
    name: str | None = None
    description: str | None = None
    icon_url: str | None = None
    homepage_url: str | None = None
    terms_url: str | None = None
    is_live_ready: bool | None = None
    status: str | None = None
    """`approved`, `pending` or `available`; of the legacy Merchants API."""
    categories: tuple[str, ...] = ()
    hostnames: tuple[str, ...] = ()
    subdomain: str | None = None
    apps: tuple[BrandApp, ...] = ()
    reporting_window_days: int | None = None
    finalization_window_minutes: int | None = None
    coupons_allowed: bool | None = None
    gift_cards_allowed: bool | None = None
    exclusion_details: str | None = None
    additional_terms: str | None = None
    told: frozenset[str] = frozenset()
    """The facts that were told and could be read, as «none» too."""
    flags: tuple[str, ...] = ()
    """What was dropped or cut, each as one plain sentence for ops."""

    def facts(self) -> dict[str, Any]:
        """The told facts by name, JSON-ready."""
        return {name: _plain(getattr(self, name)) for name in FACTS if name in self.told}


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandRow:
    """A brand, and the row that told it as JSON text, with fields that nobody reads."""

    brand: BrandRecord
    row: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadableBrand:
    """A row of which no brand can be made, and why."""

    merchant_id: str
    """Empty where the id itself cannot be read."""
    row: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrandsPage:
    """The whole list. `read_at` is when its first page had come: it is no newer than that."""

    brands: tuple[BrandRow, ...]
    unreadable: tuple[UnreadableBrand, ...]
    read_at: datetime


def read_brands(pages: Iterable[Page]) -> BrandsPage:
    """All rows of all pages; a row that cannot be read holds up no other."""
    brands: list[BrandRow] = []
    unreadable: list[UnreadableBrand] = []
    read_at: datetime | None = None
    for page in pages:
        read_at = read_at or page.read_at
        for row in page.rows:
            evidence = text_of(row)[:ROW_LENGTH_MAX]
            try:
                brands.append(BrandRow(brand=read_brand(row), row=evidence))
            except Unreadable as error:
                unreadable.append(UnreadableBrand(merchant_id="", row=evidence, reason=f"{error}."))
    assert read_at is not None, "a walk over pages has at least one"
    return BrandsPage(brands=tuple(brands), unreadable=tuple(unreadable), read_at=read_at)


def read_brand(row: object) -> BrandRecord:
    """Raises: Unreadable when it lacks a usable id, and nothing else whatever `row` is."""
    if not isinstance(row, dict):
        raise Unreadable("brand", "is not an object")
    flags = Flags()
    merchant_id = Fields(row, flags=flags).needed("id", fields.identifier)
    places = {"": _Place(row, flags, where="")}
    for name in _PLACES:
        data = places[""].taken(name, partial(Fields.optional, read=_object))
        places[name] = _Place(data.value or {}, flags, where=f"{name}: ")
    facts: dict[str, Any] = {}
    for fact, (take, sources) in _SOURCES.items():
        found = [places[place].taken(name, take) for place, name in sources]
        told = [one.value for one in found if one.is_told]
        if told:
            facts[fact] = next((value for value in told if value is not None), None)
    told_facts = frozenset(facts)
    facts = {name: value for name, value in facts.items() if value is not None}
    return BrandRecord(merchant_id=merchant_id, told=told_facts, flags=flags.sentences(), **facts)


@dataclass(frozen=True, slots=True)
class _Taken:
    is_told: bool
    value: Any = None


Take = Callable[[Fields, str], Any]


class _Place:
    """One of the objects that facts stand in."""

    def __init__(self, data: dict[str, Any], flags: Flags, *, where: str) -> None:
        self._data = data
        self._fields = Fields(data, flags=flags, where=where)
        self._conflicting: frozenset[str] = getattr(data, "conflicting_keys", frozenset())

    def taken(self, name: str, take: Take) -> _Taken:
        if name not in self._data:
            return _Taken(is_told=False)
        value = take(self._fields, name)
        is_dropped = value is None and (name in self._conflicting or self._fields.is_told(name))
        return _Taken(is_told=not is_dropped, value=value)


def _text(length_max: int) -> Take:
    return partial(Fields.text, length_max=length_max)


def _read(read: Callable[[Any], Any]) -> Take:
    return partial(Fields.optional, read=read)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Wrong("not an object")
    return value


def _web_address(value: Any) -> str:
    """An http or https address that is safe to open; a bare host name is one by https."""
    address = fields.reference(value, length_max=URL_LENGTH_MAX).strip()
    if _HOST.fullmatch(address):
        address = f"https://{address}"
    try:
        parts = urlsplit(address)
        is_usable = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable or _BLANK_OR_CONTROL.search(address):
        raise Wrong("not a web address")
    return address


def _yes_or_no(value: Any) -> bool:
    if not isinstance(value, bool):
        raise Wrong("neither true nor false")
    return value


def _count(value: Any, *, most: int) -> int:
    number = fields.integer(value)
    if not 0 <= number <= most:
        raise Wrong(f"not between 0 and {most}")
    return number


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong("not an array")
    if len(value) > ITEMS_MAX:
        raise Wrong(f"an array of more than {ITEMS_MAX}")
    return value


def _names(value: Any) -> tuple[str, ...]:
    """Each once, in the order told."""
    names = (fields.reference(item, length_max=255).strip() for item in _array(value))
    return tuple(dict.fromkeys(filter(None, names)))


def _hosts(value: Any) -> tuple[str, ...]:
    """Sorted: another order is no news."""
    return tuple(sorted({name.lower() for name in _names(value)}))


def _apps(value: Any) -> tuple[BrandApp, ...]:
    """Sorted: another order is no news."""
    apps = {
        BrandApp(
            os=fields.reference(app.get("os") or "", length_max=32),
            scheme=fields.reference(app.get("scheme") or "", length_max=255),
        )
        for app in map(_object, _array(value))
    }
    return tuple(sorted(apps, key=lambda app: (app.os, app.scheme)))


_PLACES = ("urls", "metadata", "terms_and_conditions")
_TERMS = "terms_and_conditions"

_SOURCES: Mapping[str, tuple[Take, tuple[tuple[str, str], ...]]] = {
    "name": (_text(255), (("", "name"),)),
    "description": (
        _text(LONG_TEXT_LENGTH_MAX),
        (("", "description"), ("metadata", "description")),
    ),
    "icon_url": (_read(_web_address), (("", "icon_url"), ("metadata", "icon_url"))),
    "homepage_url": (_read(_web_address), (("urls", "homepage"),)),
    "terms_url": (_read(_web_address), (("urls", "terms_and_conditions"),)),
    "is_live_ready": (_read(_yes_or_no), (("", "is_live_ready"),)),
    "status": (_text(32), (("", "status"),)),
    "categories": (_read(_names), (("", "categories"),)),
    "hostnames": (_read(_hosts), (("", "supported_hostnames"),)),
    "subdomain": (_text(255), (("", "subdomain"),)),
    "apps": (_read(_apps), (("", "apps"),)),
    "reporting_window_days": (
        _read(partial(_count, most=WINDOW_DAYS_MAX)),
        ((_TERMS, "reporting_window_days"),),
    ),
    "finalization_window_minutes": (
        _read(partial(_count, most=WINDOW_DAYS_MAX * MINUTES_OF_A_DAY)),
        ((_TERMS, "finalization_window_minutes"),),
    ),
    "coupons_allowed": (_read(_yes_or_no), ((_TERMS, "coupons_allowed"),)),
    "gift_cards_allowed": (_read(_yes_or_no), ((_TERMS, "gift_cards_allowed"),)),
    "exclusion_details": (
        _text(LONG_TEXT_LENGTH_MAX),
        ((_TERMS, "exclusion_details"), ("", "exclusion_details")),
    ),
    # The sample and the table of Button's page spell it differently (sheet, C18).
    "additional_terms": (
        _text(LONG_TEXT_LENGTH_MAX),
        (
            (_TERMS, "additional_terms"),
            (_TERMS, "other_terms"),
            ("", "additional_terms"),
            ("", "other_terms"),
        ),
    ),
}
"""Fact → how it is read, and the places it may stand in: the first that has a value counts."""

FACTS = tuple(_SOURCES)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return asdict(value) if isinstance(value, BrandApp) else value
