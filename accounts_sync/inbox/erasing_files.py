"""Archives of bodies in which a person stands: written anew, in files of other names.

The new files are written before the commit that forgets the person, under names that their content
makes; the commit puts their names, sizes and digests on record; then the old files are deleted. Who
is stopped in between leaves files that nobody refers to, or that the next run deletes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from accounts_sync.inbox import archive_files
from accounts_sync.inbox.archive import archive_directory
from accounts_sync.inbox.archive_files import Kept, Written
from accounts_sync.inbox.erasing import digest_of, is_named, nameless
from accounts_sync.inbox.models import BodyArchive, WebhookEvent
from accounts_sync.inbox.nameless import names_in
from rewards_site.kernel.errors import Conflict
from rewards_site.members.erasure import Person
from transactions.erasing import ORDERS, TX_IDS

_FILES = "archives"
_STEM_PARTS = 5
"""`webhooks-000001-2026-03-01` before the digest (archive.py)."""


@dataclass(slots=True, kw_only=True)
class Rewritten:
    """One archive with its new file, and the digests of those of its bodies that changed."""

    archive: BodyArchive
    written: Written
    body_bytes: int
    digests: dict[int, str]


def search(person: Person) -> None:
    """Read every archive, and write those anew that hold the person.

    Raises: Refused, DamagedArchive (a file is not there, or damaged), Conflict (an archive is not
    finished), OSError.
    """
    archives = list(BodyArchive.objects.order_by("number"))
    person.found[_FILES] = []
    if not archives or not WebhookEvent.objects.filter(archived_in__isnull=False).exists():
        return
    if any(archive.emptied_at is None for archive in archives):
        raise Conflict("An archive of webhook bodies is not finished: run archive_webhooks first.")
    directory = archive_directory()
    for archive in archives:
        theirs = _theirs(archive, person)
        changed = _changed(directory, archive, theirs, person)
        if changed:
            is_kept = not person.found.get("is_dry_run")
            person.found[_FILES].append(_rewrite(directory, archive, changed, is_kept=is_kept))


def _theirs(archive: BodyArchive, person: Person) -> set[int]:
    """Events of their orders that it holds."""
    events = WebhookEvent.objects.filter(archived_in=archive)
    rows = events.values_list("pk", "transaction_id", "tx_id")
    return {
        pk
        for pk, order, tx_id in rows
        if order in person.found[ORDERS] or tx_id in person.found[TX_IDS]
    }


def _changed(
    directory: Path, archive: BodyArchive, theirs: set[int], person: Person
) -> dict[int, Kept]:
    """Its events that must be another in the new file."""
    changed = {}
    for kept in _read(directory, archive):
        if kept.event_id not in theirs and not is_named(kept.body, person):
            continue
        body = nameless(kept.body, person)
        if body != kept.body:
            is_told = names_in(kept.body, person.replaced.get)
            digest = digest_of(body) if is_told else kept.body_digest
            changed[kept.event_id] = replace(kept, body=body, body_digest=digest)
    return changed


def _rewrite(
    directory: Path, archive: BodyArchive, changed: dict[int, Kept], *, is_kept: bool
) -> Rewritten:
    stem = "-".join(archive.name.split("-")[:_STEM_PARTS])
    size = archive.body_bytes
    for kept in _read(directory, archive):
        if kept.event_id in changed:
            size += len(changed[kept.event_id].body) - len(kept.body)
    events = (changed.get(kept.event_id, kept) for kept in _read(directory, archive))
    written = archive_files.write(directory, events, stem=stem)
    if not is_kept:
        (directory / written.name).unlink()
    digests = {event_id: kept.body_digest for event_id, kept in changed.items()}
    return Rewritten(archive=archive, written=written, body_bytes=size, digests=digests)


def _read(directory: Path, archive: BodyArchive) -> Iterator[Kept]:
    return archive_files.read(directory / archive.name, sha256=archive.sha256)


def erase(person: Person) -> int:
    """Put the new files on record; the old ones are left to finish()."""
    touched = 0
    old = person.found["files"] = []
    for one in person.found[_FILES]:
        taken = BodyArchive.objects.filter(pk=one.archive.pk, sha256=one.archive.sha256).update(
            name=one.written.name,
            sha256=one.written.sha256,
            file_bytes=one.written.file_bytes,
            body_bytes=one.body_bytes,
        )
        if not taken:
            raise Conflict("An archive was written anew just now. Run the same command again.")
        old.append(one.archive.name)
        for event_id, digest in sorted(one.digests.items()):
            events = WebhookEvent.objects.filter(pk=event_id).exclude(body_digest=digest)
            touched += events.update(body_digest=digest)
        touched += 1
    return touched


def finish(names: list[str]) -> list[str]:
    """Delete these files; returns those that could not be."""
    left = []
    for name in names:
        try:
            (archive_directory() / name).unlink(missing_ok=True)
        except OSError:
            left.append(name)
    return left
