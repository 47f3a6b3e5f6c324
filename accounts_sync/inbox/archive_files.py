"""Archives of webhook bodies as files: JSON Lines in gzip, made once, checked at every reading.

One line an event, oldest first: `event`, `hook_id`, `received_at`, `body_digest`, and the bytes of
the body as `body` where they are UTF-8, else as `body_base64`. Any tool reads them:
`zcat FILE | jq .`
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rewards_site.kernel.errors import Refused

_READ_BYTES: Final = 1024 * 1024
PART_SUFFIX: Final = ".part"


class DamagedArchive(Refused):
    """A file is not there, or not what was written."""

    code = "damaged_archive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One event as its archive has it."""

    event_id: int
    hook_id: str | None
    received_at: str
    body_digest: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file under a name of its own choice, on the disk for good."""

    name: str
    sha256: str
    file_bytes: int


def write(directory: Path, events: Iterable[Kept], *, stem: str) -> Written:
    """Write `events` into a new file `<stem>-<its own digest>.jsonl.gz`.

    The same events make the same file. It has its name only when all of it is on the disk; a
    writer that dies leaves a `.part`. Raises: OSError.
    """
    descriptor, part = tempfile.mkstemp(prefix=f"{stem}-", suffix=PART_SUFFIX, dir=directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            with gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
                for event in events:
                    packed.write(_line(event))
            file.flush()
            os.fsync(file.fileno())
        sha256, size = _sum(Path(part))
        name = f"{stem}-{sha256[:12]}.jsonl.gz"
        Path(part).chmod(0o640)
        Path(part).replace(directory / name)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(part).unlink()
        raise
    _sync_directory(directory)
    return Written(name=name, sha256=sha256, file_bytes=size)


def read(path: Path, *, sha256: str) -> Iterator[Kept]:
    """The events of a file, after all of it was found to be as it was written.

    Raises: DamagedArchive, before it yields anything.
    """
    check(path, sha256=sha256)
    with gzip.open(path, "rb") as lines:
        for line in lines:
            said: dict[str, Any] = json.loads(line)
            body = said.get("body")
            yield Kept(
                event_id=said["event"],
                hook_id=said["hook_id"],
                received_at=said["received_at"],
                body_digest=said["body_digest"],
                body=base64.b64decode(said["body_base64"]) if body is None else body.encode(),
            )


def check(path: Path, *, sha256: str) -> None:
    """Raises: DamagedArchive, unless the file is there and as it was written."""
    try:
        found, _ = _sum(path)
    except OSError as error:
        raise DamagedArchive(
            f"{path.name} cannot be read in {path.parent}: {error.strerror}. "
            "Is the directory mounted, was the file moved away?"
        ) from error
    if found != sha256:
        raise DamagedArchive(
            f"{path.name} is damaged: its SHA-256 is {found}, it was written with {sha256}. "
            "Put a good copy of it in its place."
        )


def _line(event: Kept) -> bytes:
    said: dict[str, Any] = {
        "event": event.event_id,
        "hook_id": event.hook_id,
        "received_at": event.received_at,
        "body_digest": event.body_digest,
    }
    try:
        said["body"] = event.body.decode("utf-8")
    except UnicodeDecodeError:
        said["body_base64"] = base64.b64encode(event.body).decode("ascii")
    return json.dumps(said, ensure_ascii=True).encode("ascii") + b"\n"


def _sum(path: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            digest.update(block)
            size += len(block)
    return digest.hexdigest(), size


def _sync_directory(directory: Path) -> None:
    """The name of a file is as lasting as its content only when the directory is on the disk."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
