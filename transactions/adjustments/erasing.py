"""What staff wrote of a person when a balance was changed: their ids in it are replaced."""

from __future__ import annotations

from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts
from transactions.adjustments.models import Adjustment


def erase(person: Person) -> int:
    """In the caller's commit; rows touched. Idempotent."""
    return overwrite_texts(Adjustment, ["reason"], person)
