"""The deliverer: fan out, then send all that is due, a few at a time.

Claim (commit) → send from a few threads, with no database connection held → record (commit). Any
number of these may run, on any number of machines; whoever dies is followed when its claims end.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings

from rewards_site.button.waiting import let_database_go
from rewards_site.health import tallies
from rewards_site.kernel import clock
from rewards_site.outward.claiming import BEGIN_WITHIN, IN_FLIGHT_MAX, claim_due
from rewards_site.outward.fanout import fan_out
from rewards_site.outward.models import Delivery
from rewards_site.outward.payload import body_of, webhook_id
from rewards_site.outward.recording import Ended, record
from rewards_site.outward.sending import Answer, Parcel, send
from rewards_site.outward.signing import secrets_of, signed_headers

_Flying = dict[Future[Answer], tuple[Delivery, datetime]]
"""What is being sent, and since when."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What one run did."""

    events: int
    """Fanned out."""
    delivered: int
    failed: int

    def __str__(self) -> str:
        return (
            f"{self.events} events found, {self.delivered} deliveries made, "
            f"{self.failed} attempts failed"
        )


def deliver_events(
    *, is_over: Callable[[], bool] = lambda: False, draw: Callable[[], float] = random.random
) -> Delivered:
    """Fan out and send what is due, until nothing is or `is_over`. Raises: DatabaseError.

    What is under way when it is over is waited for. `draw` gives random numbers of 0 to 1.
    """
    events = fan_out(at=clock.now(), is_over=is_over)
    outcomes: Counter[bool] = Counter()
    flying: _Flying = {}
    with ThreadPoolExecutor(IN_FLIGHT_MAX, thread_name_prefix="outward") as pool:
        while True:
            if not is_over():
                flying |= _begun(pool, flying)
            if not flying:
                break
            let_database_go()
            done, _others = wait(flying, return_when=FIRST_COMPLETED)
            ended = [_ended(*flying.pop(future), future.result()) for future in done]
            record(ended, at=clock.now(), draw=draw)
            outcomes.update(not each.answer.error for each in ended)
    tallies.flush()
    return Delivered(events=events, delivered=outcomes[True], failed=outcomes[False])


def _begun(pool: ThreadPoolExecutor, flying: _Flying) -> _Flying:
    """Claim what there is room for, and have the pool send it."""
    at = clock.now()
    in_flight = Counter(delivery.subscription_id for delivery, _begun_at in flying.values())
    give_up_at = time.monotonic() + BEGIN_WITHIN.total_seconds()
    begun: _Flying = {}
    for delivery in claim_due(in_flight=in_flight, at=at):
        parcel = _parcel(delivery, give_up_at=give_up_at, at=at)
        future = pool.submit(_not_sent) if parcel is None else pool.submit(send, parcel)
        begun[future] = (delivery, at)
    return begun


def _parcel(delivery: Delivery, *, give_up_at: float, at: datetime) -> Parcel | None:
    """None where its secret cannot be opened any more."""
    signed_by = secrets_of(delivery.subscription, at=at)
    if not signed_by:
        return None
    body = body_of(delivery)
    headers = signed_headers(body, webhook_id=webhook_id(delivery), signed_by=signed_by, at=at)
    return Parcel(
        url=delivery.subscription.url,
        body=body.encode(),
        headers={"Content-Type": "application/json"} | headers,
        allow_private=settings.OUTWARD_ALLOW_PRIVATE,
        give_up_at=give_up_at,
    )


def _not_sent() -> Answer:
    return Answer(error="its secret cannot be opened: rotate it", took=timedelta())


def _ended(delivery: Delivery, begun_at: datetime, answer: Answer) -> Ended:
    assert delivery.claim is not None
    return Ended(
        delivery_id=delivery.pk,
        subscription_id=delivery.subscription_id,
        claim=delivery.claim,
        number=delivery.attempt_count,
        begun_at=begun_at,
        url=delivery.subscription.url,
        answer=answer,
    )
