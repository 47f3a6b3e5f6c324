"""Forgetting a person: every room registers what it knows of one, and how that is overwritten.

A room writes `erasing.py` with `erase(person) -> int` and registers it in its AppConfig.ready().
All erasers run in one commit (erasing.py). The guards of append-only tables let the columns that
they name as erasable be overwritten in that commit and at no other time (kernel/guards.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum
from typing import Any

WORD_LENGTH_MIN = 4
"""A shorter customer id is replaced where a value is nothing else, not inside of sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who is forgotten: a member, all customer ids that stand for them, and what replaces those."""

    member_id: int
    row_ids: tuple[int, ...]
    """Primary keys of the member's own row and of those that stand for it (aliases)."""
    replaced: dict[str, str]
    """customer id → the text, of nobody, that stands in its place from now on."""
    at: datetime
    found: dict[str, Any] = field(default_factory=dict)
    """Room → what its preparer left for its eraser."""

    def text(self, told: str) -> str:
        """`told` with each of the customer ids in it, as a word, replaced."""
        if told in self.replaced:
            return self.replaced[told]
        for name, text in sorted(self.replaced.items(), key=lambda pair: -len(pair[0])):
            if len(name) >= WORD_LENGTH_MIN and name in told:
                told = re.sub(_word(name), text, told)
        return told

    def value(self, told: Any) -> Any:
        """A JSON value with text() of every string in it, keys too."""
        if isinstance(told, str):
            return self.text(told)
        if isinstance(told, list):
            return [self.value(item) for item in told]
        if isinstance(told, dict):
            return {self.text(key): self.value(item) for key, item in told.items()}
        return told

    def spellings(self) -> list[str]:
        """Each customer id as it may stand in stored text, and as JSON text spells it."""
        return sorted({*self.replaced, *(json.dumps(name)[1:-1] for name in self.replaced)})


def _word(name: str) -> str:
    """Not as a part of a longer id: `user-4` does not stand in `user-42`, nor in `user-4@x.org`."""
    inner = r"[0-9A-Za-z_@-]"
    return rf"(?<!{inner})(?<!{inner}\.){re.escape(name)}(?!{inner})(?!\.{inner})"


Eraser = Callable[[Person], int]
"""Overwrites what its room holds of a person, in the caller's commit; returns rows touched."""
Objection = Callable[[Person], str]
"""A sentence that says why they cannot be forgotten now, and what to do first; empty: they can."""


class Turn(IntEnum):
    """In which order rooms come: that of the locks (docs/locks.md)."""

    PROPOSALS = 10
    INBOX = 20
    ORDERS = 30
    MEMBERS = 40
    LATER = 50


_erasers: dict[str, tuple[Turn, Eraser]] = {}
_objections: dict[str, Objection] = {}


def register(room: str, eraser: Eraser, *, turn: Turn = Turn.LATER) -> None:
    _erasers[room] = (turn, eraser)


def unregister(room: str) -> None:
    _erasers.pop(room, None)


def erasers() -> dict[str, Eraser]:
    in_turn = sorted(_erasers.items(), key=lambda item: (item[1][0], item[0]))
    return {room: eraser for room, (_turn, eraser) in in_turn}


def register_objection(room: str, objection: Objection) -> None:
    _objections[room] = objection


def objections(person: Person) -> list[str]:
    """Why this person cannot be forgotten now."""
    said = (objection(person) for _room, objection in sorted(_objections.items()))
    return [sentence for sentence in said if sentence]


Preparer = Callable[[Person], None]
"""Searches, or writes new files, before the commit and outside of any transaction: it takes long.

Nothing is taken in under the person's customer ids any more when it begins.
"""
Finisher = Callable[[list[str]], list[str]]
"""Deletes files after the commit, by name; returns the names of those that are left."""
_preparers: dict[str, tuple[Turn, Preparer]] = {}
_finishers: dict[str, Finisher] = {}


def register_preparer(room: str, preparer: Preparer, *, turn: Turn = Turn.LATER) -> None:
    _preparers[room] = (turn, preparer)


def preparers() -> dict[str, Preparer]:
    in_turn = sorted(_preparers.items(), key=lambda item: (item[1][0], item[0]))
    return {room: preparer for room, (_turn, preparer) in in_turn}


def register_finisher(room: str, finisher: Finisher) -> None:
    _finishers[room] = finisher


def finish(files: list[str]) -> list[str]:
    """Have every room delete its files of these names; returns what is left."""
    for finisher in _finishers.values():
        files = finisher(files)
    return files
