"""Raw rows of Button's, cut down to what is read from them, without the names of some people. Pure.

What is read of a cut row is what was read of the whole one, but for the names. Which fields are
read is spelled in reading.py; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from rewards_site.button.wirejson import JsonObject

TextFor = Callable[[str], str | None]
"""What stands in the place of a text; None: it names nobody of those who are forgotten."""

NAMES = ("publisher_customer_id", "pub_ref")
"""Fields that may hold a customer id."""
_PLAIN = (
    *("id", "status", "category", "account_id", "modified_date", "created_date", "currency"),
    *("amount", "button_order_id", "btn_ref", "commerce_organization"),
    *("commerce_organization_name", "order_total", "order_currency", "order_purchased_date"),
    *("order_purchase_date", "attribution_date", "event_date", "validated_date"),
    *("customer_order_id", "order_id", "country", "order_click_channel"),
)
_LINES = "order_line_items"
_OF_LINES = (
    *("identifier", "description", "category", "quantity", "amount", "total"),
    *("publisher_commission", "publisher_comission"),
)
READ = frozenset((*NAMES, *_PLAIN, _LINES))
_KEYS = READ | {*_OF_LINES, "data", "event_type", "request_id"}
"""Keys that every body has; they name nobody."""


def names_anybody(raw: object, text_for: TextFor) -> bool:
    """Whether any text in it, but in the fields of money and time, is one of those names."""
    if isinstance(raw, str):
        return _instead(raw, text_for) is not None
    if isinstance(raw, list):
        return any(names_anybody(item, text_for) for item in raw)
    if isinstance(raw, dict):
        return any(
            names_anybody(value, text_for)
            or (key not in _KEYS and _instead(key, text_for) is not None)
            for key, value in raw.items()
            if key not in _PLAIN
        )
    if isinstance(raw, int) and not isinstance(raw, bool):
        return _instead(str(raw), text_for) is not None
    return False


def redacted(raw: object, text_for: TextFor) -> object:
    """A row of the Transactions API, or `data` of a webhook, with the fields alone that are read.

    What is no object is nothing that is read: null.
    """
    if not isinstance(raw, dict):
        return None
    kept: JsonObject = JsonObject()
    for name, value in raw.items():
        if name in NAMES:
            kept[name] = _name(value, text_for)
        elif name in _PLAIN:
            kept[name] = _hollow(value)
        elif name == _LINES:
            kept[name] = (
                [_line(item) for item in value] if isinstance(value, list) else _hollow(value)
            )
    _mark_conflicts(raw, kept)
    return kept


def _name(value: Any, text_for: TextFor) -> Any:
    if isinstance(value, str):
        return _instead(value, text_for) or value
    if isinstance(value, int) and _instead(str(value), text_for) is not None:
        return 0  # no text either way: it was dropped when it was read
    return _hollow(value)


def _instead(told: str, text_for: TextFor) -> str | None:
    found, bare = text_for(told), told.strip()
    return text_for(bare) if found is None and bare != told else found


def _line(item: object) -> object:
    if not isinstance(item, dict):
        return _hollow(item)
    kept: JsonObject = JsonObject()
    for name, value in item.items():
        if name == "category" and isinstance(value, list):
            kept[name] = [_hollow(part) for part in value]
        elif name in _OF_LINES:
            kept[name] = _hollow(value)
    _mark_conflicts(item, kept)
    return kept


def _mark_conflicts(raw: dict[str, Any], kept: JsonObject) -> None:
    """A key told twice stays in doubt."""
    conflicting: frozenset[str] = getattr(raw, "conflicting_keys", frozenset())
    kept.conflicting_keys = conflicting & kept.keys()


def _hollow(value: Any) -> Any:
    """Of an object or an array where none belongs only that it was one."""
    return type(value)() if isinstance(value, dict | list) else value


def without(raw: object, names: Collection[str]) -> object:
    """`raw` without the fields `names`."""
    if not isinstance(raw, dict):
        return raw
    kept = JsonObject((name, value) for name, value in raw.items() if name not in names)
    _mark_conflicts(raw, kept)
    return kept
