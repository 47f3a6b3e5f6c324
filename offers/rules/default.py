"""What pays where no reward rule holds."""

from __future__ import annotations

from django.conf import settings

from offers.rules.terms import Terms

SOURCE = "default share"


def default_terms() -> Terms:
    """The share of every commission that the settings name (REWARD_DEFAULT_SHARE_BPS)."""
    return Terms(source=SOURCE, share_bps=settings.REWARD_DEFAULT_SHARE_BPS)
