"""An archiver that dies anywhere, or runs beside itself and webhooks: nothing lost or twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from accounts_sync.inbox import archive_choice
from accounts_sync.inbox.archive import problems
from accounts_sync.inbox.models import BodyArchive, WebhookEvent
from tests.accounts_sync.inbox.archives import (
    LATER,
    OLD,
    archive,
    bodies,
    deliver_many,
    in_database,
)
from tests.accounts_sync.inbox.deliveries import answered, deliver, wire_event
from tests.admin_world import make_event
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase


class KilledError(BaseException):
    """The process ends here."""


@pytest.fixture
def directory(tmp_path: Path, settings: Settings) -> Path:
    (tmp_path / "archives").mkdir()
    settings.INBOX_ARCHIVE_DIR = str(tmp_path / "archives")
    return tmp_path / "archives"


def dies_at(number: int) -> Callable[..., Any]:
    """An execute wrapper under which statement `number` is never sent."""
    count = 0

    def wrapper(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            raise KilledError
        return execute(*arguments)

    return wrapper


def test_killed_at_every_statement_nothing_is_lost_or_twice(
    db: None, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of two events and commits of one, so that each step is died at more than once."""
    monkeypatch.setattr(archive_choice, "EVENTS_MAX", 2)
    monkeypatch.setattr(archive_choice, "_BATCH_EVENTS", 1)
    deaths = 0
    for round_number in range(1, 200):
        make_event(round_number, status="processed", received_at=OLD)
        before = bodies(directory)
        try:
            with connection.execute_wrapper(dies_at(round_number)):
                archive(directory)
        except KilledError:
            deaths += 1
        else:
            break
        assert bodies(directory) == before
        if round_number % 3 == 0:  # three deaths in a row are survived, too
            archive(directory)
            assert (in_database(), bodies(directory)) == ([], before)
    archive(directory)

    assert deaths >= 15
    assert in_database() == []
    held = sum(BodyArchive.objects.values_list("event_count", flat=True))
    assert held == WebhookEvent.objects.count()
    assert not any(problem.is_damage for problem in problems(directory))


def test_a_process_killed_outright_is_gone_on_after(
    committed_db: CommittedDatabase, directory: Path
) -> None:
    WebhookEvent.objects.bulk_create(
        WebhookEvent(hook_id=f"hook-{number}", status="processed", received_at=OLD, body=b"{}" * 99)
        for number in range(2000)
    )
    before = bodies(directory)
    environment = {
        "DATABASE_URL": committed_db.url,
        "SECRET_KEY": "only-for-tests-0123456789-0123456789",
        "INBOX_ARCHIVE_DIR": str(directory),
        "LOG_LEVEL": "ERROR",
    }
    command = [sys.executable, "manage.py", "archive_webhooks", "--before", "2026-04"]
    process = subprocess.Popen(command, env=environment)
    while process.poll() is None and WebhookEvent.objects.filter(archived_in=None).count() in (
        0,
        2000,
    ):
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert bodies(directory) == before

    archive(directory)

    assert (in_database(), bodies(directory)) == ([], before)
    assert [archive.event_count for archive in BodyArchive.objects.all()] == [2000]
    assert list(problems(directory)) == []


def test_paused_within_a_file_the_next_run_goes_on(
    db: None, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_choice, "_BATCH_EVENTS", 1)
    deliver_many(3)
    before = bodies(directory)
    looks = iter([False, False, True])

    report = archive(directory, is_over=lambda: next(looks))

    assert (report.is_paused, report.event_count) == (True, 1)
    assert (in_database(), bodies(directory)) == (["hook-2", "hook-3"], before)
    assert archive(directory).event_count == 2
    assert BodyArchive.objects.count() == 1


def test_what_is_disputed_after_the_export_keeps_its_body(db: None, directory: Path) -> None:
    deliver_many(2)
    looks = iter([False, True])
    archive(directory, is_over=lambda: next(looks))  # recorded, nothing emptied yet
    deliver(wire_event("hook-1", tx_id="tx-1", amount=9000))

    archive(directory)

    assert in_database() == ["hook-1", None]
    assert BodyArchive.objects.get().emptied_at == LATER


def test_several_at_once_archive_each_body_once(
    committed_db: CommittedDatabase, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_choice, "EVENTS_MAX", 7)
    monkeypatch.setattr(archive_choice, "_BATCH_EVENTS", 2)
    for number in range(1, 51):
        make_event(number, status="processed", received_at=OLD)
    before = bodies(directory)

    results = at_once(4, lambda _: archive(directory).event_count)

    assert sum(result for result in results if isinstance(result, int)) == 50, results
    assert (in_database(), bodies(directory)) == ([], before)
    assert list(BodyArchive.objects.order_by("number").values_list("number", "event_count")) == [
        *((number, 7) for number in range(1, 8)),
        (8, 1),
    ]
    assert list(problems(directory)) == []


def test_webhooks_are_answered_while_bodies_go(
    committed_db: CommittedDatabase, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_choice, "_BATCH_EVENTS", 2)
    deliver_many(12)
    before = bodies(directory)

    def work(number: int) -> str:
        if number == 0:
            return f"archived {archive(directory).event_count}"
        status, said = answered(
            deliver(wire_event(f"hook-{number}", tx_id=f"tx-{number}", amount=100 * number))
        )
        return f"{status} {said['status']}"

    results = at_once(13, work)

    assert Counter(results) == {"archived 12": 1, "200 duplicate": 12}
    assert (in_database(), bodies(directory)) == ([], before)
    assert set(WebhookEvent.objects.values_list("delivery_count", flat=True)) == {2}
