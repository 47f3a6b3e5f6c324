"""The landing page: what needs a human now. Rooms register what they watch, at start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.http import HttpRequest

from rewards_site.kernel.admin.paging import count_text
from rewards_site.kernel.admin.panels import Panel

COUNTED_MAX = 1_000
Make = TypeVar("Make")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """So many things wait for somebody. `count` past 1,000 reads «more than 1,000»."""

    title: str
    count: int
    url: str
    what_to_do: str
    """One sentence: what a human does about it."""
    when_none: str
    """One sentence for zero: what will appear here."""
    tone: str = "warn"

    @property
    def count_text(self) -> str:
        return count_text(self.count, most=COUNTED_MAX)


@dataclass(frozen=True, slots=True)
class _Watched:
    name: str
    permission: str
    order: int


Reader = AbstractBaseUser | AnonymousUser
_cards: dict[_Watched, Callable[[Reader], Card | None]] = {}
_tables: dict[_Watched, Callable[[datetime], Panel]] = {}


def register_card(name: str, make: Callable[[], Card], *, permission: str, order: int) -> None:
    """Show a card to whoever has `permission`; cards stand by `order`."""
    register_own_card(name, lambda _reader: make(), permission=permission, order=order)


def register_own_card(
    name: str, make: Callable[[Reader], Card | None], *, permission: str, order: int
) -> None:
    """As register_card(), of a card that counts what waits for its reader; None shows none."""
    _cards[_Watched(name, permission, order)] = make


def register_table(
    name: str, make: Callable[[datetime], Panel], *, permission: str, order: int
) -> None:
    """Show a table to whoever has `permission`, below the cards."""
    _tables[_Watched(name, permission, order)] = make


def cards(request: HttpRequest) -> list[Card]:
    made = (make(request.user) for make in _for_user(request, _cards))
    return [card for card in made if card is not None]


def tables(request: HttpRequest, *, at: datetime) -> list[Panel]:
    return [make(at) for make in _for_user(request, _tables)]


def _for_user(request: HttpRequest, registered: dict[_Watched, Make]) -> list[Make]:
    mine = [watched for watched in registered if request.user.has_perm(watched.permission)]
    return [registered[watched] for watched in sorted(mine, key=lambda watched: watched.order)]
