"""Forgetting a person: only a sentence of staff's about a subscription may name one."""

from __future__ import annotations

from rewards_site.members.erasure import Person
from rewards_site.members.overwriting import overwrite_texts
from rewards_site.outward.models import Subscription


def erase(person: Person) -> int:
    """In the caller's commit; how many rows."""
    return overwrite_texts(Subscription, ["status_reason"], person)
