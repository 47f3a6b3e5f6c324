"""Pure: what a reading of a brand changes of what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One fact before and after; None is «not told». Values are JSON-ready."""

    field: str
    before: Any
    after: Any

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def changes_between(known: Mapping[str, Any], told: Mapping[str, Any]) -> list[Change]:
    """The facts of `told` that are not as `known`; a fact that is not in `told` stays."""
    return [
        Change(field=name, before=_none_if_empty(known.get(name)), after=_none_if_empty(value))
        for name, value in told.items()
        if not _is_same(_none_if_empty(known.get(name)), _none_if_empty(value))
    ]


def _none_if_empty(value: Any) -> Any:
    """Columns hold "" and [] where Button told nothing; 0 and false are told."""
    return None if value in ("", [], {}) else value


def _is_same(left: Any, right: Any) -> bool:
    """0 is not false: their types differ."""
    return type(left) is type(right) and left == right
