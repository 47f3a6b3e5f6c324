"""A check that breaks is a difference, too: it must not keep the others from being made."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext

from rewards_site.kernel.db import DatabaseUnavailable, atomic, in_transaction
from transactions.ledger.balances import Difference

log = logging.getLogger(__name__)


def guarded(
    found: list[Difference],
    where: str,
    check: Callable[[], Iterable[Difference]],
    *,
    has_statements: bool = True,
) -> None:
    """Add to `found` what `check` finds; where it breaks, that it did, after what it found before.

    `has_statements` says whether it asks the database. Raises: DatabaseUnavailable, and nothing
    else: that says nothing about the books.
    """
    try:
        with apart() if has_statements else nullcontext():
            for difference in check():
                found.append(difference)  # what came before an error is kept
    except DatabaseUnavailable:
        raise
    except Exception as error:  # whatever damage may lead to
        log.exception("verify.check_broke", extra={"check": where})
        found.append(unreadable(where, error))


def apart() -> AbstractContextManager[None]:
    """On PostgreSQL a statement that fails would otherwise take all those after it along."""
    return atomic() if in_transaction() else nullcontext()


def unreadable(where: str, error: Exception) -> Difference:
    return Difference(where, f"cannot be read: {type(error).__name__}: {error}")
