"""Which languages a caller reads, best first, by `Accept-Language` (RFC 9110, 12.5.4)."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.conf.locale import LANG_INFO
from django.utils.translation.trans_real import parse_accept_lang_header

ASKED_MAX = 10
HEADER_LENGTH_MAX = 500


def default_language() -> str:
    """What the built-in words are written in, without a region: `en`."""
    return str(settings.LANGUAGE_CODE).partition("-")[0]


def languages_offered() -> list[tuple[str, str]]:
    """(tag, English name) of every language that texts may be written in."""
    info: dict[str, Any] = LANG_INFO
    return [(tag, str(info.get(tag, {}).get("name", name))) for tag, name in settings.LANGUAGES]


def languages_of(accept_language: str) -> tuple[str, ...]:
    """Tags to look for, in order, each followed by itself without region; the default last.

    A header that is none of a language, or too long to be one, asks for the default.
    """
    known = {tag for tag, _ in settings.LANGUAGES}
    found: list[str] = []
    header = accept_language if len(accept_language) <= HEADER_LENGTH_MAX else ""
    for asked, quality in parse_accept_lang_header(header)[:ASKED_MAX]:
        if asked == "*" or not quality:
            continue
        found += [tag for tag in _variants(asked) if tag in known]
    return tuple(dict.fromkeys([*found, default_language()]))


def _variants(tag: str) -> list[str]:
    """zh-tw → zh-tw, zh-hant, zh: what Django falls back to, then without the last parts."""
    info: dict[str, Any] = LANG_INFO.get(tag, {})
    shorter, variants = tag, [tag, *info.get("fallback", [])]
    while "-" in shorter:
        shorter = shorter.rpartition("-")[0]
        variants.append(shorter)
    return variants
