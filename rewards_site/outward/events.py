"""Pure: which types of events there are, and which of them a subscription chose."""

from __future__ import annotations

from collections.abc import Collection

from rewards_site.notifications.news import NewsKind

EVERYTHING = "*"
TEST_TYPE = "test.ping"
"""Of an event that staff send to try a receiver: whatever it chose, it gets it."""
TYPES = tuple(kind.value for kind in NewsKind)
FAMILIES = tuple(dict.fromkeys(f"{name.partition('.')[0]}.*" for name in TYPES))
CHOICES = (EVERYTHING, *FAMILIES, *TYPES)


def is_chosen(event_type: str, chosen: Collection[str]) -> bool:
    """Whether `chosen` holds the type itself, its family, or everything."""
    family = f"{event_type.partition('.')[0]}.*"
    return not {event_type, family, EVERYTHING}.isdisjoint(chosen)


def unknown(chosen: Collection[str]) -> list[str]:
    """What of `chosen` is no type and no family."""
    return sorted(set(chosen) - set(CHOICES))
