"""Control calls for what shoppers and brands do. All of it takes `at`, the instant it happens.

POST /control/taps                      customer, merchant, pub_ref, is_test: a btn_ref to order by
POST /control/orders                    customer, merchant, currency, lines or total and amount,
                                        btn_ref, shares, finalization_minutes, oddities ...
POST /control/orders/ID/adjust          lines or total and amount; shares
POST /control/orders/ID/validate        the same, optional: the last figure may differ
POST /control/orders/ID/decline         or cancel: the whole order
POST /control/orders/ID/finalize        puts the clock forward to the end of its window
POST /control/installs                  customer, merchant, currency, amount
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rewards_site.button.sandbox.answers import Reply, Request, json_reply
from rewards_site.button.sandbox.brands import BrandBook
from rewards_site.button.sandbox.clock import Clock, millisecond_text
from rewards_site.button.sandbox.control import ControlRoutes
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.orders import (
    read_basket,
    read_brand,
    read_organization,
    read_purchase,
    read_shares,
    state_of,
)
from rewards_site.button.sandbox.records import Event, Order, Status, total_of
from rewards_site.button.sandbox.taps import Taps
from rewards_site.button.sandbox.timeline import Timeline
from rewards_site.button.sandbox.world import World
from rewards_site.kernel.errors import Conflict, InvalidInput


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderControl:
    """Answers by acting on the world; every one raises what its refusals are made of."""

    world: World
    clock: Clock
    timeline: Timeline
    taps: Taps
    brands: BrandBook
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def routes(self) -> ControlRoutes:
        order = r"/control/orders/(?P<id>[^/]+)"
        return {
            r"/control/taps": {"POST": self._tap},
            r"/control/orders": {"POST": self._report},
            order + r"/(?P<verb>adjust|validate|decline|cancel)": {"POST": self._move},
            order + r"/finalize": {"POST": self._finalize},
            r"/control/installs": {"POST": self._install},
        }

    def _tap(self, request: Request, _match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        tap = self.taps.make(
            at=fields.instant("at", default=self.clock.now()),
            organization=read_organization(fields, self.world),
            brand=read_brand(fields, self.world),
            customer=fields.text("customer"),
            pub_ref=fields.text("pub_ref"),
            is_test=fields.yes("is_test", default=False),
        )
        fields.end()
        body = {
            "btn_ref": tap.btn_ref,
            "merchant": tap.brand.id,
            "customer": tap.customer,
            "pub_ref": tap.pub_ref,
            "at": millisecond_text(tap.at),
        }
        return json_reply(body, status=201)

    def _report(self, request: Request, _match: re.Match[str]) -> Reply:
        fields, now = Fields.read(request.body), self.clock.now()
        at = fields.instant("at", default=now)
        status = Status(fields.choice("status", list(Status), default=Status.PENDING))
        minutes = fields.whole("finalization_minutes", default=-1)
        purchase = read_purchase(fields, world=self.world, taps=self.taps, key=self._key(), at=at)
        shares = read_shares(fields, total=total_of(purchase.basket))
        fields.end()

        def report() -> Order:
            order = self.world.report(purchase, at=at, status=status, shares=shares)
            wait = self._window_minutes(order) if minutes < 0 else minutes
            self.timeline.open_window(order, ends_at=at + timedelta(minutes=wait))
            return order

        return self._done(report, status=201)

    def _install(self, request: Request, _match: re.Match[str]) -> Reply:
        fields, at = Fields.read(request.body), self.clock.now()
        at = fields.instant("at", default=at)
        commission = fields.whole("amount", default=100)
        purchase = read_purchase(fields, world=self.world, taps=self.taps, key=self._key(), at=at)
        fields.end()
        return self._done(
            lambda: self.world.install(purchase, commission=commission, at=at), status=201
        )

    def _move(self, request: Request, match: re.Match[str]) -> Reply:
        fields, world, order_id = Fields.read(request.body), self.world, match["id"]
        at = fields.instant("at", default=self.clock.now())
        before = world.order(order_id).now.basket
        verb = match["verb"]
        if verb in {"decline", "cancel"}:
            fields.end()
            return self._done(lambda: world.decline(order_id, at=at))
        basket = read_basket(fields, before=before)
        if verb == "validate":
            fields.end()
            return self._done(lambda: world.validate(order_id, at=at, basket=basket))
        shares = read_shares(fields, total=total_of(before if basket is None else basket))
        fields.end()
        if basket is None:
            raise InvalidInput("lines, total or amount: one of them is needed")
        return self._done(lambda: world.adjust(order_id, basket, at=at, shares=shares))

    def _finalize(self, request: Request, match: re.Match[str]) -> Reply:
        Fields.read(request.body).end()
        with self.world.lock:
            order = self.world.order(match["id"])
            if order.now.status.is_final:
                raise Conflict(f"{match['id']} is {order.now.status}: after that nothing changes")
            ends_at = order.finalizes_at or self._end_of_window(order)
        if ends_at > self.clock.now():
            if order.finalizes_at is None:
                with self.world.lock:
                    self.timeline.open_window(order, ends_at=ends_at)
            self.timeline.advance_to(ends_at)
        else:
            self.world.validate(match["id"], at=ends_at)
        with self.world.lock:
            return json_reply({**state_of(order), "tx_id": order.now.id})

    def _end_of_window(self, order: Order) -> datetime:
        minutes = self._window_minutes(order)
        return order.transactions[0].created_at + timedelta(minutes=minutes)

    def _window_minutes(self, order: Order) -> int:
        details = self.brands.find(order.purchase.brand.id)
        assert details is not None
        return details.finalization_window_minutes

    def _done(self, act: Callable[[], Order], *, status: int = 200) -> Reply:
        """Act, and tell which events that made."""
        events: list[Event] = []
        with self.world.lock:
            self.world.listeners.append(events.append)
            try:
                order = act()
            finally:
                self.world.listeners.remove(events.append)
            body = {
                **state_of(order),
                "tx_id": order.now.id,
                "shares": [state_of(share) for share in order.shares],
                "hook_ids": [event.hook_id for event in events],
            }
            return json_reply(body, status=status)

    def _key(self) -> str:
        return f"control/{next(self.numbers)}"
