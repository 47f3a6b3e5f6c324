"""The secrets in force, read from the settings. The one door; what seals and opens is pure."""

from __future__ import annotations

from django.conf import settings


def in_force() -> tuple[str, ...]:
    """The first seals, all open.

    SECRET_KEY stands last: what it sealed stays open when SEAL_KEYS is set for the first time.
    """
    return (*settings.SEAL_KEYS, settings.SECRET_KEY)
