"""manage.py archive_webhooks, the worker's task, and what staff see of an archived event"""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts_sync.inbox.models import BodyArchive, WebhookEvent
from accounts_sync.tasks import archive_bodies
from tests.accounts_sync.inbox.archives import OLD, in_database
from tests.admin_world import make_event, make_staff

BODY = b'{"id": "hook-0001"}'


@pytest.fixture
def directory(tmp_path: Path, settings: Settings) -> Path:
    settings.INBOX_ARCHIVE_DIR = str(tmp_path)
    return tmp_path


def archive_webhooks(*arguments: str) -> str:
    out = StringIO()
    call_command("archive_webhooks", *arguments, stdout=out)
    return out.getvalue()


def make_old_event(number: int = 1) -> WebhookEvent:
    return make_event(number, status="processed", received_at=OLD, body=BODY)


def test_it_says_what_it_did_and_would_do(db: None, directory: Path) -> None:
    make_old_event(1)
    make_old_event(2)

    would = archive_webhooks("--before", "2026-04", "--dry-run")
    did = archive_webhooks("--before", "2026-04")
    again = archive_webhooks("--before", "2026-04")

    assert would == "Would archive 2 bodies (38 bytes) in 1 archive.\n"
    assert did == "Archived 2 bodies (38 bytes) in 1 archive.\n"
    assert again == "Archived 0 bodies (0 bytes) in 0 archives.\n"


def test_it_shows_a_body_from_wherever_it_is(db: None, directory: Path) -> None:
    event = make_old_event()
    assert archive_webhooks("--show", "hook-0001") == BODY.decode() + "\n"

    archive_webhooks("--before", "2026-04")

    assert archive_webhooks("--show", "hook-0001") == BODY.decode() + "\n"
    assert archive_webhooks("--show", str(event.pk)) == BODY.decode() + "\n"
    with pytest.raises(CommandError, match="No webhook event has the id hook-9"):
        archive_webhooks("--show", "hook-9")


def test_a_file_that_was_moved_away_is_named(db: None, directory: Path) -> None:
    make_old_event()
    archive_webhooks("--before", "2026-04")
    assert archive_webhooks("--check") == "1 of 1 archive as written.\n"
    name = BodyArchive.objects.get().name
    (directory / name).rename(directory / "webhooks-elsewhere.part")

    with pytest.raises(CommandError) as refusal:
        archive_webhooks("--show", "hook-0001")
    with pytest.raises(CommandError, match="0 of 1 archive as written"):
        archive_webhooks("--check")

    assert str(refusal.value) == (
        f"{name} cannot be read in {directory}: No such file or directory. "
        "Is the directory mounted, was the file moved away?"
    )


def test_a_file_of_a_stopped_run_is_told_and_harms_nothing(db: None, directory: Path) -> None:
    make_old_event()
    (directory / "webhooks-000001-x.part").write_bytes(b"half")
    archive_webhooks("--before", "2026-04")

    said = archive_webhooks("--check")

    assert said == (
        "webhooks-000001-x.part is no recorded archive: if no run is at work, a stopped one left "
        "it, and it may be deleted.\n1 of 1 archive as written.\n"
    )


def test_it_says_what_to_set(db: None, settings: Settings) -> None:
    with pytest.raises(CommandError, match="INBOX_BODY_MONTHS is not set"):
        archive_webhooks()
    with pytest.raises(CommandError, match="INBOX_ARCHIVE_DIR is not set"):
        archive_webhooks("--before", "2026-04")
    with pytest.raises(CommandError, match="'March' is not a month such as 2026-03"):
        archive_webhooks("--before", "March")
    with pytest.raises(CommandError, match="this month and of the last one are not archived"):
        settings.INBOX_ARCHIVE_DIR = "/"
        archive_webhooks("--before", "9999-01")


def test_the_task_does_what_the_settings_say(db: None, directory: Path, settings: Settings) -> None:
    make_old_event()
    assert (archive_bodies(), in_database()) == ("off", ["hook-0001"])
    settings.INBOX_BODY_MONTHS = 2

    assert (archive_bodies(), in_database()) == ("done", [])


def test_the_page_of_the_event_says_where_its_body_is(
    db: None, directory: Path, client: Client
) -> None:
    event = make_old_event()
    client.force_login(make_staff("Ops"))
    url = reverse("admin:inbox_webhookevent_change", args=[event.pk])
    assert "hook-0001" in client.get(url).content.decode()
    archive_webhooks("--before", "2026-04")

    page = client.get(url).content.decode()

    assert f"Archived in {BodyArchive.objects.get().name}." in page
    assert "archive_webhooks --show hook-0001" in page


def test_a_replay_of_an_archived_event_says_where_its_body_is(db: None, directory: Path) -> None:
    make_old_event()
    archive_webhooks("--before", "2026-04")
    out = StringIO()

    call_command("replay_webhooks", "--id", "hook-0001", stdout=out)

    assert out.getvalue() == (
        "hook-0001 is not deferred but processed: nothing to do.\n"
        f"Its body is archived in {BodyArchive.objects.get().name}; "
        "archive_webhooks --show hook-0001 prints it.\n"
    )
