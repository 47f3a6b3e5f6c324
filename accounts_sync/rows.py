"""Rows of the Transactions API: read one by one, applied together, kept as text where refused."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from rewards_site.button.reading import Unreadable, read_transaction
from rewards_site.button.schemas import TransactionObservation
from rewards_site.kernel.db import (
    DatabaseUnavailable,
    atomic,
    check_constraints_now,
    in_transaction,
)
from transactions.apply import apply_observations
from transactions.told import Channel, Outcome, Told, deferred

log = logging.getLogger(__name__)

_HUGE = "1E+9999999999999999999"
"""A number past what Decimal can hold was read as infinite; this is read back as the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row as it came, and what could be read of it."""

    raw: object
    digest: str
    read_at: datetime
    observation: TransactionObservation | None = None
    problem: str = ""
    """Why nothing could be read; empty where there is an observation."""

    @property
    def tx_id(self) -> str:
        """The `tx` id as far as one is told; whatever was told, so not to be trusted."""
        told = self.raw.get("id") if isinstance(self.raw, dict) else None
        return told if isinstance(told, str) else ""


def read_row(raw: object, *, read_at: datetime) -> Row:
    """Never raises: one bad row does not hold up its page."""
    digest = digest_of(raw)
    try:
        observation = read_transaction(raw)
    except Unreadable as error:
        return Row(raw=raw, digest=digest, read_at=read_at, problem=str(error))
    except Exception as error:
        log.exception("row.internal_error")
        problem = f"internal error: {type(error).__name__}"
        return Row(raw=raw, digest=digest, read_at=read_at, problem=problem)
    return Row(raw=raw, digest=digest, read_at=read_at, observation=observation)


def apply_rows(rows: Sequence[Row], *, at: datetime) -> list[Outcome]:
    """An outcome for each row, in order; to be called inside atomic().

    Raises: DatabaseUnavailable, and nothing else.
    """
    assert in_transaction()
    told = [
        Told(observation=row.observation, channel=Channel.SYNC, read_at=row.read_at)
        for row in rows
        if row.observation is not None
    ]
    outcomes = iter(_apply_in_halves(told, at=at))
    return [next(outcomes) if row.observation else deferred(row.problem) for row in rows]


def _apply_in_halves(batch: Sequence[Told], *, at: datetime) -> list[Outcome]:
    """All at once; where that fails as it never should, in halves until the bad one is alone."""
    if not batch:
        return []
    try:
        with atomic():
            outcomes = apply_observations(batch, at=at)
            check_constraints_now()  # at COMMIT they would take the page along
    except DatabaseUnavailable:
        raise
    except Exception as error:  # a fault of ours: kept as evidence, its neighbours go on
        log.exception("rows.internal_error", extra={"rows": len(batch)})
        if len(batch) == 1:
            return [deferred(f"internal error: {type(error).__name__}", is_retried=True)]
        middle = len(batch) // 2
        return [
            *_apply_in_halves(batch[:middle], at=at),
            *_apply_in_halves(batch[middle:], at=at),
        ]
    return outcomes


def digest_of(raw: object) -> str:
    """SHA-256 of what the row says, whatever the order of its keys."""
    canonical = json.dumps(raw, sort_keys=True, default=lambda number: ["number", str(number)])
    return hashlib.sha256(canonical.encode()).hexdigest()


def row_text(raw: object) -> str:
    """`raw` as JSON text, ASCII only, which `wirejson.parse` reads back as the same value.

    Of a key told twice with different values only the last is known by now; it is written twice,
    so that whoever reads it again meets the same doubt.
    """
    match raw:
        case dict():
            conflicting: frozenset[str] = getattr(raw, "conflicting_keys", frozenset())
            members = []
            for key, value in raw.items():
                if key in conflicting:
                    members.append(f'{json.dumps(key)}: "(told before with another value)"')
                members.append(f"{json.dumps(key)}: {row_text(value)}")
            return "{" + ", ".join(members) + "}"
        case list():
            return "[" + ", ".join(row_text(item) for item in raw) + "]"
        case Decimal():
            return str(raw) if raw.is_finite() else ("-" if raw < 0 else "") + _HUGE
        case _:
            return json.dumps(raw)
