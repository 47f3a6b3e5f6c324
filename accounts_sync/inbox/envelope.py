"""What stands around the transaction in a webhook body. Pure: bytes in, values out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from rewards_site.button.wirejson import JsonObject, NotJson, parse

TEXT_MAX: Final = 255
"""Characters of an id, or of an event type, that the database keeps."""

_NEW_ON_EACH_ATTEMPT: Final = "request_id"  # sheet, C3
_NEEDED: Final = ("id", "event_type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A body that claims a webhook id and says what it is about."""

    digest: str
    hook_id: str
    """As it is stored: its hash where it is too long, or no text a database can hold."""
    event_type: str
    """As told, whole."""
    data: object
    """None where there is none."""
    tx_id: str
    """`data.id` where it can be stored, else empty; for looking events up."""
    ambiguous: tuple[str, ...]
    """Which of `id`, `event_type`, `data` stand more than once with different values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """A JSON object with neither an id nor an event type."""

    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotAnEvent:
    """Nothing that Button's webhooks are: says why."""

    digest: str
    reason: str


def read_envelope(body: bytes) -> Event | Ping | NotAnEvent:
    """What `body` is. Never raises."""
    try:
        root = parse(body)
    except NotJson as error:
        digest = hashlib.sha256(body).hexdigest()
        return NotAnEvent(digest=digest, reason=str(error))
    digest = digest_of(root)
    if not isinstance(root, JsonObject):
        return NotAnEvent(digest=digest, reason="The body is JSON, but not an object.")
    missing = {name: why for name in _NEEDED if (why := _why_missing(root, name))}
    if len(missing) == len(_NEEDED):
        return Ping(digest=digest)
    for name, why in missing.items():
        return NotAnEvent(digest=digest, reason=f"`{name}` is missing: {why}.")
    data = root.get("data")
    return Event(
        digest=digest,
        hook_id=stored_hook_id(root["id"]),
        event_type=root["event_type"],
        data=data,
        tx_id=_stored_tx_id(data),
        ambiguous=tuple(name for name in (*_NEEDED, "data") if name in root.conflicting_keys),
    )


def stored_hook_id(told: str) -> str:
    """`told`, or its hash where the database can't hold it: the same id is still the same row."""
    if is_storable(told):
        return told
    return "sha256-" + hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def is_storable(text: str) -> bool:
    """Whether a text column holds `text` as it is, on both databases."""
    return len(text) <= TEXT_MAX and storable_text(text, TEXT_MAX) == text


def storable_text(text: str, characters_max: int) -> str:
    """`text` cut to length, with what no database can hold (NUL, lone surrogates) as U+FFFD."""
    return "".join(
        "\ufffd" if char == "\0" or "\ud800" <= char <= "\udfff" else char
        for char in text[:characters_max]
    )


def digest_of(value: object) -> str:
    """SHA-256 over what parsed JSON says: keys sorted, no `request_id` at the root."""
    said = _said(value)
    if isinstance(said, dict):
        said.pop(_NEW_ON_EACH_ATTEMPT, None)
    canonical = json.dumps(said, sort_keys=True)  # ASCII, so lone surrogates are no trouble
    return hashlib.sha256(canonical.encode()).hexdigest()


def _said(value: object) -> object:
    """`value` as plain JSON. Safe to recurse: wirejson keeps at most 100 levels."""
    if isinstance(value, JsonObject):
        plain = {name: _said(item) for name, item in value.items()}
        if value.conflicting_keys:
            plain["\0told twice"] = sorted(value.conflicting_keys)
        return plain
    if isinstance(value, list):
        return [_said(item) for item in value]
    return f"\0decimal {value}" if isinstance(value, Decimal) else value


def _why_missing(root: JsonObject, name: str) -> str:
    """Why `root` counts as having no `name`; empty when it has one."""
    if name not in root:
        return "it is not there"
    value = root[name]
    if value is None:
        return "it is null"
    if not isinstance(value, str):
        return "it is not a string"
    return "" if value else "it is an empty string"


def _stored_tx_id(data: object) -> str:
    told = data.get("id") if isinstance(data, dict) else None
    return told if isinstance(told, str) and is_storable(told) else ""
