"""Control calls: what a tester does to this Button that nobody can do to the real one.

JSON, no key, answered to this machine only. Amounts are minor units, times RFC 3339.

    GET    /control/state                    every order as it truly stands: the oracle of a test
    POST   /control/orders                   customer, merchant, currency, lines or total and amount
    POST   /control/orders/ID/adjust         lines or total and amount
    POST   /control/orders/ID/validate       the same, optional: the last figure may differ
    POST   /control/orders/ID/decline
    POST   /control/installs                 customer, merchant, currency, amount
    POST   /control/settle                   no more buying; every life comes to its end now
    GET    /control/deliveries               every webhook with its attempts
    POST   /control/deliveries/retry         what waits for its next attempt goes out now
    POST   /control/webhooks/ping
    POST   /control/faults                   kind, count, path, seconds; GET lists, DELETE clears

All that happens to an order takes `at`, the instant it happens; without it, now. `orders.py` reads
the rest: pub_ref, btn_ref, order_currency, category, country, status, purchased_at, oddities ...
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Sequence
from typing import Protocol

from rewards_site.button.sandbox.answers import Json, Reply, Request, json_reply
from rewards_site.button.sandbox.clock import Clock
from rewards_site.button.sandbox.faults import Fault, FaultKind, Faults
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.orders import read_basket, read_purchase, state_of
from rewards_site.button.sandbox.records import Event, Order, Status
from rewards_site.button.sandbox.sender import Sender
from rewards_site.button.sandbox.world import World
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, ServiceError

_STATUSES: dict[type[ServiceError], int] = {InvalidInput: 400, NotFound: 404, Conflict: 409}


class Planned(Protocol):
    """What the shoppers have under way."""

    def settle(self) -> int:
        """Stop buying and bring every life to its end now; how many steps that took."""

    @property
    def planned_count(self) -> int: ...


class Control:
    """Answers control calls by acting on the world, the faults and the sender."""

    def __init__(
        self,
        *,
        world: World,
        clock: Clock,
        faults: Faults,
        sender: Sender | None,
        planned: Planned,
    ) -> None:
        self._world = world
        self._clock = clock
        self._faults = faults
        self._sender = sender
        self._planned = planned
        self._numbers = itertools.count(1)
        self._routes: dict[str, dict[str, Callable[[Request, re.Match[str]], Reply]]] = {
            r"/control/state": {"GET": self._state},
            r"/control/orders": {"POST": self._report},
            r"/control/orders/(?P<id>[^/]+)/(?P<verb>adjust|validate|decline)": {
                "POST": self._move
            },
            r"/control/installs": {"POST": self._install},
            r"/control/settle": {"POST": self._settle},
            r"/control/deliveries": {"GET": self._deliveries},
            r"/control/deliveries/retry": {"POST": self._retry},
            r"/control/webhooks/ping": {"POST": self._ping},
            r"/control/faults": {
                "GET": self._list_faults,
                "POST": self._add_fault,
                "DELETE": self._clear_faults,
            },
        }

    def answer(self, request: Request) -> Reply:
        if not request.is_local:
            return _refusal(403, "Control calls are answered to this machine only")
        for pattern, routes in self._routes.items():
            if match := re.fullmatch(pattern, request.path):
                if request.method not in routes:
                    return _refusal(405, f"{request.path} takes {', '.join(routes)}")
                try:
                    return routes[request.method](request, match)
                except (InvalidInput, NotFound, Conflict) as error:
                    return _refusal(_STATUSES[type(error)], str(error))
        return _refusal(404, f"Could not find {request.path}")

    # Orders ---------------------------------------------------------------------------------------

    def _report(self, request: Request, _match: re.Match[str]) -> Reply:
        fields, at = Fields.read(request.body), self._clock.now()
        at = fields.instant("at", default=at)
        status = Status(fields.choice("status", list(Status), default=Status.PENDING))
        purchase = read_purchase(fields, world=self._world, key=self._key(), at=at)
        fields.end()
        return self._done(lambda: self._world.report(purchase, at=at, status=status), status=201)

    def _install(self, request: Request, _match: re.Match[str]) -> Reply:
        fields, at = Fields.read(request.body), self._clock.now()
        at = fields.instant("at", default=at)
        commission = fields.whole("amount", default=100)
        purchase = read_purchase(fields, world=self._world, key=self._key(), at=at)
        fields.end()
        return self._done(
            lambda: self._world.install(purchase, commission=commission, at=at), status=201
        )

    def _move(self, request: Request, match: re.Match[str]) -> Reply:
        fields, world, order_id = Fields.read(request.body), self._world, match["id"]
        at = fields.instant("at", default=self._clock.now())
        before = world.order(order_id).now.basket
        verb = match["verb"]
        basket = None if verb == "decline" else read_basket(fields, before=before)
        fields.end()
        if verb == "decline":
            return self._done(lambda: world.decline(order_id, at=at))
        if verb == "validate":
            return self._done(lambda: world.validate(order_id, at=at, basket=basket))
        if basket is None:
            raise InvalidInput("lines, total or amount: one of them is needed")
        return self._done(lambda: world.adjust(order_id, basket, at=at))

    def _done(self, act: Callable[[], Order], *, status: int = 200) -> Reply:
        """Act, and tell which events that made."""
        events: list[Event] = []
        with self._world.lock:
            self._world.listeners.append(events.append)
            try:
                order = act()
            finally:
                self._world.listeners.remove(events.append)
            return json_reply(
                {**state_of(order), "tx_id": order.now.id, **_names(events)}, status=status
            )

    def _key(self) -> str:
        return f"control/{next(self._numbers)}"

    # The whole ------------------------------------------------------------------------------------

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

    # Webhooks and faults --------------------------------------------------------------------------

    def _deliveries(self, _request: Request, _match: re.Match[str]) -> Reply:
        if self._sender is None:
            return json_reply({"counts": {}, "deliveries": []})
        return json_reply(
            {"counts": self._sender.counts(), "deliveries": self._sender.deliveries()}
        )

    def _retry(self, request: Request, _match: re.Match[str]) -> Reply:
        Fields.read(request.body).end()
        return json_reply({"retried": self._endpoint().retry_now()})

    def _ping(self, request: Request, _match: re.Match[str]) -> Reply:
        Fields.read(request.body).end()
        attempt = self._endpoint().ping()
        return json_reply({"status": attempt.status, "error": attempt.error})

    def _endpoint(self) -> Sender:
        if self._sender is None:
            raise Conflict("No webhook URL was given at the start")
        return self._sender

    def _list_faults(self, _request: Request, _match: re.Match[str]) -> Reply:
        return json_reply({"faults": self._faults.as_json()})

    def _add_fault(self, request: Request, _match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        fault = Fault(
            kind=FaultKind(fields.choice("kind", list(FaultKind))),
            count=fields.whole("count", default=1, least=1),
            path=fields.text("path") or "/v1/",
            seconds=fields.number("seconds", default=30.0),
        )
        fields.end()
        self._faults.add(fault)
        return json_reply({"faults": self._faults.as_json()}, status=201)

    def _clear_faults(self, _request: Request, _match: re.Match[str]) -> Reply:
        self._faults.clear()
        return json_reply({"faults": []})


def _names(events: Sequence[Event]) -> Json:
    return {"hook_ids": [event.hook_id for event in events]}


def _refusal(status: int, message: str) -> Reply:
    return json_reply({"error": {"message": message}}, status=status)
