"""The ways money goes out. `manual` is always there; rooms that pay register theirs at start."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from transactions.redemptions.masks import mask_email, masked

MANUAL = "manual"
DESTINATION_LENGTH_MAX = 255
EMAIL_LENGTH_MAX = 254
_EMAIL = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@"
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}"
)
"""As HTML's own input for e-mail addresses takes them (WHATWG), with a domain that has a dot."""
_JOINERS = "\u200c\u200d"
"""Part of words in Persian and in Indic scripts: no control characters."""


class BadDestination(ValueError):
    """Not a destination of this method; the message is for the member."""


Check = Callable[[str], str]
"""destination → as it is kept. Raises: BadDestination."""


def _always() -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    name: str
    label: str
    check_destination: Check
    mask: Callable[[str], str]
    is_offered: Callable[[], bool]
    """Whether members may ask for it now: what pays by it is configured."""


_methods: dict[str, Method] = {}


def register_method(
    name: str,
    *,
    label: str,
    check_destination: Check,
    mask: Callable[[str], str] = masked,
    is_offered: Callable[[], bool] = _always,
) -> None:
    _methods[name] = Method(
        name=name,
        label=label,
        check_destination=check_destination,
        mask=mask,
        is_offered=is_offered,
    )


def unregister_method(name: str) -> None:
    _methods.pop(name, None)


def offered_method(name: str) -> Method | None:
    method = _methods.get(name)
    return method if method is not None and method.is_offered() else None


def offered_names() -> list[str]:
    return sorted(name for name, method in _methods.items() if method.is_offered())


def label_of(name: str) -> str:
    method = _methods.get(name)
    return method.label if method else name


def checked_text(destination: str) -> str:
    """Free text in one line, without blanks around it. Raises: BadDestination."""
    text = destination.strip(" ")
    if not text:
        raise BadDestination(_("Say where the money is to go."))
    if len(text) > DESTINATION_LENGTH_MAX:
        most = {"most": DESTINATION_LENGTH_MAX}
        raise BadDestination(_("This has at most %(most)d characters.") % most)
    if any(_is_control(letter) for letter in text):
        raise BadDestination(_("This is one line of text, without control characters."))
    return text


def checked_email(destination: str) -> str:
    """An e-mail address. Raises: BadDestination."""
    text = checked_text(destination)
    local = text.partition("@")[0]
    is_dotted_wrong = local.startswith(".") or local.endswith(".") or ".." in local
    if len(text) > EMAIL_LENGTH_MAX or not _EMAIL.fullmatch(text) or is_dotted_wrong:
        raise BadDestination(_("This is not an e-mail address."))
    return text


def _is_control(letter: str) -> bool:
    category = unicodedata.category(letter)
    return (category[0] == "C" and letter not in _JOINERS) or category in {"Zl", "Zp"}


register_method(MANUAL, label="Manual", check_destination=checked_text)

__all__ = [
    "MANUAL",
    "BadDestination",
    "Method",
    "checked_email",
    "checked_text",
    "label_of",
    "mask_email",
    "masked",
    "offered_method",
    "offered_names",
    "register_method",
    "unregister_method",
]
