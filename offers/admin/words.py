"""What brands tell and change, in words and as readable differences. All of it is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from offers.models import MerchantProfile, MerchantRevision, OverlayChange
from offers.windows import MINUTES_OF_A_DAY
from rewards_site.kernel.admin.text import EMPTY, displayable

_FACT_WORDS = {
    "name": "name",
    "homepage_url": "home page",
    "icon_url": "icon",
    "description": "description",
    "categories": "categories",
    "status": "status",
    "is_live_ready": "live",
    "finalization_window_minutes": "finalization window",
    "reporting_window_days": "reporting window",
    "coupons_allowed": "coupons allowed",
    "gift_cards_allowed": "gift cards allowed",
    "exclusion_details": "exclusions",
    "additional_terms": "additional terms",
    "terms_url": "address of the terms",
    "hostnames": "hosts",
    "subdomain": "subdomain",
    "apps": "apps",
}
FACTS_SHOWN = tuple(_FACT_WORDS)
_LONG = {"description", "exclusion_details", "additional_terms", "hostnames", "apps", "categories"}
"""Facts whose difference is shown word by word."""
_WORDS_COMPARED_MAX = 4_000
_CHARACTERS_SHOWN_MAX = 300
_WORD = re.compile(r"\S+\s*|\s+")


def fact_word(name: str) -> str:
    return _FACT_WORDS.get(name, name.replace("_", " "))


def fact_text(name: str, value: Any) -> str:
    """One fact as people read it; EMPTY where it is not told."""
    if value is None or value in ("", []):
        return EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "finalization_window_minutes":
        return window_text(value)
    if name == "reporting_window_days":
        return _days(value)
    if name == "apps":
        return ", ".join(f"{app.get('os', '')} {app.get('scheme', '')}".strip() for app in value)
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def window_text(minutes: int | None) -> str:
    """Minutes in days where they are whole ones: 43200 is «30 days»."""
    if minutes is None:
        return EMPTY
    days, rest = divmod(minutes, MINUTES_OF_A_DAY)
    return _days(days) if not rest else f"{minutes:,} minutes"


def _days(count: int) -> str:
    return f"{count:,} day{'' if count == 1 else 's'}"


def facts_rows(profile: MerchantProfile) -> list[list[Any]]:
    """Fact, value, since when; long texts whole."""
    return [
        [
            fact_word(name),
            displayable(fact_text(name, getattr(profile, name))),
            profile.facts_since.get(name),
        ]
        for name in FACTS_SHOWN
    ]


def changes_html(revision: MerchantRevision) -> SafeString:
    """Every change of a revision: short facts as «before → after», texts word by word."""
    lines = [_change_html(change) for change in revision.changes]
    return _lines(lines or [revision.get_kind_display()])


def decisions_html(change: OverlayChange) -> SafeString:
    """What ops decided, each as «before → after»."""
    return _lines(
        displayable(
            f"{one['field'].removeprefix('is_').replace('_', ' ')}: "
            f"{_cut(fact_text(one['field'], one['before']))} → "
            f"{_cut(fact_text(one['field'], one['after']))}"
        )
        for one in change.changes
    )


def changes_summary(revision: MerchantRevision) -> SafeString:
    """The same in short, for lists: texts are cut."""
    if revision.kind == "described":
        return _lines(["described for the first time"])
    lines: list[str | SafeString] = []
    if revision.kind != "changed":
        lines.append(revision.get_kind_display())
    for change in revision.changes:
        name = change["field"]
        before, after = (_cut(fact_text(name, change[side])) for side in ("before", "after"))
        lines.append(displayable(f"{fact_word(name)}: {before} → {after}"))
    return _lines(lines)


def _change_html(change: dict[str, Any]) -> SafeString:
    name = change["field"]
    before, after = (displayable(fact_text(name, change[side])) for side in ("before", "after"))
    if before == EMPTY:
        return format_html("{}: {}", fact_word(name), after)
    if name in _LONG and after != EMPTY:
        return format_html("{}: {}", fact_word(name), words_compared(before, after))
    return format_html("{}: {} → {}", fact_word(name), before, after)


def words_compared(before: str, after: str) -> SafeString:
    """`after` with what is new marked as inserted and what is gone as deleted."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    if len(old) + len(new) > _WORDS_COMPARED_MAX:
        return format_html("<del>{}</del> <ins>{}</ins>", before, after)
    parts: list[SafeString] = []
    for kind, start, end, new_start, new_end in SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        gone, come = "".join(old[start:end]), "".join(new[new_start:new_end])
        if kind == "equal":
            parts.append(format_html("{}", come))
            continue
        if gone:
            parts.append(format_html("<del>{}</del>{}", gone, " " if come else ""))
        if come:
            parts.append(format_html("<ins>{}</ins>", come))
    return format_html_join("", "{}", ((part,) for part in parts))


def _cut(text: str) -> str:
    return text if len(text) <= _CHARACTERS_SHOWN_MAX else f"{text[:_CHARACTERS_SHOWN_MAX]} …"


def _lines(lines: Iterable[str | SafeString]) -> SafeString:
    return format_html_join("", '<span class="change">{}</span>', ((line,) for line in lines))


def flags_html(flags: Sequence[str]) -> SafeString | str:
    return _lines([displayable(flag) for flag in flags]) if flags else EMPTY
