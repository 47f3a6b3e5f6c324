"""Which brands have orders to measure, and those orders, read in one stream and bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q
from django.db.models.functions import Mod

from offers.brandrecord.models import BrandMeasure
from offers.models import Merchant
from rewards_site.button.schemas import APP_INSTALL, ButtonStatus
from transactions.brand_record.waits import Fate, Seen
from transactions.models import Transaction

ORDERS_MAX = 6_000
"""Of a brand with more, every second, third, … order is read, by its key."""
_CHUNK = 2_000
_FATES = {
    ButtonStatus.VALIDATED: Fate.VALIDATED,
    ButtonStatus.DECLINED: Fate.DECLINED,
    ButtonStatus.PENDING: Fate.PENDING,
}


def due_brands(on: date, *, since: datetime, until: datetime) -> list[tuple[str, int]]:
    """Merchants with orders bought in that time that are not measured on this day, and how many."""
    bought = _bought(since, until)
    merchants = Merchant.objects.filter(
        Exists(Transaction.objects.filter(bought, merchant=OuterRef("pk"))),
        ~Exists(BrandMeasure.objects.filter(merchant=OuterRef("pk"), measured_on=on)),
    )
    merchant_ids = list(merchants.order_by("pk").values_list("pk", flat=True))
    if not merchant_ids:
        return []
    counted = Transaction.objects.filter(bought, merchant_id__in=merchant_ids)
    rows = counted.values("merchant_id").annotate(count=Count("pk")).order_by("merchant_id")
    return [(row["merchant_id"], row["count"]) for row in rows]


def orders_of(
    merchant_ids: Sequence[str], *, since: datetime, until: datetime, every: int
) -> Iterator[tuple[str, list[Seen]]]:
    """Each of these merchants with its orders; one statement. `every` third, or all: 1.

    A merchant of whose orders none is taken has an empty list.
    """
    wanted = _bought(since, until) & Q(merchant_id__in=merchant_ids)
    orders = Transaction.objects.filter(wanted)
    if every > 1:
        orders = orders.annotate(part=Mod(F("pk"), every)).filter(part=0)
    rows = (
        orders.order_by("merchant_id", "pk")
        .values_list(
            *("merchant_id", "pk", "purchased_at", "status"),
            *("children__status", "children__created_at", "children__modified_at"),
            "children__told__validated_at__0",
        )
        .iterator(chunk_size=_CHUNK)
    )
    without = set(merchant_ids)
    for merchant_id, theirs in groupby(rows, key=itemgetter(0)):
        seen = (_seen(list(children)) for _, children in groupby(theirs, key=itemgetter(1)))
        yield merchant_id, [order for order in seen if order is not None]
        without.discard(merchant_id)
    for merchant_id in sorted(without):
        yield merchant_id, []


def _bought(since: datetime, until: datetime) -> Q:
    """Orders by which a brand is measured: no installs, no test money."""
    is_real = Q(is_test=False) & ~Q(category=APP_INSTALL)
    return is_real & Q(purchased_at__gte=since, purchased_at__lt=until)


def _seen(children: Sequence[Sequence[Any]]) -> Seen | None:
    """One order of its rows, one for each child; None where its times cannot be right."""
    _, _, bought_at, status, *_ = children[0]
    reported_at = min((created_at for *_, created_at, _, _ in children if created_at), default=None)
    fate = _FATES[ButtonStatus(status)]
    ended_at = _ended_at(children, fate)
    if reported_at is None or (ended_at is not None and ended_at < bought_at):
        return None
    return Seen(
        bought=int(bought_at.timestamp()),
        reported=int(reported_at.timestamp()),
        fate=fate,
        ended=int(ended_at.timestamp()) if ended_at is not None else 0,
    )


def _ended_at(children: Sequence[Sequence[Any]], fate: Fate) -> datetime | None:
    """When it became final by Button's word: the time it tells for that, else of the change.

    Not when we booked it: an order that the first sync finds final was so long before.
    """
    if fate is Fate.PENDING:
        return None
    if fate is Fate.DECLINED:
        declined: list[datetime] = [modified_at for *_, modified_at, _ in children]
        return max(declined)
    return min(
        datetime.fromisoformat(told) if told else modified_at
        for *_, status, _, modified_at, told in children
        if status == ButtonStatus.VALIDATED
    )
