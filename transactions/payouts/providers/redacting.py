"""Pure: a provider's own words, kept as evidence without the destinations in them."""

from __future__ import annotations

import json
import re
from typing import Any

REMOVED = "[destination]"
EVIDENCE_CHARACTERS_MAX = 4_000
_ADDRESS = re.compile(r"[^\s@\"'<>\[\]{}(),;:]+@[^\s@\"'<>\[\]{}(),;:]+")


def evidence_of(value: Any, *, destination: str = "") -> str:
    """JSON text of what was parsed, at most 4,000 characters of it."""
    return json.dumps(
        _redacted(value, destination), ensure_ascii=False, separators=(",", ":"), default=str
    )[:EVIDENCE_CHARACTERS_MAX]


def words(text: str, *, destination: str = "") -> str:
    """`text` in one line without addresses, nor the destination however it is written."""
    if destination:
        text = re.sub(re.escape(destination), REMOVED, text, flags=re.IGNORECASE)
    return " ".join(_ADDRESS.sub(REMOVED, text).split())


def _redacted(value: Any, destination: str) -> Any:
    if isinstance(value, str):
        return words(value, destination=destination)
    if isinstance(value, list):
        return [_redacted(one, destination) for one in value]
    if isinstance(value, dict):
        return {
            words(str(key), destination=destination): _redacted(one, destination)
            for key, one in value.items()
        }
    return value
