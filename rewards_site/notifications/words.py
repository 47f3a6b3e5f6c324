"""A notice in words: which text, what is filled in, in which language. Made when it is read.

For each language that the caller reads, best first: ops' own words, else the built-in ones where
they are translated; at last the built-in ones as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from django.utils import translation
from django.utils.formats import get_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from rewards_site.kernel.currencies import POINTS
from rewards_site.kernel.money import decimal_text
from rewards_site.notifications.languages import default_language
from rewards_site.notifications.models import Notice, NoticeText
from rewards_site.notifications.news import BALANCE_KINDS, REDEMPTION_KINDS, NewsKind
from rewards_site.notifications.rendering import filled, objection_to
from rewards_site.notifications.texts import DESTINATION, METHOD, REASONS, STORE, TEXTS, TextKey

OwnTexts = Mapping[tuple[str, str], NoticeText]
"""(text, language) → ops' own words in force."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a member reads."""

    title: str
    text: str
    language: str


def words_of(notice: Notice, *, languages: Sequence[str], own: OwnTexts) -> Words:
    """`languages` are those of languages_of(): the last one is the default."""
    key = text_key_of(notice)
    for language in languages:
        title, body = template_of(key, language=language, own=own)
        if title or language == languages[-1]:
            break
    with translation.override(language):
        values = _values(notice, key)
    return Words(title=filled(title, values), text=filled(body, values), language=language)


def template_of(key: TextKey, *, language: str, own: OwnTexts) -> tuple[str, str]:
    """Title and body in this very language; both empty where there are none."""
    version = own.get((key.value, language))
    if version is not None and not version.is_built_in:
        return version.title, version.body
    return built_in(key, language=language)


def built_in(key: TextKey, *, language: str) -> tuple[str, str]:
    """The words that come with the program; empty where they are not translated, or not well."""
    text = TEXTS[key]
    if language == default_language():
        return text.title, text.body
    with translation.override(language):
        title, body = _(text.title), _(text.body)
    is_good = not objection_to(title + body, allowed=text.placeholders)
    return (title, body) if body != text.body and is_good else ("", "")


def text_key_of(notice: Notice) -> TextKey:
    """Which text tells of this notice."""
    is_other = notice.before_minor not in (None, notice.after_minor)
    if notice.kind == NewsKind.REWARD_AVAILABLE and is_other and notice.before_minor:
        return TextKey.REWARD_AVAILABLE_CHANGED
    return TextKey(notice.kind)


def _values(notice: Notice, key: TextKey) -> dict[str, str]:
    """Placeholder → text, in the language that is active."""
    before, after = notice.before_minor or 0, notice.after_minor or 0
    moved = notice.pending_change_minor + notice.available_change_minor
    change = moved if notice.kind in BALANCE_KINDS and moved else after - before
    amounts = {
        "amount": _amount(notice, change),
        "before": before,
        "after": after,
    }
    values = {name: _money(minor, notice.currency) for name, minor in amounts.items()}
    values["change"] = ("+" if change > 0 else "") + _money(change, notice.currency)
    missing: dict[str, Callable[[], str]] = {
        "store": lambda: _(STORE),
        "reason": lambda: _(TEXTS[key].reason) if TEXTS[key].reason else "",
        "destination": lambda: _(DESTINATION),
        "method": lambda: _(METHOD),
        "days": lambda: "",
    }
    for name, otherwise in missing.items():
        fact = notice.facts.get(name)
        values[name] = str(fact) if fact not in (None, "") else otherwise()
    if values["reason"]:  # a code, or a sentence; those of ours are in the catalogues, too
        values["reason"] = _(REASONS.get(values["reason"], values["reason"]))
    return values


def _amount(notice: Notice, change: int) -> int:
    """The amount that it is about, without a sign."""
    if notice.kind in REDEMPTION_KINDS:
        told = (notice.after_minor, notice.before_minor, notice.available_change_minor)
        return abs(next((minor for minor in told if minor), 0))
    if notice.kind == NewsKind.BALANCE_EXPIRING:
        return notice.before_minor or 0
    if notice.kind in BALANCE_KINDS:
        return abs(change)
    if notice.kind == NewsKind.REWARD_DECLINED:
        return abs(change)
    return notice.after_minor or 0


def _money(minor: int, currency: str) -> str:
    """5,00 EUR in a language that writes it so; 1 point, 500 points."""
    if not currency:
        return ""
    if currency == POINTS:
        return ngettext("%(count)d point", "%(count)d points", abs(minor)) % {"count": minor}
    text = decimal_text(minor, currency)
    return f"{text.replace('.', str(get_format('DECIMAL_SEPARATOR')))} {currency}"
