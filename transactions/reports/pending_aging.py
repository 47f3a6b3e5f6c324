"""`pending-aging`: how long pending rewards have waited, and how many their brand is late with."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db.models import OuterRef, Q, Subquery

from offers.models import CatalogRun, MerchantRevision, RunStatus
from offers.profiles import WINDOW
from offers.runs import LONGEST_RUN
from offers.windows import WindowHistory, is_past_window
from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel.errors import Unavailable
from rewards_site.reports.registry import Column, ColumnKind, Query, Report, Row
from transactions.ledger import horizon
from transactions.models import Transaction, TransactionChild
from transactions.reports.then import steps_until

BUCKETS = ((30, "0-30"), (60, "31-60"), (90, "61-90"), (180, "91-180"))
"""Whole days since the purchase, at most so many, and what they are called; then OLDEST."""
OLDEST = "181+"
_ORDER = [name for _, name in BUCKETS] + [OLDEST]
_CHUNK = 2_000
_WAIT_SECONDS_MAX = 10.0
_PAUSE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    """An order whose reward stood in a pending balance."""

    merchant_id: str
    currency: str
    reward_minor: int
    purchased_at: datetime
    reported_at: datetime
    is_held: bool
    """The brand has confirmed it: it is not late with it."""


def rows(query: Query) -> Iterator[Row]:
    """By currency, merchant id, then from the youngest. Raises: NotDerivedError."""
    windows = _windows(query.as_of)
    sums: dict[tuple[str, str, int], list[int]] = {}
    for order in _waiting(query):
        history = windows.get(order.merchant_id, ())
        is_late = not order.is_held and is_past_window(
            history, reported_at=order.reported_at, at=query.as_of
        )
        name = bucket(query.as_of - order.purchased_at)
        key = order.currency, order.merchant_id, _ORDER.index(name)
        cells = sums.setdefault(key, [0, 0, 0])
        for position, amount in enumerate((1, order.reward_minor, int(is_late))):
            cells[position] += amount
    nobody = ("",) if query.with_customer_ids else ()
    for (currency, merchant_id, position), cells in sorted(sums.items()):
        yield (currency, merchant_id, _ORDER[position], *cells, *nobody)


def bucket(age: timedelta) -> str:
    """By whole days; what was bought later than now, by a clock of Button's, is of today."""
    return next((name for days, name in BUCKETS if age.days <= days), OLDEST)


def _waiting(query: Query) -> Iterator[_Waiting]:
    reported = TransactionChild.objects.filter(transaction=OuterRef("pk")).order_by("created_at")
    now = Q(Q(status=ButtonStatus.PENDING) | Q(is_held=True), reward_minor__gt=0)
    found = (
        Transaction.objects.filter(now | Q(changed_at__gt=query.as_of))
        .order_by("pk")
        .values_list(
            *("pk", "changed_at", "merchant_id", "reward_currency", "reward_minor"),
            *("purchased_at", Subquery(reported.values("created_at")[:1]), "is_held"),
        )
        .iterator(chunk_size=_CHUNK)
    )
    while chunk := list(islice(found, _CHUNK)):
        orders = [
            _Waiting(
                merchant_id=row[2] or "",
                currency=row[3],
                reward_minor=row[4],
                purchased_at=row[5],
                reported_at=row[6],
                is_held=row[7],
            )
            for row in chunk
            if row[1] <= query.as_of
        ]
        orders += _waiting_then([row[0] for row in chunk if row[1] > query.as_of], query.as_of)
        yield from (order for order in orders if query.currency in ("", order.currency))


def _waiting_then(pks: list[int], as_of: datetime) -> Iterator[_Waiting]:
    """Of orders that have changed since, those whose reward was pending then."""
    for _, steps in steps_until(pks, as_of):
        order = steps[-1][1].order
        is_pending = order.status is ButtonStatus.PENDING or order.is_held
        if not (is_pending and order.reward_minor):
            continue
        assert order.purchased_at is not None
        yield _Waiting(
            merchant_id=order.merchant_id or "",
            currency=order.reward_currency,
            reward_minor=order.reward_minor,
            purchased_at=order.purchased_at,
            reported_at=min(child.created_at for child in order.children.values()),
            is_held=order.is_held,
        )


def _windows(as_of: datetime) -> Mapping[str, WindowHistory]:
    """Brand → its finalization windows, as far as they had been read by then."""
    windows: dict[str, list[list[str | int | None]]] = {}
    read = MerchantRevision.objects.filter(read_at__lte=as_of).order_by("merchant", "number")
    for merchant_id, read_at, changes in read.values_list(
        "merchant", "read_at", "changes"
    ).iterator(chunk_size=_CHUNK):
        for change in changes:
            if change["field"] == WINDOW:
                since = [read_at.isoformat(), change["after"]]
                windows.setdefault(merchant_id, []).append(since)
    return windows


def settle(asked: datetime | None) -> datetime:
    """As of every report; and what was read of the brands at or before it is written down.

    A reading of the list of brands is on record before the list is asked for, so none that begins
    later has read anything by then. Raises: InvalidInput, Unavailable.
    """
    settled = horizon.settle(asked)
    pause, deadline = threading.Event(), time.monotonic() + _WAIT_SECONDS_MAX
    reading = CatalogRun.objects.filter(
        status=RunStatus.RUNNING, started_at__range=(settled - LONGEST_RUN, settled)
    )
    while reading.exists():
        if time.monotonic() > deadline:
            raise Unavailable(
                "The list of brands is being read, and their windows may change by that. "
                "Try again in a minute."
            )
        pause.wait(_PAUSE_SECONDS)
    return settled


_NUMBER = ColumnKind.NUMBER
PENDING_AGING = Report(
    name="pending-aging",
    title="Pending rewards by age",
    what="How long pending rewards have waited since the purchase, by brand, and how many of them "
    "their brand is late with.",
    columns=(
        Column("currency"),
        Column("merchant_id", ColumnKind.TEXT),
        Column("bucket"),
        Column("orders", _NUMBER),
        Column("reward", _NUMBER),
        Column("past_window", _NUMBER),
    ),
    rows=rows,
    settle=settle,
)
