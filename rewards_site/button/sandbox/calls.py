"""A call of Button's API: who calls, with what, and all that an answer is made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from rewards_site.button.sandbox.answers import Json, Reply, Request, json_reply
from rewards_site.button.sandbox.api_switches import ApiSwitches, Panel
from rewards_site.button.sandbox.brands import BrandBook
from rewards_site.button.sandbox.clock import Clock
from rewards_site.button.sandbox.limits import RequestLimit
from rewards_site.button.sandbox.listing import Shelf
from rewards_site.button.sandbox.rates import OfferBook
from rewards_site.button.sandbox.records import Organization
from rewards_site.button.sandbox.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What the API stands on; one for a sandbox."""

    world: World
    clock: Clock
    panel: Panel
    brands: BrandBook
    offers: OfferBook
    offers_limit: RequestLimit
    shelf: Shelf

    @classmethod
    def opened(cls, *, world: World, clock: Clock, switches: ApiSwitches, speed: float) -> Self:
        """A shop for `world`, with nothing sold yet."""
        return cls(
            world=world,
            clock=clock,
            panel=Panel(switches),
            brands=BrandBook(world),
            offers=OfferBook(seed=world.seed, speed=speed),
            offers_limit=RequestLimit(),
            shelf=Shelf(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    shop: Shop
    switches: ApiSwitches
    """As they stood when the call came in."""
    organization: Organization
    request: Request
    match: re.Match[str]


Route = Callable[[Call], Reply]
Routes = dict[str, dict[str, Route]]


def one(row: Json) -> Reply:
    return json_reply({"meta": {"status": "ok"}, "object": row})


def many(rows: list[Json]) -> Reply:
    """A list that has no pages."""
    return json_reply({"meta": {"status": "ok"}, "objects": rows})
