"""How values read in the admin: times, labels, evidence. Everything that comes out is escaped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from rewards_site.kernel.currencies import UnknownCurrency
from rewards_site.kernel.money import decimal_text

EMPTY = "—"
EVIDENCE_CHARACTERS_MAX = 100_000
_INDENT_LEVELS_MAX = 20

_TONES = {
    "good": {"validated", "processed", "settled", "done", "applied", "accepted", "ok"},
    "wait": {"pending", "running", "paused", "open", "reopened"},
    "warn": {"deferred", "conflicting", "unattributed", "test", "degraded"},
    "bad": {"declined", "rejected", "failed", "abandoned", "unavailable"},
}
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words}


def utc_text(at: datetime | None) -> str:
    """`at` in UTC, to the second, with the zone: 2026-03-05 14:03:12 UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at else EMPTY


def money_text(minor: int | None, currency: str) -> str:
    """`minor` units in major units with the currency; as it stands where the currency is none."""
    if minor is None:
        return EMPTY
    try:
        return f"{decimal_text(minor, currency)} {currency}"
    except UnknownCurrency:
        return f"{minor} minor units {currency}".strip()


def label(word: str, *, tone: str = "", text: str = "") -> SafeString:
    """`word` as a coloured label; the colour is never the only carrier of what it says."""
    tone = tone or _TONE_OF.get(word, "quiet")
    return format_html('<span class="label label-{}">{}</span>', tone, text or word)


def displayable(text: str) -> str:
    """`text` without what UTF-8 cannot carry (lone surrogates): those stand as escapes."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")


def evidence_html(raw: bytes | str) -> SafeString:
    """Raw evidence as it came, only with line breaks; never parsed, so nothing of it is lost."""
    text = raw.decode("utf-8", "backslashreplace") if isinstance(raw, bytes) else raw
    if not text.strip():
        return format_html('<p class="quiet">{}</p>', "Empty.")
    note = ""
    if len(text) > EVIDENCE_CHARACTERS_MAX:
        note = f"The first {EVIDENCE_CHARACTERS_MAX:,} of {len(text):,} characters."
        text = text[:EVIDENCE_CHARACTERS_MAX]
    if text.lstrip()[:1] in ("{", "["):
        text = broken_into_lines(text)
    shown = format_html('<pre class="evidence" tabindex="0">{}</pre>', displayable(text))
    return format_html('{}<p class="quiet">{}</p>', shown, note) if note else shown


def json_html(value: Any) -> SafeString:
    """A stored JSON value, pretty-printed."""
    if value in (None, {}, []):
        return format_html("{}", EMPTY)
    return evidence_html(json.dumps(value, ensure_ascii=False))


def broken_into_lines(text: str) -> str:
    """JSON text with line breaks and indentation, character by character.

    Not parsed: duplicate keys, long numbers, 1.10 and depth 1,000 come out as they came.
    """
    out: list[str] = []
    depth = 0
    is_in_string = is_escaped = False
    for character in text:
        if is_in_string:
            out.append(character)
            if is_escaped:
                is_escaped = False
            elif character == "\\":
                is_escaped = True
            elif character == '"':
                is_in_string = False
        elif character == '"':
            is_in_string = True
            out.append(character)
        elif character in "{[":
            depth += 1
            out += [character, _line(depth)]
        elif character in "}]":
            depth -= 1
            out += ["" if _drop_empty_line(out) else _line(depth), character]
        elif character == ",":
            out += [character, _line(depth)]
        elif character == ":":
            out.append(": ")
        elif not character.isspace():
            out.append(character)
    return "".join(out)


def _line(depth: int) -> str:
    return "\n" + "  " * max(0, min(depth, _INDENT_LEVELS_MAX))


def _drop_empty_line(out: list[str]) -> bool:
    """Whether the bracket that closes follows the one that opened: `{}` stays on its line."""
    if len(out) >= 2 and out[-1].startswith("\n") and out[-2] in ("{", "["):
        out.pop()
        return True
    return False
