"""Whether any order could earn now: what the room that books orders says. It registers itself."""

from __future__ import annotations

from collections.abc import Callable

NothingEarns = Callable[[], bool]
"""Whether no order bought now would earn its member anything, whatever the rules; one query."""

_registered: dict[str, NothingEarns] = {}


def register(nothing_earns: NothingEarns) -> None:
    """Have `nothing_earns` asked whenever offers are shown. One room does; the last one."""
    _registered["asked"] = nothing_earns


def nothing_earns() -> bool:
    """False while nobody says so."""
    asked = _registered.get("asked")
    return asked is not None and asked()
