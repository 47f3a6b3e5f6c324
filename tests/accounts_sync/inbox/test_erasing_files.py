"""Archived bodies of a person are written anew, and the old files go."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from accounts_sync.inbox.archive import body_of, problems
from accounts_sync.inbox.models import BodyArchive, WebhookEvent
from rewards_site.members.models import Erasure
from tests.accounts_sync.inbox.archives import archive, bodies
from tests.accounts_sync.inbox.deliveries import answered, deliver, wire_event
from tests.factories import MEMBER

pytestmark = pytest.mark.django_db


@pytest.fixture
def directory(tmp_path: Path, settings: Settings) -> Path:
    settings.INBOX_ARCHIVE_DIR = str(tmp_path / "archives")
    (tmp_path / "archives").mkdir()
    return tmp_path / "archives"


@pytest.fixture
def archived(directory: Path) -> str:
    """The name of a file with two bodies of theirs, one without their id, and one of another."""
    deliver(wire_event("hook-1", mail="anna@mail.example"))
    deliver(
        wire_event("hook-2", publisher_customer_id=None, order_total=1, mail="anna@too.example")
    )
    deliver(wire_event("hook-3", tx_id="tx-3", publisher_customer_id="bert", mail="b@mail.example"))
    archive(directory)
    return BodyArchive.objects.get().name


def erase(*arguments: str) -> str:
    out = StringIO()
    call_command("erase_member", MEMBER, *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_file_is_written_anew_and_the_old_one_goes(archived: str, directory: Path) -> None:
    others = bodies(directory)["hook-3"]

    assert "archives: 2" in erase().splitlines()

    kept = BodyArchive.objects.get()
    assert [path.name for path in directory.iterdir()] == [kept.name] != [archived]
    assert list(problems(directory)) == []
    found = bodies(directory)
    assert found["hook-3"] == others
    assert kept.body_bytes == sum(map(len, found.values()))
    assert not any(text in body for body in found.values() for text in (MEMBER.encode(), b"anna@"))
    assert body_of(WebhookEvent.objects.get(hook_id="hook-2")) == found["hook-2"]
    repeats = (
        wire_event("hook-1", mail="anna@mail.example"),
        wire_event("hook-2", publisher_customer_id=None, order_total=1, mail="anna@too.example"),
    )
    for event in repeats:
        assert answered(deliver(event)) == (200, {"status": "duplicate"})
    assert WebhookEvent.objects.count() == 3


def test_a_dry_run_leaves_the_files(archived: str, directory: Path) -> None:
    assert "archives: 2" in erase("--dry-run").splitlines()
    assert [path.name for path in directory.iterdir()] == [archived]


def test_without_the_directory_it_is_not_done_and_says_what_to_do(
    archived: str, directory: Path
) -> None:
    path = directory / archived
    away = path.rename(directory.parent / archived)

    with pytest.raises(CommandError, match="Is the directory mounted"):
        erase()
    assert Erasure.objects.get().erased_at is None
    away.rename(path)

    assert erase().splitlines()[-1].startswith("Erased: ")
    assert [file.name for file in directory.iterdir()] == [BodyArchive.objects.get().name]


def test_an_old_file_that_was_left_goes_at_the_next_run(archived: str, directory: Path) -> None:
    erase()
    (directory / archived).write_bytes(b"it was not deleted")
    Erasure.objects.update(files=[archived])

    erase()

    assert [file.name for file in directory.iterdir()] == [BodyArchive.objects.get().name]
    assert Erasure.objects.get().files == []
