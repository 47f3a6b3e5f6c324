"""How a user is named to Button: her id, her devices, her e-mail hashes (sheet, 2 and 3.1).

None of these is ever logged, and no message repeats one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rewards_site.kernel.errors import InvalidInput

IDENTIFIERS_MAX = 10
"""Devices and e-mail hashes together."""
_USER_ID = re.compile(r"[\x21-\x7E]{1,255}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NO_DEVICE = re.compile(r"[0-]*")
"""Zeros only: what a phone tells whose owner limited tracking. It is the same for all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """Whose offers are asked for. Made by `shopper`, so it keeps to Button's rules."""

    user_id: str
    device_ids: tuple[str, ...] = ()
    email_sha256s: tuple[str, ...] = ()


def shopper(
    user_id: str, *, device_ids: Sequence[str] = (), email_sha256s: Sequence[str] = ()
) -> Shopper:
    """Trimmed, hashes lower-cased, each once; devices of zeros only are left out.

    Raises: InvalidInput, with a sentence per field.
    """
    wrong: dict[str, str] = {}
    if not is_user_id(user_id):
        wrong["user_id"] = "Must be 1 to 255 characters of ASCII 0x21 to 0x7E."
    devices = _read("device_ids", device_ids, _device_id, wrong)
    hashes = _read("email_sha256s", email_sha256s, _email_sha256, wrong)
    if len(devices) + len(hashes) > IDENTIFIERS_MAX:
        told = f"At most {IDENTIFIERS_MAX} device IDs and e-mail hashes together."
        for name, values in (("device_ids", devices), ("email_sha256s", hashes)):
            if values:
                wrong.setdefault(name, told)
    if wrong:
        raise InvalidInput("The identifiers cannot be sent to Button.", fields=wrong)
    return Shopper(user_id=user_id, device_ids=devices, email_sha256s=hashes)


def is_user_id(text: str) -> bool:
    return bool(_USER_ID.fullmatch(text))


def _read(
    name: str, told: Sequence[str], read: Callable[[str], str], wrong: dict[str, str]
) -> tuple[str, ...]:
    """Each once, whatever its case; what is wrong with the first bad one goes into `wrong`."""
    values: dict[str, str] = {}
    for number, text in enumerate(told, start=1):
        try:
            value = read(text.strip())
        except ValueError as error:
            wrong.setdefault(name, f"Number {number} {error}")
            continue
        if value:
            values.setdefault(value.lower(), value)
    return tuple(values.values())


def _device_id(text: str) -> str:
    """Empty for the one that names no device. Raises: ValueError."""
    if not text:
        raise ValueError("is empty.")
    if not is_user_id(text):
        raise ValueError("is not an IDFA or GAID: at most 255 characters of ASCII, no blanks.")
    return "" if _NO_DEVICE.fullmatch(text) else text


def _email_sha256(text: str) -> str:
    """Raises: ValueError."""
    if "@" in text:
        raise ValueError(
            "is an e-mail address in clear: send the SHA-256 of it, trimmed and in lower case."
        )
    if not _SHA256.fullmatch(text.lower()):
        raise ValueError("is not a SHA-256: 64 hexadecimal digits.")
    return text.lower()
