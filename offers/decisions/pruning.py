"""Decisions older than RATE_DECISIONS_DAYS are forgotten, by whole UTC days, in batches."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from django.conf import settings
from django.db.models import QuerySet

from offers.decisions.models import RateDecision, ShownPayload
from rewards_site.kernel.db import atomic

log = logging.getLogger(__name__)

BATCH = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    decisions: int = 0
    payloads: int = 0
    is_paused: bool = False
    """There is more to do."""


def prune(*, at: datetime, is_over: Callable[[], bool] = lambda: False) -> Pruned:
    """Delete what is past its days, until `is_over`. Safe to repeat and to run beside itself.

    A day's decisions go before its payloads, which no later decision can point at. With 0 days
    nothing is written any more, and what was written goes.
    """
    days = settings.RATE_DECISIONS_DAYS
    first_kept = at.astimezone(UTC).date() - timedelta(days=days if days else -1)
    midnight = datetime.combine(first_kept, time(), tzinfo=UTC)
    decisions, is_done = _delete(
        RateDecision.objects.filter(shown_at__lt=midnight).order_by("shown_at"), is_over
    )
    payloads = 0
    if is_done:
        payloads, is_done = _delete(
            ShownPayload.objects.filter(day__lt=first_kept).order_by("day"), is_over
        )
    if decisions or payloads:
        log.info("rate_decisions.pruned", extra={"decisions": decisions, "payloads": payloads})
    return Pruned(decisions=decisions, payloads=payloads, is_paused=not is_done)


def _delete(old: QuerySet, is_over: Callable[[], bool]) -> tuple[int, bool]:  # type: ignore[type-arg]
    """How many went, and whether none is left."""
    gone = 0
    while True:
        if is_over():
            return gone, False
        with atomic():
            keys = list(old.values_list("pk", flat=True)[:BATCH])
            if keys:
                # Nothing hangs on these rows by a cascade: one plain DELETE
                gone += old.model._base_manager.filter(pk__in=keys)._raw_delete("default")
        if len(keys) < BATCH:
            return gone, True
