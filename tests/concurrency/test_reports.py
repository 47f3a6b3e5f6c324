"""Reports as of an instant, made while sixteen writers post."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from typing import Any

import pytest
from django.db import connection

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Unavailable
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once
from tests.factories import balances, observe, tell
from tests.reports.reading import export
from transactions.ledger import horizon
from transactions.ledger.horizon import settle
from transactions.ledger.models import Horizon
from transactions.told import Told

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed_db")]

NAMES = ("liability", "transactions", "journal", "earnings", "pending-aging", "lines")
SECONDS_MAX = 30


class OpenPost:
    """A post in a thread of its own, which has its time already and commits when it is told to."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._booked, self._may_commit = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> OpenPost:
        self._thread.start()
        assert self._booked.wait(SECONDS_MAX)
        return self

    def __exit__(self, *_: object) -> None:
        self.commit()

    def commit(self) -> None:
        self._may_commit.set()
        self._thread.join(SECONDS_MAX)

    def _run(self) -> None:
        with closing(connection), atomic():
            tell(self._told)
            self._booked.set()
            self._may_commit.wait(SECONDS_MAX)


def instant() -> datetime:
    """Now, by the database's clock, without anybody having been waited for."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        now: datetime = cursor.fetchone()[0]
    return now


def settle_apart() -> datetime:
    with closing(connection):
        return settle()


def test_a_report_waits_for_a_post_that_began_before_and_stops_no_other() -> None:
    tell(observe("tx-first"))
    with ThreadPoolExecutor(1) as pool, OpenPost(observe("tx-open")) as slow:
        settling = pool.submit(settle_apart)
        time_limit = time.monotonic() + SECONDS_MAX
        while Horizon.objects.get().horizon_at.year == 1970:
            assert time.monotonic() < time_limit, "the report never began"
        for number in range(20):  # they begin while the report waits, and are not held up
            tell(observe(f"tx-{number}", publisher_customer_id=f"u-{number}"))
        assert not settling.done()
        slow.commit()
        settled = settling.result(SECONDS_MAX)

    shown = export("transactions", as_of=settled)
    assert "btnorder-open" in shown
    assert "btnorder-19" not in shown
    assert balances("u-19") == {"pending": 500}


def test_control_without_the_wait_a_report_cannot_be_repeated() -> None:
    """CONTROL: the same rows, read as of an instant that nobody settled."""
    tell(observe("tx-first"))
    with OpenPost(observe("tx-open")):
        unsettled = instant()
        # As a report would leave it that does not wait: all is said to be settled
        Horizon.objects.update(horizon_at=unsettled, settled_at=unsettled)
        before = export("journal", as_of=unsettled)
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM ledger_entrygroup")
            assert cursor.fetchone() == (1,)

    assert export("journal", as_of=unsettled) != before


def test_a_post_that_does_not_end_makes_the_report_give_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(horizon, "WAIT_SECONDS_MAX", 0.05)
    tell(observe("tx-first"))
    settled = settle()

    with OpenPost(observe("tx-open")):
        with pytest.raises(Unavailable, match="have not ended"):
            settle()
        assert settle(settled) == settled  # what is settled waits for nobody

    assert settle() > settled


@pytest.mark.parametrize("orders", [15, pytest.param(100, marks=pytest.mark.slow)])
def test_reports_made_while_others_post_can_be_repeated_for_ever(orders: int) -> None:
    writers, reporters = 8, 2
    has_ended = threading.Event()
    ended = []
    made: list[dict[tuple[str, datetime], str]] = [{} for _ in range(reporters)]

    def write(number: int) -> None:
        for order in range(orders):
            tx_id = f"tx-{number}-{order}"
            member = f"u-{(number + order) % 7}"
            brand = f"org-{order % 3}"
            for minutes, amount in ((0, 1000), (1, 600), (2, 600)):
                status = "validated" if minutes == 2 and order % 2 else "pending"
                fields: dict[str, Any] = {"publisher_customer_id": member, "merchant_id": brand}
                if order % 5 == 0:
                    fields["publisher_customer_id"] = ""
                told = observe(tx_id, minutes=minutes, amount_minor=amount, status=status, **fields)
                tell(told)
        ended.append(number)
        if len(ended) == writers:
            has_ended.set()

    def report(number: int) -> None:
        while not has_ended.is_set():
            settled = settle()
            for name in NAMES:
                made[number][name, settled] = export(name, as_of=settled)

    work = [write] * writers + [report] * reporters
    all_returned(at_once(writers + reporters, lambda n: work[n](n if n < writers else n - writers)))

    everything = {key: text for of_one in made for key, text in of_one.items()}
    assert len(everything) >= 9
    changed = {key for key, text in everything.items() if export(key[0], as_of=key[1]) != text}
    assert changed == set()
    books_are_right()
