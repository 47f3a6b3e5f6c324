"""What the room that books orders says of all of them: whether any could earn now, and how long
final rewards are held back. It registers itself.
"""

from __future__ import annotations

from collections.abc import Callable

NothingEarns = Callable[[], bool]
"""Whether no order bought now would earn its member anything, whatever the rules; one query."""

_registered: dict[str, NothingEarns] = {}


def register(nothing_earns: NothingEarns) -> None:
    """Have `nothing_earns` asked whenever offers are shown. One room does; the last one."""
    _registered["asked"] = nothing_earns


HeldBack = Callable[[], Callable[[str], int | None]]
"""Reads what ops set, in one query at most; then says of a brand for how many days after an order
is validated its reward is held back, or None: nobody knows."""
_held_back: dict[str, HeldBack] = {}


def register_held_back(held_back: HeldBack) -> None:
    """Have `held_back` asked whenever offers are shown. One room does; the last one."""
    _held_back["asked"] = held_back


def days_held_back() -> Callable[[str], int | None]:
    """Nothing is held back while nobody says so."""
    asked = _held_back.get("asked")
    return asked() if asked is not None else lambda _merchant_id: 0


def nothing_earns() -> bool:
    """False while nobody says so."""
    asked = _registered.get("asked")
    return asked is not None and asked()
