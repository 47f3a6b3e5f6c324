"""What staff wrote of a person when they froze something: their ids in it are replaced."""

from __future__ import annotations

from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts
from transactions.freezes.models import Freeze


def erase(person: Person) -> int:
    """In the caller's commit; rows touched. Idempotent."""
    return overwrite_texts(Freeze, ["reason", "lift_reason"], person)
