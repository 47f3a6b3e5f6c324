"""Database transactions, kept apart from the word «transaction» of the domain.

SQLite opens every transaction with BEGIN IMMEDIATE (settings.py), so one writer at a time is the
rule there and row locks are not needed. On PostgreSQL (READ COMMITTED) rows are locked in the order
that docs/locks.md gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from django.db import (
    Error,
    IntegrityError,
    InterfaceError,
    OperationalError,
    connection,
    models,
)
from django.db import transaction as django_transaction  # noqa: TID251  # the one place

from rewards_site.kernel import rows as lean

M = TypeVar("M", bound=models.Model)
R = TypeVar("R")

atomic = django_transaction.atomic
after_commit = django_transaction.on_commit

DatabaseUnavailable = (OperationalError, InterfaceError)
"""The database cannot answer now: lost connection, lock not had in time, disk full, deadlock."""

_ATTEMPTS_MAX = 3
_RETRIED_SQLSTATES = {"40001", "40P01"}  # serialization failure, deadlock


@contextmanager
def undone_on_error() -> Iterator[None]:
    """What fails inside leaves nothing behind, and the caller's transaction goes on.

    As an inner atomic(), but that its savepoint is let go by the commit: one round trip less for
    each webhook. What is to run after the commit must not be registered inside.
    """
    assert in_transaction()
    savepoint = django_transaction.savepoint()
    try:
        yield
    except BaseException:
        connection.needs_rollback = False  # a failed write has set it, and the rollback asks
        try:
            django_transaction.savepoint_rollback(savepoint)
        except Error:  # the connection is lost: as atomic() does
            connection.needs_rollback = True
        raise


def undo() -> None:
    """Have the atomic() around this roll back at its end, without an exception: it was a trial."""
    django_transaction.set_rollback(True)


def in_transaction() -> bool:
    return bool(connection.in_atomic_block)


def is_postgres() -> bool:
    return connection.vendor == "postgresql"


@contextmanager
def snapshot() -> Iterator[None]:
    """Everything read inside is of one instant; nobody is kept waiting by it."""
    if in_transaction():
        yield
    elif is_postgres():
        with atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Not atomic(): that would take SQLite's write lock. A deferred BEGIN reads WAL's snapshot.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ROLLBACK")


def check_constraints_now() -> None:
    """Fire deferred constraints here, not at COMMIT, so that a savepoint can still catch them.

    INITIALLY DEFERRED constraints (the books' balance, Django's foreign keys) would otherwise fail
    the COMMIT and take the evidence of a refused event along. SQLite has no such statement; there
    the books are checked as they are written (transactions/ledger/guards.py).
    """
    lean.run(constraints_checked())


def constraints_checked() -> list[lean.Write]:
    """check_constraints_now() as writes, to travel with others."""
    if not is_postgres():
        return []
    return [lean.Write("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED", [])]


def insert_missing(rows: Iterable[M]) -> None:
    """Insert `rows` in the order given (sort them by key), leaving alone what exists.

    One statement; the caller then reads, or reads and locks, by key.
    """
    lean.run(lean.insert_missing(list(rows)))


def overwrite(rows: Sequence[M], fields: Sequence[str]) -> None:
    """Write `fields` of existing, locked `rows` in one statement, whatever their number."""
    lean.run(lean.overwrite(rows, fields))


def next_ids(model: type[models.Model], count: int) -> list[int]:
    """`count` unused primary keys of `model`, in one statement (rows.next_ids)."""
    assert in_transaction()
    return lean.ask(lean.next_ids(model, count))[0] if count else []


def is_deadlock(error: BaseException) -> bool:
    """Whether PostgreSQL chose this transaction as a deadlock's or a serialization's victim."""
    return getattr(error.__cause__, "sqlstate", None) in _RETRIED_SQLSTATES


def retry_deadlocks(work: Callable[[], R]) -> R:
    """Run `work`, a whole transaction of its own, again when it lost a deadlock; 3 times at most.

    Inside a transaction of the caller's it runs once: a lost deadlock has ended that one, too.
    """
    if in_transaction():
        return work()
    for attempt in range(1, _ATTEMPTS_MAX + 1):
        try:
            return work()
        except OperationalError as error:
            if attempt == _ATTEMPTS_MAX or not is_deadlock(error):
                raise
    raise AssertionError("unreachable")


def constraint_of(error: IntegrityError) -> str:
    """The name of the constraint that refused, or SQLite's own words for it."""
    diagnostics: Any = getattr(error.__cause__, "diag", None)
    name = getattr(diagnostics, "constraint_name", None) or getattr(
        diagnostics, "message_primary", None
    )
    return str(name or error)
