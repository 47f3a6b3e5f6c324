"""A page of rows that SQL written by hand reads, where NewestFirst expects a queryset."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

R = TypeVar("R")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seek:
    """Which rows: the next `limit` on the far side of `position`, from it on."""

    limit: int = 0
    position: str | None = None
    is_ascending: bool = False


class SeekRows(Generic[R]):
    """What NewestFirst asks a queryset for, gathered into one Seek for `read`."""

    def __init__(self, read: Callable[[Seek], list[R]], seek: Seek | None = None) -> None:
        self._read = read
        self._seek = seek or Seek()

    def order_by(self, ordering: str) -> SeekRows[R]:
        is_ascending = not ordering.startswith("-")
        return SeekRows(self._read, replace(self._seek, is_ascending=is_ascending))

    def filter(self, **condition: str) -> SeekRows[R]:
        ((name, position),) = condition.items()
        assert name.endswith("__gt" if self._seek.is_ascending else "__lt")
        return SeekRows(self._read, replace(self._seek, position=position))

    def __getitem__(self, part: slice) -> list[R]:
        assert not part.start
        return self._read(replace(self._seek, limit=part.stop))
