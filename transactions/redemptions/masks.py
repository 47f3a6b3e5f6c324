"""Pure: a destination as people see it. Never more than a third of it is shown."""

from __future__ import annotations

import re

_HIDDEN = "***"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")
_TAIL_MAX = 4
_LOCAL_PART_MIN = 3
"""The first letter of a shorter one would be too much of it."""


def masked(destination: str) -> str:
    """`jane.doe@example.com` → `j***@***.com`, `DE89 3704 0044 0532 0130 00` → `DE***3000`."""
    compact = "".join(destination.split())
    if _EMAIL.fullmatch(destination):
        return mask_email(destination)
    if _IBAN.fullmatch(compact.upper()):
        return f"{compact[:2].upper()}{_HIDDEN}{_tail(compact, len(compact) // 3 - 2)}"
    return f"{_HIDDEN}{_tail(destination, len(destination) // 3)}"


def mask_email(address: str) -> str:
    """The first letter, and the last label of the domain, as far as that is not too much."""
    local, _at, domain = address.partition("@")
    left = len(address) // 3 - 1  # the @ is one of them
    first = local[:1] if len(local) >= _LOCAL_PART_MIN and left > 0 else ""
    label = "." + domain.rpartition(".")[2]
    is_short = len(first) + len(label) <= left
    return f"{first}{_HIDDEN}@{_HIDDEN}{label if is_short else ''}"


def _tail(text: str, most: int) -> str:
    count = min(most, _TAIL_MAX)
    return text[-count:] if count > 0 else ""
