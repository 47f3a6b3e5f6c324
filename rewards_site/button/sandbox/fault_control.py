"""Control calls for trouble, for the readings of the documents, and for the clock.

POST   /control/faults      kind, count or percent, path, seconds; GET lists, DELETE clears all
POST   /control/outages     days, hours, minutes, seconds: Button is down from now on; kind,
                            loses_webhooks; GET lists, DELETE ends them
POST   /control/switches    any switch by name; GET lists
POST   /control/clock       to, or days, hours, minutes, seconds: puts the clock forward; GET
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta

from rewards_site.button.sandbox.answers import Json, Reply, Request, json_reply
from rewards_site.button.sandbox.clock import Clock, millisecond_text
from rewards_site.button.sandbox.control import ControlRoutes
from rewards_site.button.sandbox.faults import API_KINDS, Fault, FaultKind, Faults, Outage
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.queueing import WebhookOrder
from rewards_site.button.sandbox.records import TxIds
from rewards_site.button.sandbox.sender import Sender
from rewards_site.button.sandbox.switches import Switches
from rewards_site.button.sandbox.timeline import Timeline
from rewards_site.button.sandbox.world import World
from rewards_site.kernel.errors import Conflict, InvalidInput

SECONDS_MAX = 10_000_000
OUTAGE_KINDS = (FaultKind.DROP, FaultKind.SERVER_ERROR, FaultKind.HTML)
AHEAD_MAX = timedelta(days=3660)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultControl:
    world: World
    clock: Clock
    faults: Faults
    switches: Switches
    timeline: Timeline
    sender: Sender | None

    def routes(self) -> ControlRoutes:
        return {
            r"/control/faults": {
                "GET": self._list_faults,
                "POST": self._add_fault,
                "DELETE": self._clear_faults,
            },
            r"/control/outages": {
                "GET": self._list_outages,
                "POST": self._add_outage,
                "DELETE": self._end_outages,
            },
            r"/control/switches": {"GET": self._list_switches, "POST": self._switch},
            r"/control/clock": {"GET": self._tell_time, "POST": self._advance},
        }

    # Faults ---------------------------------------------------------------------------------------

    def _list_faults(self, _request: Request, _match: re.Match[str]) -> Reply:
        return json_reply({"faults": self.faults.as_json()})

    def _add_fault(self, request: Request, match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        kind = FaultKind(fields.choice("kind", list(FaultKind)))
        percent = fields.number("percent", most=100)
        if percent is not None and fields.has("count"):
            raise InvalidInput("count or percent: one of the two")
        count = None if percent is not None else fields.whole("count", default=1, least=1)
        if fields.has("path") and kind not in API_KINDS:
            raise InvalidInput("path: only the API has paths")
        fault = Fault(
            kind=kind,
            count=count,
            percent=percent,
            path=fields.text("path") or "/v1/",
            seconds=fields.number("seconds", most=3600 if kind is FaultKind.SLOW else SECONDS_MAX),
        )
        fields.end()
        self.faults.add(fault)
        return json_reply({"faults": self.faults.as_json()}, status=201)

    def _clear_faults(self, _request: Request, _match: re.Match[str]) -> Reply:
        self.faults.clear()
        return json_reply({"faults": []})

    def _list_outages(self, _request: Request, _match: re.Match[str]) -> Reply:
        return json_reply({"outages": self.faults.outages_as_json()})

    def _add_outage(self, request: Request, _match: re.Match[str]) -> Reply:
        fields, at = Fields.read(request.body), self.clock.now()
        start = fields.instant("from", default=at)
        kind = fields.choice("kind", [str(kind) for kind in OUTAGE_KINDS], default=FaultKind.DROP)
        loses_webhooks = fields.yes("loses_webhooks", default=False)
        span = fields.span()
        fields.end()
        if span is None or not span:
            raise InvalidInput("days, hours, minutes or seconds: how long it lasts is needed")
        outage = Outage(
            start=start, end=start + span, kind=FaultKind(kind), loses_webhooks=loses_webhooks
        )
        self.faults.add_outage(outage)
        return json_reply({"outages": self.faults.outages_as_json()}, status=201)

    def _end_outages(self, _request: Request, _match: re.Match[str]) -> Reply:
        self.faults.end_outages()
        return json_reply({"outages": []})

    # Switches -------------------------------------------------------------------------------------

    def _list_switches(self, _request: Request, _match: re.Match[str]) -> Reply:
        return json_reply(self._switches())

    def _switch(self, request: Request, _match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        tx_ids = fields.choice("tx_ids", list(TxIds), default=self.world.tx_ids)
        order = fields.choice(
            "webhook_order",
            list(WebhookOrder),
            default=self.sender.order if self.sender else WebhookOrder.TRANSACTION,
        )
        has_auto_pause = fields.yes(
            "auto_pause", default=self.sender.has_auto_pause if self.sender else True
        )
        self.switches.change(fields.rest())
        self.world.tx_ids = TxIds(tx_ids)
        if self.sender is not None:
            self.sender.has_auto_pause = has_auto_pause
            if order != self.sender.order:
                self.sender.set_order(WebhookOrder(order))
        return json_reply(self._switches())

    def _switches(self) -> Json:
        of_sender: Json = {}
        if self.sender is not None:
            of_sender = {
                "webhook_order": str(self.sender.order),
                "auto_pause": self.sender.has_auto_pause,
            }
        return {"tx_ids": str(self.world.tx_ids), **of_sender, **self.switches.as_json()}

    # The clock ------------------------------------------------------------------------------------

    def _tell_time(self, _request: Request, _match: re.Match[str]) -> Reply:
        return json_reply({"at": millisecond_text(self.clock.now())})

    def _advance(self, request: Request, match: re.Match[str]) -> Reply:
        fields, at = Fields.read(request.body), self.clock.now()
        span = fields.span()
        if (span is None) != fields.has("to"):
            raise InvalidInput("to, or days, hours, minutes and seconds: one of the two")
        to = fields.instant("to", default=at) if span is None else at + span
        fields.end()
        if to < at:
            raise Conflict("The clock is never put back")
        if to > at + AHEAD_MAX:
            raise InvalidInput("The clock is put forward by ten years at most")
        self.timeline.advance_to(to)
        return self._tell_time(request, match)
