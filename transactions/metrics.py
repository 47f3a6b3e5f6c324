"""What /metrics tells of orders and of the books. Registered when the room starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db.models import Count, Max, Q
from prometheus_client import Metric

from rewards_site.button.schemas import APP_INSTALL
from rewards_site.health import figures, metrics
from rewards_site.health.figures import Sample
from rewards_site.health.metrics import counters, gauge, kept_figure
from rewards_site.kernel.admin.paging import bounded_count
from transactions.ledger.models import EntryGroup
from transactions.models import Transaction

_ORDERS = "rewards_orders"
_UNATTRIBUTED = Q(member__isnull=True, is_test=False) & ~Q(category=APP_INSTALL)


def register() -> None:
    figures.register(_ORDERS, _orders)
    metrics.register("transactions", _collect)


def _orders() -> list[Sample]:
    rows = Transaction.objects.order_by().values_list("status", "is_test").annotate(n=Count("pk"))
    return [((status, str(is_test).lower()), n) for status, is_test, n in sorted(rows)]


def _collect(at: datetime) -> Iterator[Metric]:
    yield from kept_figure(
        _ORDERS, "Orders by status; test money apart.", labels=["status", "test"], at=at
    )
    yield gauge(
        "rewards_orders_unattributed",
        "Orders that name nobody; 10,001 stands for more than 10,000.",
        bounded_count(Transaction.objects.filter(_UNATTRIBUTED)),
    )
    newest = EntryGroup.objects.aggregate(newest=Max("id"))["newest"]
    yield counters(
        "rewards_ledger_groups",
        "The highest number of an entry group; a few numbers may be left out.",
        labels=[],
        samples=[((), newest or 0)],
    )
