"""A deliverer that is killed for real, between the receiver's yes and the record of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rewards_site.kernel import clock
from rewards_site.outward.models import Delivery, DeliveryAttempt, DeliveryStatus
from tests.conftest import CommittedDatabase
from tests.notifications.telling import news, tell
from tests.outward.receiving import Received, Receiver, subscribe

ROOT = Path(__file__).resolve().parents[2]


class Deliverer:
    """`manage.py deliver_events` in a process of its own."""

    def __init__(self, database: CommittedDatabase) -> None:
        self._environment = os.environ | {
            "DATABASE_URL": database.url,
            "OUTWARD_ALLOW_PRIVATE": "on",
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
        }
        self.process: subprocess.Popen[str] | None = None

    def run(self) -> tuple[int, str]:
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "deliver_events"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        out, _err = self.process.communicate(timeout=120)
        return self.process.returncode, out.strip()

    def kill(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(timeout=60)


@pytest.mark.slow
def test_it_is_delivered_again_as_the_same(
    committed_db: CommittedDatabase, receiver: Receiver
) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    deliverer = Deliverer(committed_db)

    def kill_at_the_second(got: Received) -> int:
        if got.sequence == 2 and len(receiver.received) <= 3:
            deliverer.kill()
        return 200

    receiver.answer = kill_at_the_second
    tell(*(news(f"order/{number}") for number in range(3)))

    status, _out = deliverer.run()

    assert status == -signal.SIGKILL
    killed_over = Delivery.objects.get(sequence=2)
    assert (killed_over.status, killed_over.attempt_count) == (DeliveryStatus.DELIVERING, 1)
    receiver.answer = lambda _got: 200
    tell(news("order/3"))
    assert deliverer.run() == (0, "1 events found, 1 deliveries made, 0 attempts failed")
    assert Delivery.objects.get(sequence=2).status == DeliveryStatus.DELIVERING  # claimed still

    Delivery.objects.filter(status=DeliveryStatus.DELIVERING).update(not_before=clock.now())
    status, _out = deliverer.run()

    assert status == 0
    found = Delivery.objects.order_by("sequence").values_list("sequence", "status")
    assert list(found) == [(number, "delivered") for number in (1, 2, 3, 4)]
    assert set(receiver.sequences) == {1, 2, 3, 4}
    twice = [got for got in receiver.received if got.sequence == 2]
    assert len(twice) == 2
    assert len({(got.webhook_id, got.body) for got in twice}) == 1
    assert all(got.verified_by for got in receiver.received)
    [attempt] = DeliveryAttempt.objects.filter(delivery=killed_over)
    assert (attempt.number, attempt.status) == (2, 200)  # the first died with its process
