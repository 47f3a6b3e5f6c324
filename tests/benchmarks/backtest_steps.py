"""The steps of the back-test's benchmark, each a process of its own: what it says is on one line:
seconds, and the rewards in minor units where it reckons any.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from functools import partial

import django
import psycopg
from django.conf import settings

django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.db.models import Sum  # noqa: E402

from offers.rules.drafting import make_rule  # noqa: E402
from offers.rules.models import RuleVersion  # noqa: E402
from offers.rules.promise import Promise  # noqa: E402
from offers.rules.publishing import publish  # noqa: E402
from rewards_site.button.reading import read_transaction  # noqa: E402
from rewards_site.kernel.db import atomic, snapshot  # noqa: E402
from tests.benchmarks.orders import FIRST_AT, order  # noqa: E402
from tests.benchmarks.raw import load_page  # noqa: E402
from transactions.apply import apply_observations  # noqa: E402
from transactions.backtests.models import BackTest  # noqa: E402
from transactions.backtests.services import ask, run  # noqa: E402
from transactions.models import Transaction, TransactionChild  # noqa: E402
from transactions.told import Channel, Told  # noqa: E402

PAGE = 500
STARTS_AT = datetime(2026, 1, 1, tzinfo=UTC)
ENDS_AT = STARTS_AT + timedelta(days=31)
PROMISE = Promise(zone="UTC", share_bps=6_667, currency="USD", cap_minor=225)


def load(count: int) -> None:
    database = settings.DATABASES["default"]
    connect = partial(
        psycopg.connect,
        host=database["HOST"],
        port=database["PORT"] or None,
        user=database["USER"],
        password=database["PASSWORD"] or None,
        dbname=database["NAME"],
    )
    with connect(cursor_factory=psycopg.ClientCursor, autocommit=True) as connection:
        for first in range(1, count + 1, PAGE):
            told = [order(number) for number in range(first, min(first + PAGE, count + 1))]
            with connection.transaction(), connection.cursor() as cursor:
                load_page(cursor, told, at=FIRST_AT)
        connection.execute("VACUUM ANALYZE")
    print(0, 0)


def draft() -> RuleVersion:
    actor = User.objects.get_or_create(username="bench")[0]
    known = RuleVersion.objects.select_related("rule").first()
    return known or make_rule(
        name="Bench", promise=PROMISE, actor=actor, reason="A benchmark", at=STARTS_AT
    )


def backtest(_count: int) -> None:
    test = BackTest(pk=_asked(draft()))
    started = time.perf_counter()
    run(test.pk)
    seconds = time.perf_counter() - started
    test.refresh_from_db()
    print(f"{seconds:.3f}", test.figures["totals"]["USD"]["then"])


def _asked(version: RuleVersion) -> int:
    actor = User.objects.get(username="bench")
    window = {"starts_at": STARTS_AT, "ends_at": ENDS_AT}
    return int(ask(version_id=version.pk, actor=actor, at=ENDS_AT, **window).pk)


def read(_count: int) -> None:
    """The rows that a back-test hangs on, and nothing made of them."""
    started = time.perf_counter()
    with snapshot():
        for model in (Transaction, TransactionChild):
            for _row in model._default_manager.values_list().iterator(chunk_size=PAGE):
                pass
    print(f"{time.perf_counter() - started:.3f}", 0)


def replay(count: int) -> None:
    version = draft()
    run(_asked(version))
    publish(
        version_id=version.pk,
        content_hash=version.content_hash,
        acknowledged=(),
        actor=User.objects.get(username="bench"),
        reason="A benchmark",
        at=STARTS_AT,
    )
    started = time.perf_counter()
    for first in range(1, count + 1, PAGE):
        numbers = range(first, min(first + PAGE, count + 1))
        rows = [read_transaction(order(number)) for number in numbers]
        told = [Told(observation=row, channel=Channel.SYNC, read_at=FIRST_AT) for row in rows]
        with atomic():
            apply_observations(told, at=ENDS_AT)
    paid = Transaction.objects.aggregate(paid=Sum("reward_minor"))["paid"]
    print(f"{time.perf_counter() - started:.3f}", paid)


if __name__ == "__main__":
    {"load": load, "backtest": backtest, "read": read, "replay": replay}[sys.argv[1]](
        int(sys.argv[2])
    )
