"""Looks through what was booked, and through webhooks that came, once each: who told it first.

Nothing of it is in the way of a webhook or a page of the API: the worker looks every few minutes
at what is older than the grace, in batches, each one commit with how far it came. Two that look at
once take turns at the row of `Measuring`. See docs/decisions/0101.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models import F

from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.missed.models import FoundChange, Measuring, ToldDay, Verdict
from accounts_sync.missed.words import (
    Arrived,
    Heard,
    Word,
    arrival,
    first_arrival,
    stored_word,
)
from rewards_site.button.schemas import APP_INSTALL
from rewards_site.kernel.db import atomic, insert_missing, overwrite, retry_deadlocks
from transactions.models import RevisionKind, Source, TransactionRevision

log = logging.getLogger(__name__)

BATCH = 2_000
_TOLD = (RevisionKind.TOLD, RevisionKind.ACCEPTED, RevisionKind.KEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a run did. `is_paused`: its time was over before it came to the end."""

    found: int = 0
    """Changes that the sync told first."""
    mended: int = 0
    """Webhooks that came after they were taken for lost."""
    is_paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """One change, as its first telling was booked."""

    revision_id: int
    transaction_id: int
    account_id: str
    tx_id: str
    word: Word
    told_at: datetime
    """When that was booked."""
    is_by_sync: bool


def measure(*, at: datetime, is_over: Callable[[], bool] = lambda: False) -> Measured:
    """Look through all that is older than the grace at `at`, until `is_over`. Safe to repeat."""
    until = at - timedelta(minutes=settings.MISSED_WEBHOOKS_GRACE_MINUTES)
    insert_missing([Measuring(pk=1)])
    found = mended = 0
    for step in (_read_revisions, _read_events):
        is_at_end = False
        while not is_at_end:
            if is_over():
                return Measured(found=found, mended=mended, is_paused=True)
            count, is_at_end = retry_deadlocks(partial(_one_batch, step, until))
            if step is _read_revisions:
                found += count
            else:
                mended += count
    Measuring.objects.filter(pk=1).update(measured_at=at)
    if found or mended:
        log.info("missed.measured", extra={"found": found, "mended": mended})
    return Measured(found=found, mended=mended)


Step = Callable[[Measuring, datetime], tuple[int, bool]]


def _one_batch(step: Step, until: datetime) -> tuple[int, bool]:
    with atomic():
        row = Measuring.objects.select_for_update().get(pk=1)
        done = step(row, until)
        row.save(update_fields=["revision_id", "event_id"])
    return done


def _read_revisions(row: Measuring, until: datetime) -> tuple[int, bool]:
    """How many of the next revisions the sync told first, and whether these were the last.

    It stops at the first that is younger than `until`: what has a lower key and is not committed
    yet began before that, and commits within seconds.
    """
    rows = list(
        TransactionRevision.objects.filter(pk__gt=row.revision_id)
        .order_by("pk")
        .values_list(
            *("pk", "recorded_at", "kind", "source", "is_test", "child_id", "observation"),
            *("transaction_id", "transaction__account_id", "transaction__category"),
            "child__tx_id",
        )[:BATCH]
    )
    old = []
    for one in rows:
        if one[1] > until:
            break
        old.append(one)
    if old:
        changes = _changes(old)
        found = _keep(changes)
        row.revision_id = old[-1][0]
        return found, len(old) < BATCH
    return 0, True


def _changes(rows: Sequence[tuple[Any, ...]]) -> list[_Change]:
    """The changes that these revisions, which are in order, told first."""
    children = {row[5] for row in rows if row[5] is not None}
    heard: defaultdict[int, Heard] = defaultdict(Heard)
    before = TransactionRevision.objects.filter(
        child_id__in=children, pk__lt=rows[0][0], kind__in=_TOLD
    )
    for child_id, observation in before.order_by("pk").values_list("child_id", "observation"):
        assert child_id is not None
        assert observation is not None
        heard[child_id].is_change(*stored_word(observation))
    changes = []
    for pk, recorded_at, kind, source, is_test, child_id, observation, *order in rows:
        if child_id is None or kind not in _TOLD:
            continue
        word, amount_minor = stored_word(observation)
        is_change = heard[child_id].is_change(word, amount_minor)
        transaction_id, account_id, category, tx_id = order
        if not is_change or kind != RevisionKind.TOLD or is_test or category == APP_INSTALL:
            continue
        changes.append(
            _Change(
                revision_id=pk,
                transaction_id=transaction_id,
                account_id=account_id,
                tx_id=tx_id,
                word=word,
                told_at=recorded_at,
                is_by_sync=source == Source.SYNC,
            )
        )
    return changes


