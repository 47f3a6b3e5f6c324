"""What a worker takes from the queue, and in which order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts_sync.worker.broker import WorkerBroker, own_key

pytestmark = pytest.mark.django_db


def queue(payload: str, *, key: str = "rewards", minutes: float = 1) -> int:
    lock = timezone.now() - timedelta(minutes=minutes)
    return int(OrmQ.objects.create(key=key, payload=payload, lock=lock).pk)


def taken(broker: WorkerBroker) -> list[str]:
    return [payload for _, payload in broker.dequeue()]


def test_the_oldest_comes_first_and_its_retry_clock_starts() -> None:
    pk = queue("a", minutes=1)
    queue("b", minutes=2)
    broker = WorkerBroker("w")

    assert [taken(broker), taken(broker), taken(broker)] == [["a"], ["b"], []]
    retry_in = OrmQ.objects.get(pk=pk).lock - timezone.now()
    assert timedelta(minutes=9) < retry_in <= timedelta(minutes=10)


def test_its_own_task_comes_before_a_long_queue_and_another_s_never() -> None:
    for number in range(5):
        queue(f"common {number}")
    queue("another's", key=own_key("other"))
    queue("own", key=own_key("w"))
    broker = WorkerBroker("w")

    assert [taken(broker), taken(broker)] == [["own"], ["common 0"]]


def test_a_task_for_later_is_left() -> None:
    queue("later", minutes=-1)

    assert taken(WorkerBroker("w")) == []
