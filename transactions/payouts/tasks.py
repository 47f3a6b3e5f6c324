"""The worker's doors. Each may run twice, late, or never: what is due stands in the batches."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from rewards_site.kernel import clock
from rewards_site.kernel.errors import ServiceError
from transactions.payouts import exchange

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Synced:
    """What came of talking about each batch that was due."""

    batches: int = 0
    failed: int = 0
    is_paused: bool = False

    def __str__(self) -> str:
        tail = ", paused" if self.is_paused else ""
        return f"{self.batches} batches, {self.failed} failed{tail}"


def sync_batch(batch_id: int) -> str:
    """Send a batch that was given to be sent, or ask for it."""
    return exchange.attend(batch_id, at=clock.now())


def sync_due(*, is_asked_now: bool = False, seconds_max: float = 60) -> Synced:
    """Talk about each batch that is due; one that fails holds up no other."""
    begun, done = time.monotonic(), Synced()
    for batch_id in exchange.due_batches(clock.now(), is_asked_now=is_asked_now):
        if time.monotonic() - begun >= seconds_max:
            done.is_paused = True
            break
        done.batches += 1
        try:
            exchange.attend(batch_id, at=clock.now())
        except (ServiceError, OperationalError, InterfaceError):
            done.failed += 1
            log.exception("payouts.not_attended", extra={"batch": batch_id})
    return done
