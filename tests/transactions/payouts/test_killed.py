"""kill -9 in the middle of a batch, in a process of its own; the provider's own books decide."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as project
from pytest_django import Settings

from rewards_site.button.sandbox.payouts import CLIENT_ID, CLIENT_SECRET
from rewards_site.button.sandbox.payouts_faults import PayoutFault
from rewards_site.button.sandbox.running import Sandbox
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase
from tests.spending import differences
from tests.transactions.payouts.paying import (
    attended,
    collected,
    given,
    later,
    owed,
    paid_by,
    states,
    use_paypal,
)
from transactions.payouts.models import PayoutBatch
from transactions.payouts.providers import paypal

ROOT = Path(__file__).resolve().parents[3]
NAMES = ("ann", "failed-f", "unclaimed-u")
ENDED = {
    "u-ann": ("paid", "paid"),
    "u-failed-f": ("failed", "failed"),
    "u-unclaimed-u": ("sent", "approved"),
}
LEDGER = {
    "u-ann": ("7.00", "0", 1),
    "u-failed-f": ("0", "0", 0),
    "u-unclaimed-u": ("0", "0", 0),
}


class Stage:
    """A batch that was given to be sent, a provider that can be held, and our command."""

    def __init__(self, database: CommittedDatabase, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        for name in NAMES:
            owed(name)
        self.batch = given(collected())
        self._environment = os.environ | {
            "DATABASE_URL": database.url,
            "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
            "READ_DOT_ENV": "off",
            "SECRET_KEY": project.SECRET_KEY,
            "PAYPAL_API_URL": sandbox.url,
            "PAYPAL_CLIENT_ID": CLIENT_ID,
            "PAYPAL_CLIENT_SECRET": CLIENT_SECRET,
        }

    def killed_when_held(self, fault: PayoutFault, on: str) -> None:
        faults = self.sandbox.payouts.faults
        faults.add(fault, on=on)
        process = subprocess.Popen(
            [sys.executable, "manage.py", "sync_payouts"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        assert faults.stalled.wait(timeout=60)
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=60) == -signal.SIGKILL
        faults.clear()

    def ends_well(self) -> None:
        """Nobody paid twice, nobody forgotten, books balanced: asked of both sides' books."""
        for _ in range(6):
            later(self.batch)
            attended(self.batch)
        assert states(self.batch) == ENDED
        assert paid_by(self.sandbox) == LEDGER
        assert len(self.sandbox.payouts.bank.batches) == 1
        assert PayoutBatch.objects.get().status == "sent"
        assert differences() == []


@pytest.fixture
def stage(committed_db: CommittedDatabase, settings: Settings) -> Iterator[Stage]:
    paypal._TOKENS.clear()
    with Sandbox() as sandbox:
        use_paypal(settings, sandbox)
        yield Stage(committed_db, sandbox)


def test_killed_after_the_provider_took_it(stage: Stage) -> None:
    stage.killed_when_held(PayoutFault.STALL_AFTER, "send")

    assert PayoutBatch.objects.get().status == "sending"
    assert states(stage.batch)["u-ann"] == ("sent", "approved")
    assert attended(stage.batch) == "somebody is asking"
    stage.ends_well()


KILLED = [
    (PayoutFault.STALL_BEFORE, "token"),
    (PayoutFault.STALL_BEFORE, "send"),
    (PayoutFault.STALL_AFTER, "send"),
    (PayoutFault.STALL_BEFORE, "ask"),
    (PayoutFault.STALL_AFTER, "ask"),
]
THEN = [
    None,
    PayoutFault.DROP_BEFORE,
    PayoutFault.DROP_AFTER,
    PayoutFault.ERROR_BEFORE,
    PayoutFault.ERROR_AFTER,
    PayoutFault.REFUSED,
    PayoutFault.TOO_MANY,
    PayoutFault.GARBLED_AFTER,
]


@pytest.mark.slow
@pytest.mark.parametrize("then", THEN)
@pytest.mark.parametrize(("fault", "on"), KILLED)
def test_killed_anywhere_and_then_answered_in_any_way(
    stage: Stage, fault: PayoutFault, on: str, then: PayoutFault | None
) -> None:
    if on == "ask":
        attended(stage.batch)
    stage.killed_when_held(fault, on)
    if then is not None:
        for asked in ("send", "ask"):
            stage.sandbox.payouts.faults.add(then, on=asked)

    stage.ends_well()


@pytest.mark.slow
def test_killed_three_times_in_a_row(stage: Stage) -> None:
    for fault, on in KILLED[1:3]:
        stage.killed_when_held(fault, on)
        later(stage.batch)
    stage.killed_when_held(PayoutFault.STALL_BEFORE, "ask")

    stage.ends_well()


def test_two_senders_at_once_send_once(stage: Stage) -> None:
    stage.sandbox.payouts.faults.add(PayoutFault.STALL_AFTER, seconds=1)

    done = at_once(2, lambda _: attended(stage.batch))

    assert sorted(map(str, done)) == ["accepted", "somebody is asking"]
    assert stage.sandbox.payouts.calls.count("send") == 1
    stage.ends_well()
