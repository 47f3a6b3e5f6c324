"""Control calls for the webhook endpoint: the buttons of Button's Dashboard, and some it lacks.

GET  /control/webhooks                  the endpoint: is it paused, what failed in the past hour
POST /control/webhooks/pause            send nothing, collect
POST /control/webhooks/resume           send what was collected, the oldest event first
POST /control/webhooks/ping
POST /control/webhooks/drop             give up what waits: only the API tells of it
POST /control/webhooks/events           event_type, data: any event at all, signed and sent
POST /control/checkouts                 customer, merchant, btn_ref: an order-checkout event
GET  /control/deliveries                every event with its attempts
POST /control/deliveries/retry          what waits for its next attempt goes out now
POST /control/deliveries/HOOK/resend    once more, whatever became of it
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

from rewards_site.button.sandbox.answers import Json, Reply, Request, json_reply
from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.checkouts import checkout_event
from rewards_site.button.sandbox.clock import Clock
from rewards_site.button.sandbox.control import ControlRoutes
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.orders import read_brand
from rewards_site.button.sandbox.records import Event
from rewards_site.button.sandbox.sender import Sender
from rewards_site.button.sandbox.taps import Taps
from rewards_site.button.sandbox.world import World
from rewards_site.kernel.errors import Conflict


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookControl:
    world: World
    clock: Clock
    taps: Taps
    sender: Sender | None
    """None: no webhook URL was given at the start."""
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def routes(self) -> ControlRoutes:
        return {
            r"/control/webhooks": {"GET": self._show},
            r"/control/webhooks/(?P<verb>pause|resume|ping|drop)": {"POST": self._press},
            r"/control/webhooks/events": {"POST": self._send},
            r"/control/checkouts": {"POST": self._check_out},
            r"/control/deliveries": {"GET": self._deliveries},
            r"/control/deliveries/retry": {"POST": self._retry},
            r"/control/deliveries/(?P<hook_id>[^/]+)/resend": {"POST": self._resend},
        }

    def _show(self, _request: Request, _match: re.Match[str]) -> Reply:
        return json_reply(self._whole())

    def _press(self, request: Request, match: re.Match[str]) -> Reply:
        Fields.read(request.body).end()
        sender = self._endpoint()
        match match["verb"]:
            case "pause":
                sender.pause()
            case "resume":
                sender.resume()
            case "drop":
                return json_reply({"dropped": sender.drop()})
            case _:
                attempt = sender.ping()
                return json_reply({"status": attempt.status, "error": attempt.error})
        return json_reply(self._whole())

    def _send(self, request: Request, _match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        data = dict(fields.object("data").rest())
        event = Event(
            hook_id=fields.text("hook_id") or self._made_up_id(),
            event_type=fields.text("event_type") or "tx-pending",
            tx_id=str(data.get("id") or ""),
            data=data,
        )
        fields.end()
        return self._sent(event)

    def _check_out(self, request: Request, _match: re.Match[str]) -> Reply:
        fields = Fields.read(request.body)
        at = fields.instant("at", default=self.clock.now())
        btn_ref = fields.text("btn_ref")
        tap = self.taps.find(btn_ref)
        event = checkout_event(
            hook_id=self._made_up_id(),
            brand=read_brand(fields, self.world, tap=tap),
            customer=fields.text("customer") or (tap.customer if tap else None),
            btn_ref=btn_ref,
            at=at,
        )
        fields.end()
        return self._sent(event)

    def _sent(self, event: Event) -> Reply:
        self._endpoint().take(event)
        return json_reply({"hook_id": event.hook_id, "event_type": event.event_type}, status=201)

    def _made_up_id(self) -> str:
        return make_id("hook", self.world.seed, "control", next(self.numbers))

    def _deliveries(self, _request: Request, _match: re.Match[str]) -> Reply:
        if self.sender is None:
            return json_reply({"counts": {}, "deliveries": []})
        return json_reply({"counts": self.sender.counts(), "deliveries": self.sender.deliveries()})

    def _retry(self, request: Request, _match: re.Match[str]) -> Reply:
        Fields.read(request.body).end()
        return json_reply({"retried": self._endpoint().retry_now()})

    def _resend(self, request: Request, match: re.Match[str]) -> Reply:
        Fields.read(request.body).end()
        self._endpoint().resend(match["hook_id"])
        return json_reply({"hook_id": match["hook_id"]})

    def _whole(self) -> Json:
        sender = self._endpoint()
        return {**sender.as_json(), "counts": sender.counts()}

    def _endpoint(self) -> Sender:
        if self.sender is None:
            raise Conflict("No webhook URL was given at the start")
        return self.sender
