"""Control calls: what a tester does to this Button that nobody can do to the real one.

JSON, no key, answered to this machine only, and to no web page of another site. Amounts are minor
units, times RFC 3339. The other modules named `..._control.py` list theirs at their top;
docs/sandbox.md has them all.

GET  /control/state     every order as it truly stands: the oracle of a test
POST /control/settle    no more buying; every life comes to its end now
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from rewards_site.button.sandbox.answers import Json, Reply, Request, json_reply
from rewards_site.button.sandbox.clock import Clock
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.orders import state_of
from rewards_site.button.sandbox.world import World
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, ServiceError

ControlRoutes = dict[str, dict[str, Callable[[Request, re.Match[str]], Reply]]]

_STATUSES: dict[type[ServiceError], int] = {InvalidInput: 400, NotFound: 404, Conflict: 409}


class Planned(Protocol):
    """What the shoppers have under way."""

    def settle(self) -> int:
        """Stop buying and bring every life to its end now; how many steps that took."""

    @property
    def planned_count(self) -> int: ...


class Control:
    """Answers control calls: those about the whole itself, the others by `more_routes`."""

    def __init__(
        self, *, world: World, clock: Clock, planned: Planned, more_routes: ControlRoutes
    ) -> None:
        self._world = world
        self._clock = clock
        self._planned = planned
        self._routes: ControlRoutes = {
            **more_routes,
            r"/control/state": {"GET": self._state},
            r"/control/settle": {"POST": self._settle},
        }

    def answer(self, request: Request) -> Reply:
        if not request.is_local:
            return _refusal(
                403,
                "Control calls are answered to this machine only, asked for by localhost or an "
                "address, through no proxy, and to no web page of another site",
            )
        for pattern, routes in self._routes.items():
            if match := re.fullmatch(pattern, request.path):
                if request.method not in routes:
                    return _refusal(405, f"{request.path} takes {', '.join(routes)}")
                try:
                    return routes[request.method](request, match)
                except (InvalidInput, NotFound, Conflict) as error:
                    return _refusal(_STATUSES[type(error)], str(error))
        return _refusal(404, f"Could not find {request.path}")

    def _state(self, _request: Request, _match: re.Match[str]) -> Reply:
        world = self._world
        with world.lock:
            body: Json = {
                "at": self._now_text(),
                "seed": world.seed,
                "tx_ids": str(world.tx_ids),
                "planned_steps": self._planned.planned_count,
                "organizations": [
                    {
                        "id": organization.id,
                        "name": organization.name,
                        "accounts": {
                            account.currency: account.id
                            for account in world.accounts_of(organization)
                        },
                    }
                    for organization in world.organizations
                ],
                "merchants": {brand.id: brand.name for brand in world.brands.values()},
                "orders": [state_of(order) for order in world.orders if not order.is_install],
                "installs": [state_of(order) for order in world.orders if order.is_install],
            }
        return json_reply(body)

    def _now_text(self) -> str:
        return self._clock.now().isoformat().replace("+00:00", "Z")

    def _settle(self, request: Request, _match: re.Match[str]) -> Reply:
        Fields.read(request.body).end()
        return json_reply({"steps": self._planned.settle()})


def _refusal(status: int, message: str) -> Reply:
    return json_reply({"error": {"message": message}}, status=status)
