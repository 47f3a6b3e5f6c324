"""Forgetting a person: every room registers what it knows of one, and how that is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is forgotten: a member, all customer ids that stand for them, and what replaces those."""

    member_id: int
    row_ids: tuple[int, ...]
    """Primary keys of the member's own row and of those that stand for it (aliases)."""
    replaced: dict[str, str]
    """customer id → the text, of nobody, that stands in its place from now on."""
    at: datetime


Eraser = Callable[[Person], int]
"""Overwrites what its room holds of a person, in the caller's commit; returns rows touched."""

_erasers: dict[str, Eraser] = {}


def register(room: str, eraser: Eraser) -> None:
    _erasers[room] = eraser


def erasers() -> dict[str, Eraser]:
    return dict(sorted(_erasers.items()))
