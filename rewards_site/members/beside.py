"""What rooms above tell beside who a member is, in `GET me/`."""

from __future__ import annotations

from collections.abc import Callable

Unread = Callable[[int], int]
"""Primary key of a member → how many of their notices they have not read."""

_unread: list[Unread] = []


def register_unread(unread: Unread) -> None:
    _unread[:] = [unread]


def unread_notifications(member_id: int) -> int:
    return sum(unread(member_id) for unread in _unread)
