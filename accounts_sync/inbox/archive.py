"""Bodies of settled webhook events, moved by age into checked files; the events themselves stay.

What a row of the inbox says (id, digest, status, times, transaction) is kept for ever: it is how a
repeat is known as one, and what an order's time line shows. Only the bytes go, and only so:

1. export: the next settled events in order of their ids, up to the cut-off, into a new file;
2. record: one append-only row says which file, with its digest. Its number is one more than the
   last that was seen before the export: of two that export at once one is refused, and starts anew;
3. empty: the file is read back, whole and checked, and each body that is byte for byte the row's
   is emptied, a few hundred a commit. Then the archive is closed.

Whoever is killed anywhere in this leaves nothing lost and nothing twice: the next run first ends
what was recorded. The database refuses to empty a body in any other way (guards.py).
docs/decisions/0043.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError

from accounts_sync.inbox import archive_choice as choice
from accounts_sync.inbox import archive_files
from accounts_sync.inbox.archive_files import DamagedArchive, Kept
from accounts_sync.inbox.models import SETTLED, BodyArchive, WebhookEvent
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import InvalidInput, Refused

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class ArchiveReport:
    """What one run did, or would do."""

    archive_count: int = 0
    event_count: int = 0
    body_bytes: int = 0
    is_paused: bool = False
    """The time was up before the cut-off was reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something about a file that a person should know."""

    text: str
    is_damage: bool


def archive_bodies(
    *,
    directory: Path,
    before: datetime,
    at: datetime,
    is_over: Callable[[], bool] = lambda: False,
    progress: Callable[[ArchiveReport], None] | None = None,
) -> ArchiveReport:
    """Archive the bodies of settled events that were received before `before`.

    Ends what an earlier run left first. Raises: InvalidInput when `before` is not a month ago;
    Refused when the directory is not the one of the last archive; OSError.
    """
    if before > choice.months_before(at, 1):
        raise InvalidInput("Bodies of this month and of the last one are not archived.")
    report = ArchiveReport()
    while True:
        last = _last()
        _refuse_wrong_directory(directory, last)
        if last is not None and last.emptied_at is None:
            if not _empty(last, directory=directory, at=at, is_over=is_over, report=report):
                report.is_paused = True
                return report
            if progress:
                progress(report)
        elif is_over():
            report.is_paused = True
            return report
        elif not _export(directory, last=last, before=before, at=at):
            return report


def archive_old_bodies(*, at: datetime, is_over: Callable[[], bool]) -> ArchiveReport | None:
    """What the settings ask for; None where they keep all bodies. Raises as archive_bodies()."""
    months: int = settings.INBOX_BODY_MONTHS
    if not months:
        return None
    before = choice.months_before(at, months)
    return archive_bodies(directory=archive_directory(), before=before, at=at, is_over=is_over)


def archive_directory() -> Path:
    """INBOX_ARCHIVE_DIR. Raises: Refused where it is not set."""
    if not settings.INBOX_ARCHIVE_DIR:
        raise Refused("INBOX_ARCHIVE_DIR is not set: name the directory that keeps the archives.")
    return Path(settings.INBOX_ARCHIVE_DIR)


def preview(*, before: datetime, at: datetime) -> ArchiveReport:
    """What archive_bodies() would do, beside what an earlier run left; touches nothing."""
    report = ArchiveReport()
    last = _last()
    after = last.last_event_id if last else 0
    while taken := choice.next_file(after=after, before=before, at=at):
        report.archive_count += 1
        report.event_count += len(taken)
        report.body_bytes += sum(chosen.body_bytes for chosen in taken)
        after = taken[-1].event_id
    return report


def body_of(event: WebhookEvent) -> bytes:
    """The body as it came, wherever it is by now. Raises: Refused, DamagedArchive."""
    archive = event.archived_in
    if archive is None:
        return bytes(event.body)
    for kept in archive_files.read(archive_directory() / archive.name, sha256=archive.sha256):
        if kept.event_id == event.pk:
            return kept.body
    raise DamagedArchive(f"{archive.name} holds no body of {event}.")


def problems(directory: Path) -> Iterator[Problem]:
    """What is wrong with the files. Reads all of them."""
    names = set()
    for archive in BodyArchive.objects.order_by("number"):
        names.add(archive.name)
        try:
            archive_files.check(directory / archive.name, sha256=archive.sha256)
        except DamagedArchive as damage:
            yield Problem(text=str(damage), is_damage=True)
    for path in sorted(directory.glob("webhooks-*")):
        if path.name not in names and not BodyArchive.objects.filter(name=path.name).exists():
            yield Problem(
                text=f"{path.name} is no recorded archive: if no run is at work, a stopped one "
                "left it, and it may be deleted.",
                is_damage=False,
            )


def _refuse_wrong_directory(directory: Path, last: BodyArchive | None) -> None:
    """A disk that is not mounted looks like an empty directory: nothing may be written there."""
    if not directory.is_dir():
        raise Refused(f"INBOX_ARCHIVE_DIR {directory} is not there. Make it, or mount it.")
    if last is None:
        return
    path = directory / last.name
    if not path.is_file() or path.stat().st_size != last.file_bytes:
        raise Refused(
            f"{last.name}, the last archive, is not in {directory} as it was written. Is it the "
            "right directory, and mounted? Older archives may be moved away, the last one stays."
        )


def _export(
    directory: Path, *, last: BodyArchive | None, before: datetime, at: datetime
) -> BodyArchive | None:
    """Write and record the next file. None: nothing to archive.

    Also a file that another run recorded meanwhile counts as done: the caller looks again.
    """
    number = last.number + 1 if last else 1
    taken = choice.next_file(after=last.last_event_id if last else 0, before=before, at=at)
    if not taken:
        return None
    received = [chosen.received_at for chosen in taken]  # ids are not quite in this order
    stem = f"webhooks-{number:06}-{min(received):%Y-%m-%d}"
    written = archive_files.write(directory, choice.bodies(taken), stem=stem)
    archive = BodyArchive(
        number=number,
        name=written.name,
        sha256=written.sha256,
        file_bytes=written.file_bytes,
        event_count=len(taken),
        body_bytes=sum(chosen.body_bytes for chosen in taken),
        first_event_id=taken[0].event_id,
        last_event_id=taken[-1].event_id,
        received_first=min(received),
        received_last=max(received),
        archived_at=at,
    )
    return _recorded(archive, directory)


def _recorded(archive: BodyArchive, directory: Path) -> BodyArchive:
    try:
        with atomic():
            archive.save(force_insert=True)
    except IntegrityError:
        rival = BodyArchive.objects.filter(number=archive.number).first()
        if rival is None:
            raise
        if rival.name != archive.name:
            (directory / archive.name).unlink(missing_ok=True)
        return rival
    log.info("inbox.archived", extra={"archive": archive.name, "events": archive.event_count})
    return archive


def _last() -> BodyArchive | None:
    return BodyArchive.objects.order_by("-number").first()


def _empty(
    archive: BodyArchive,
    *,
    directory: Path,
    at: datetime,
    is_over: Callable[[], bool],
    report: ArchiveReport,
) -> bool:
    """Empty the bodies that the file has, and close the archive; False when the time was up."""
    events = archive_files.read(directory / archive.name, sha256=archive.sha256)
    for batch in choice.batches(events, size_of=lambda kept: len(kept.body)):
        if is_over():
            return False
        emptied = retry_deadlocks(partial(_empty_batch, archive, batch))
        report.event_count += len(emptied)
        report.body_bytes += sum(len(kept.body) for kept in batch if kept.event_id in emptied)
    closed = BodyArchive.objects.filter(pk=archive.pk, emptied_at=None).update(emptied_at=at)
    report.archive_count += closed
    if closed:
        log.info("inbox.archive_closed", extra={"archive": archive.name})
    return True


def _empty_batch(archive: BodyArchive, batch: list[Kept]) -> set[int]:
    """Empty those whose body is the file's byte for byte, and that nobody needs since; their ids.

    Their rows are locked by id for a few milliseconds; a repeat of one of them waits so long.
    """
    in_file = {kept.event_id: kept.body for kept in batch}
    with atomic():
        rows = (
            WebhookEvent.objects.select_for_update(of=("self",), no_key=True)
            .filter(pk__in=in_file, archived_in=None, status__in=SETTLED)
            .order_by("pk")
        )
        stored = {pk: bytes(body) for pk, body in rows.values_list("pk", "body")}
        # Under the lock: a conflicting body is put beside an event by whoever has its lock.
        needed = choice.disputed(list(stored))
        differing = {pk for pk, body in stored.items() if body != in_file[pk]}
        if differing:
            log.error(
                "inbox.archive_differs",
                extra={"archive": archive.name, "webhook_events": sorted(differing)},
            )
        emptied = stored.keys() - needed - differing
        WebhookEvent.objects.filter(pk__in=emptied).update(body=b"", archived_in=archive)
    return emptied
