"""What is wrong with people who were erased, or were to be."""

from __future__ import annotations

from datetime import datetime, timedelta

from rewards_site.members import forgotten
from rewards_site.members.models import Erasure

_LONG = timedelta(hours=1)


def erasures_are_wrong(at: datetime) -> str:
    """Keys that were dropped come first: what they hashed is known no more."""
    if forgotten.lost_keys():
        return (
            "Erased customer ids are hashed by a secret that is not in SEAL_KEYS any more: they "
            "would be taken in again. Put it back, at the end of the list."
        )
    if Erasure.objects.filter(erased_at=None, begun_at__lt=at - _LONG).exists():
        return "An erasure was begun and not ended: run erase_member again."
    if Erasure.objects.exclude(files=[]).exists():
        return "Old archives hold people who were erased: run erase_member again to delete them."
    return ""
