"""Who may read one Button account just now: a lease in the database, fenced by a token.

Each job (on from the watermark, a gap, the re-read) has a lease of its own, so that the long ones
never hold the regular one up. What two of them do at once is safe: applying is idempotent.

A holder renews its lease with every page it commits and by a thread beside it. A lease that ended
may be taken by anybody; its late holder, woken from a pause, finds its token gone at the next
commit and writes nothing (house rule «Pull»). Clocks of several machines may differ by less than
the lease's length; if they differ by more, two may read at once, but still only one can write.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType

from django.db import OperationalError, connection
from django.db.models import Q, QuerySet

from accounts_sync.models import Job, Lease, RunKind, SideReading
from accounts_sync.runs import abandon_runs, running_since
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable, atomic, insert_missing
from rewards_site.kernel.errors import Conflict

log = logging.getLogger(__name__)

LEASE_SECONDS = 25
"""The lease of a dead holder is taken over within 30 s (contract, section 2)."""
BEAT_SECONDS = 8.0
POLL_SECONDS = 0.5
_LOCK_TIMEOUT_SQLSTATE = "55P03"
KINDS = {
    Job.PULL: (RunKind.TRANSACTIONS, RunKind.WINDOW),
    Job.GAP: (RunKind.GAP,),
    Job.REREAD: (RunKind.REREAD,),
}
"""The runs that the holder of a job's lease makes."""


class LeaseBusy(Conflict):
    """A live run holds the lease."""

    code = "lease_busy"

    def __init__(self, account_id: str, *, holder: str, since: datetime | None) -> None:
        began = f" since {clock.wire_text(since.replace(microsecond=0))}" if since else ""
        super().__init__(f"{account_id} is being read by {holder or 'another process'}{began}.")
        self.account_id = account_id


class LeaseLost(Conflict):
    """Another run took this account over; nothing of the page at hand was written."""

    code = "lease_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lease in hand."""

    account_id: str
    token: uuid.UUID
    job: Job = Job.PULL


def acquire(
    account_id: str,
    *,
    job: Job = Job.PULL,
    wait_seconds_max: float = 0,
    stop: threading.Event | None = None,
) -> Held:
    """Take the lease of a known Button account, waiting for a live holder at most so long.

    `stop` ends the wait. Raises: LeaseBusy.
    """
    insert_missing(
        [
            Lease(account_id=account_id)
            if job is Job.PULL
            else SideReading(account_id=account_id, job=job)
        ]
    )
    deadline = time.monotonic() + wait_seconds_max
    pause = stop or threading.Event()  # a wait that a signal can end
    while True:
        held = _take(account_id, job, at=clock.now())
        if held is not None:
            return held
        if pause.is_set() or time.monotonic() >= deadline:
            holder = _rows(account_id, job).values_list("holder", flat=True).get()
            since = running_since(account_id, kinds=KINDS[job])
            raise LeaseBusy(account_id, holder=holder, since=since)
        pause.wait(POLL_SECONDS)


def _rows(account_id: str, job: Job) -> QuerySet[Lease] | QuerySet[SideReading]:
    """The one row that holds the lease."""
    if job is Job.PULL:
        return Lease.objects.filter(pk=account_id)
    return SideReading.objects.filter(account=account_id, job=job)


def _take(account_id: str, job: Job, *, at: datetime) -> Held | None:
    """One conditional UPDATE decides; who takes over ends the run that the dead one left."""
    held = Held(account_id=account_id, token=uuid.uuid4(), job=job)
    free = Q(token__isnull=True) | Q(expires_at__lte=at)
    try:
        with atomic():
            taken = (
                _rows(account_id, job)
                .filter(free)
                .update(token=held.token, holder=_own_name(), expires_at=_end(at))
            )
            if not taken:
                return None
            left = abandon_runs(kinds=KINDS[job], account_id=account_id, at=at)
    except OperationalError as error:
        if is_lock_timeout(error):  # its holder is committing a page: alive
            return None
        raise
    if left:
        log.warning("lease.taken_over", extra={"account": account_id, "abandoned": left})
    return held


def fence(held: Held, *, at: datetime) -> None:
    """Renew inside the caller's atomic(), and lock out every other holder until it commits.

    Raises: LeaseLost, if the lease is no longer ours.
    """
    if not renew(held, at=at):
        raise LeaseLost(f"Another run took {held.account_id} over.")


def renew(held: Held, *, at: datetime) -> bool:
    """False if the lease is no longer ours."""
    return bool(_mine(held).update(expires_at=_end(at)))


def release(held: Held) -> None:
    _mine(held).update(token=None, holder="", expires_at=None)


def _mine(held: Held) -> QuerySet[Lease] | QuerySet[SideReading]:
    return _rows(held.account_id, held.job).filter(token=held.token)


def is_held(account_id: str, *, job: Job = Job.PULL, at: datetime) -> bool:
    """Whether a live run holds the account just now."""
    return _rows(account_id, job).filter(token__isnull=False, expires_at__gt=at).exists()


class Heartbeat:
    """Renews a lease from a thread beside the run, on a connection of its own, until left."""

    def __init__(self, held: Held, *, every_seconds: float = BEAT_SECONDS) -> None:
        self._held = held
        self._every_seconds = every_seconds
        self._stop = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(
            target=self._beat, name=f"lease {held.account_id}", daemon=True
        )

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def is_lost(self) -> bool:
        """Whether a beat found the lease in other hands."""
        return self._lost.is_set()

    def _beat(self) -> None:
        try:
            while not self._stop.wait(self._every_seconds):
                try:
                    if not renew(self._held, at=clock.now()):
                        self._lost.set()
                        return
                except DatabaseUnavailable:  # the next beat, or the page's commit, may be luckier
                    log.warning("lease.beat_failed", extra={"account": self._held.account_id})
                    connection.close()
        finally:
            connection.close()


def _end(at: datetime) -> datetime:
    return at + timedelta(seconds=LEASE_SECONDS)


def _own_name() -> str:
    return f"process {os.getpid()} on {socket.gethostname()}"[:255]


def is_lock_timeout(error: OperationalError) -> bool:
    """A row lock not had in time; on SQLite, the write lock."""
    sqlstate = getattr(error.__cause__, "sqlstate", None)
    return sqlstate == _LOCK_TIMEOUT_SQLSTATE or "database is locked" in str(error)
