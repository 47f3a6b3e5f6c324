"""Leads orders through their lives: reported, changed and ended as the clock comes to it."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.agenda import Agenda
from rewards_site.button.sandbox.life import Change, Fate, Life
from rewards_site.button.sandbox.records import Purchase, Status
from rewards_site.button.sandbox.world import World

INSTALL_DOLLAR_CENTS = 100


class Lives:
    """Call it under the world's lock, as the agenda that runs it must be."""

    def __init__(self, *, world: World, agenda: Agenda, speed: float) -> None:
        self._world = world
        self._agenda = agenda
        self._speed = speed

    def begin(self, purchase: Purchase, *, fate: Fate, life: Life) -> datetime:
        """Plan the report of `purchase`, and what comes after; when it will be reported."""
        reported_at = purchase.purchased_at + self._lasting(life.reported_after_minutes)
        self._agenda.plan(reported_at, partial(self._report, purchase, fate, life))
        return reported_at

    def _report(self, purchase: Purchase, fate: Fate, life: Life, at: datetime) -> None:
        if fate is Fate.INSTALL:
            commission = catalog.price_in(purchase.currency, INSTALL_DOLLAR_CENTS)
            self._world.install(purchase, commission=commission, at=at)
            return
        order_id = self._world.report(purchase, at=at).now.order.button_order_id
        assert order_id is not None
        for change in life.changes:
            due_at = purchase.purchased_at + self._lasting(change.after_minutes)
            self._agenda.plan(due_at, partial(self._change, order_id, change))

    def _change(self, order_id: str, change: Change, at: datetime) -> None:
        if self._world.order(order_id).now.status.is_final:
            return  # somebody validated or declined it through a control call
        match change.status:
            case Status.PENDING:
                self._world.adjust(order_id, change.basket, at=at)
            case Status.VALIDATED:
                self._world.validate(order_id, at=at)
            case Status.DECLINED:
                self._world.decline(order_id, at=at)

    def _lasting(self, minutes: float) -> timedelta:
        return timedelta(minutes=minutes / self._speed)