def _keep(changes: Sequence[_Change]) -> int:
    """Write what the sync found, and count the days; how much it found."""
    since = webhooks_since()
    by_sync = [one for one in changes if one.is_by_sync and _was_due(one, since)]
    arrivals = _arrivals({one.tx_id for one in by_sync})
    found: list[FoundChange] = []
    days: dict[tuple[str, date], list[int]] = {}
    for one in changes:
        came_at = None
        if one.is_by_sync:
            if not _was_due(one, since):
                continue
            came_at = first_arrival(arrivals[one.tx_id], one.word)
        day = one.told_at.astimezone(settings.BUSINESS_TIME_ZONE).date()
        counts = days.setdefault((one.account_id, day), [0, 0, 0])
        # A webhook that could not be applied has told it all the same
        if not one.is_by_sync or (came_at is not None and came_at <= one.told_at):
            counts[0] += 1
            continue
        counts[1] += 1
        counts[2] += came_at is None
        found.append(_found(one, day=day, came_at=came_at))
    FoundChange.objects.bulk_create(found, ignore_conflicts=True)
    _count(days)
    return len(found)


def _found(one: _Change, *, day: date, came_at: datetime | None) -> FoundChange:
    return FoundChange(
        revision_id=one.revision_id,
        account_id=one.account_id,
        transaction_id=one.transaction_id,
        tx_id=one.tx_id,
        status=one.word.status,
        modified_at=one.word.at,
        found_at=one.told_at,
        day=day,
        detect_seconds=max(0, int((one.told_at - one.word.at).total_seconds())),
        verdict=Verdict.LOST if came_at is None else Verdict.LATE,
        told_at=came_at,
    )


def webhooks_since() -> datetime | None:
    """When the first signed event of all came; None: none has, or no secret is set."""
    if not settings.BUTTON_WEBHOOK_SECRETS:
        return None
    first = WebhookEvent.objects.filter(is_test=False).order_by("pk")
    return first.values_list("received_at", flat=True).first()


def _was_due(change: _Change, since: datetime | None) -> bool:
    """Whether a webhook should have told it: what is older than our webhooks is history."""
    if since is None or change.word.at < since.replace(microsecond=0):
        return False
    return settings.GO_LIVE_AT is None or change.word.at >= settings.GO_LIVE_AT


def _arrivals(
    tx_ids: Collection[str], *, event_ids: Sequence[int] | None = None
) -> defaultdict[str, list[Arrived]]:
    """`tx` id → the webhooks about it that came, or those of `event_ids` alone."""
    rows = WebhookEvent.objects.filter(tx_id__in=tx_ids, is_test=False)
    if event_ids is not None:
        rows = rows.filter(pk__in=event_ids)
    found: defaultdict[str, list[Arrived]] = defaultdict(list)
    for tx_id, event_type, body, received_at in rows.values_list(
        "tx_id", "event_type", "body", "received_at"
    ):
        found[tx_id].append(
            arrival(event_type=event_type, body=bytes(body), received_at=received_at)
        )
    return found


def _count(days: dict[tuple[str, date], list[int]]) -> None:
    keys = sorted(days)
    ToldDay.objects.bulk_create(
        [ToldDay(account_id=account_id, day=day) for account_id, day in keys],
        ignore_conflicts=True,
    )
    for account_id, day in keys:
        webhooks, found, lost = days[account_id, day]
        ToldDay.objects.filter(account_id=account_id, day=day).update(
            webhook_count=F("webhook_count") + webhooks,
            found_count=F("found_count") + found,
            lost_count=F("lost_count") + lost,
        )


def _read_events(row: Measuring, until: datetime) -> tuple[int, bool]:
    """How many of the next webhooks told a change that was taken for lost; and if it was the end.

    Only what was found before an event came is mended by it; what is found later looks itself.
    """
    events = list(
        WebhookEvent.objects.filter(pk__gt=row.event_id)
        .order_by("pk")
        .values_list("pk", "received_at", "tx_id")[:BATCH]
    )
    old = []
    for one in events:
        if one[1] > until:
            break
        old.append(one)
    if not old:
        return 0, True
    lost = list(
        FoundChange.objects.select_for_update()
        .filter(tx_id__in={tx_id for _pk, _at, tx_id in old if tx_id}, verdict=Verdict.LOST)
        .order_by("pk")
    )
    mended = _mend(lost, event_ids=[pk for pk, _at, _tx_id in old]) if lost else 0
    row.event_id = old[-1][0]
    return mended, len(old) < BATCH


def _mend(lost: Sequence[FoundChange], *, event_ids: Sequence[int]) -> int:
    arrivals = _arrivals({one.tx_id for one in lost}, event_ids=event_ids)
    mended = []
    for one in lost:
        came_at = first_arrival(arrivals[one.tx_id], Word(one.modified_at, one.status))
        if came_at is not None:
            one.verdict, one.told_at = Verdict.LATE, came_at
            mended.append(one)
    overwrite(mended, ["verdict", "told_at"])
    days: defaultdict[tuple[str, date], int] = defaultdict(int)
    for one in mended:
        days[one.account_id, one.day] += 1
    for account_id, day in sorted(days):
        ToldDay.objects.filter(account_id=account_id, day=day).update(
            lost_count=F("lost_count") - days[account_id, day]
        )
    return len(mended)
