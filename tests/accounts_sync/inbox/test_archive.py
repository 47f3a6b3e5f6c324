"""Bodies go into files by age; what they were, and whose they were, is never forgotten."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts_sync.inbox.archive import archive_bodies, archive_old_bodies, preview, problems
from accounts_sync.inbox.archive_choice import months_before
from accounts_sync.inbox.archive_files import DamagedArchive
from accounts_sync.inbox.models import BodyArchive, EventStatus, WebhookEvent
from rewards_site.kernel.errors import InvalidInput, Refused
from tests.accounts_sync.inbox.archives import LATER, archive, bodies, deliver_many, in_database
from tests.accounts_sync.inbox.deliveries import answered, deliver, wire_event
from tests.admin_world import make_event
from tests.factories import balances


@pytest.fixture
def directory(tmp_path: Path, settings: Settings) -> Path:
    settings.INBOX_ARCHIVE_DIR = str(tmp_path)
    return tmp_path


def test_old_bodies_go_into_a_file_and_are_read_from_there(db: None, directory: Path) -> None:
    deliver_many(3)
    before = bodies(directory)

    report = archive(directory)

    assert (report.archive_count, report.event_count, report.is_paused) == (1, 3, False)
    assert report.body_bytes == sum(map(len, before.values()))
    assert in_database() == []
    assert [bytes(body) for body in WebhookEvent.objects.values_list("body", flat=True)] == [
        b""
    ] * 3
    assert bodies(directory) == before
    kept = BodyArchive.objects.get()
    with gzip.open(directory / kept.name) as lines:
        first = json.loads(next(lines))
    assert (first["hook_id"], first["body"].encode()) == ("hook-1", before["hook-1"])
    assert (kept.number, kept.event_count, kept.emptied_at) == (1, 3, LATER)
    assert [path.name for path in directory.iterdir()] == [kept.name]


def test_a_repeat_of_an_archived_event_is_a_duplicate(db: None, directory: Path) -> None:
    deliver(wire_event())
    archive(directory)

    answer = deliver(wire_event() | {"request_id": "attempt-2"})

    assert answered(answer) == (200, {"status": "duplicate"})
    event = WebhookEvent.objects.get()
    assert (event.status, event.delivery_count, bytes(event.body)) == ("processed", 2, b"")
    assert balances() == {"pending": 500}


def test_another_body_under_an_archived_id_is_kept_beside(db: None, directory: Path) -> None:
    deliver(wire_event())
    archive(directory)

    answer = deliver(wire_event(amount=9000))

    assert answered(answer) == (200, {"status": "duplicate"})
    beside = WebhookEvent.objects.get(beside__hook_id="hook-1")
    assert (beside.status, json.loads(bytes(beside.body))["data"]["amount"]) == (
        "conflicting",
        9000,
    )
    assert balances() == {"pending": 500}


def test_what_is_still_needed_stays(db: None, directory: Path) -> None:
    deliver(wire_event("hook-deferred", currency=None))
    deliver(wire_event("hook-disputed", tx_id="tx-2"))
    deliver(wire_event("hook-disputed", tx_id="tx-2", amount=7))
    deliver(b"no event")
    deliver(wire_event("hook-settled", tx_id="tx-3"))

    archive(directory)

    assert in_database() == ["hook-deferred", "hook-disputed", None, None]
    assert WebhookEvent.objects.get(archived_in__isnull=False).hook_id == "hook-settled"


def test_an_ignored_event_and_a_ping_go_too(db: None, directory: Path) -> None:
    deliver({"hello": "button"})
    deliver(wire_event() | {"event_type": "order-checkout"})
    before = bodies(directory)

    archive(directory)

    assert (in_database(), bodies(directory)) == ([], before)


def test_a_body_that_is_no_utf8_comes_back_byte_for_byte(db: None, directory: Path) -> None:
    raw = json.dumps({"id": "é"}, ensure_ascii=False).encode("utf-16")
    make_event(status="ignored", body=raw, received_at=LATER - timedelta(days=99))
    make_event(2, status="ignored", body=b'"\x00\xc2\x85\r\n\\"', received_at=LATER - timedelta(90))

    archive(directory)

    assert bodies(directory) == {"hook-0001": raw, "hook-0002": b'"\x00\xc2\x85\r\n\\"'}
    assert in_database() == []


def test_it_ends_at_the_first_that_is_too_young(db: None, directory: Path) -> None:
    for number, days in enumerate((80, 70, 3, 69), start=1):
        make_event(number, status="processed", received_at=LATER - timedelta(days=days))

    archive(directory)

    assert in_database() == ["hook-0003", "hook-0004"]


def test_an_event_of_the_future_holds_up_nobody(db: None, directory: Path) -> None:
    for number, days in enumerate((-9, 80), start=1):
        make_event(number, status="processed", received_at=LATER - timedelta(days=days))

    archive(directory)

    assert in_database() == ["hook-0001"]


def test_the_next_run_goes_on_behind_the_last_archive(db: None, directory: Path) -> None:
    deliver(wire_event("hook-1", tx_id="tx-1", currency=None))
    deliver(wire_event("hook-2", tx_id="tx-2"))
    archive(directory)
    deliver(wire_event("hook-3", tx_id="tx-3"))

    archive(directory)
    again = archive(directory)

    assert in_database() == ["hook-1"]
    assert list(BodyArchive.objects.values_list("number", "event_count")) == [(1, 1), (2, 1)]
    assert (again.archive_count, again.event_count) == (0, 0)


def test_this_month_and_the_last_are_never_archived(db: None, directory: Path) -> None:
    with pytest.raises(InvalidInput, match="this month and of the last"):
        archive_bodies(directory=directory, before=months_before(LATER, 0), at=LATER)


def test_a_dry_run_counts_and_touches_nothing(db: None, directory: Path) -> None:
    deliver_many(3)
    size = sum(map(len, bodies(directory).values()))

    report = preview(before=months_before(LATER, 1), at=LATER)

    assert (report.archive_count, report.event_count, report.body_bytes) == (1, 3, size)
    assert (BodyArchive.objects.count(), list(directory.iterdir())) == (0, [])


def test_without_the_settings_nothing_is_archived(db: None, directory: Path) -> None:
    deliver_many(1)

    assert archive_old_bodies(at=LATER, is_over=lambda: False) is None
    assert in_database() == ["hook-1"]


def test_with_the_settings_bodies_go_by_age(db: None, directory: Path, settings: Settings) -> None:
    settings.INBOX_BODY_MONTHS = 3
    for number, days in enumerate((130, 60), start=1):
        make_event(number, status="processed", received_at=LATER - timedelta(days=days))

    archive_old_bodies(at=LATER, is_over=lambda: False)

    assert in_database() == ["hook-0002"]


def test_a_directory_that_is_not_there_or_another_is_refused(
    db: None, directory: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    deliver_many(1)
    with pytest.raises(Refused, match="is not there"):
        archive(directory / "none")
    archive(directory)
    deliver(wire_event("hook-2", tx_id="tx-2"))

    with pytest.raises(Refused, match="Is it the right directory, and mounted"):
        archive(tmp_path_factory.mktemp("unmounted"))

    assert in_database() == ["hook-2"]


def test_a_damaged_file_is_told_and_not_believed(db: None, directory: Path) -> None:
    deliver_many(2)
    archive(directory)
    assert list(problems(directory)) == []
    path = directory / BodyArchive.objects.get().name
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(bytes(raw))

    with pytest.raises(DamagedArchive, match="is damaged"):
        bodies(directory)
    assert [found.is_damage for found in problems(directory)] == [True]


def test_the_books_are_verified_without_the_bodies(db: None, directory: Path) -> None:
    deliver_many(3)
    archive(directory)

    call_command("verify_ledger", verbosity=0)

    assert balances() == {"pending": 50 + 100 + 150}


@pytest.mark.postgres
def test_the_statements_do_not_grow_with_the_events(db: None, directory: Path) -> None:
    deliver_many(2)
    with CaptureQueriesContext(
        connection,
    ) as few:
        archive(directory)
    deliver_many(12)
    with CaptureQueriesContext(connection) as many:
        archive(directory)

    assert len(many) == len(few)


def test_a_settled_status_stays_settled_once_archived(db: None, directory: Path) -> None:
    deliver_many(1)
    archive(directory)

    with pytest.raises(Exception, match="webhookevent_archived_is_settled"):
        WebhookEvent.objects.update(status=EventStatus.DEFERRED)
