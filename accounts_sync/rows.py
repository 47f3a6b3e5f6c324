"""Rows of the Transactions API: read one by one, applied together, kept as text where refused."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from rewards_site.button import wirejson
from rewards_site.button.reading import Unreadable, read_transaction
from rewards_site.button.redaction import names_anybody, redacted
from rewards_site.button.schemas import TransactionObservation
from rewards_site.kernel.db import (
    in_transaction,
)
from rewards_site.members.forgotten import Forgotten
from transactions.apply import apply_observations
from transactions.told import Channel, Outcome, Told, deferred

log = logging.getLogger(__name__)


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


def without_erased(raws: list[object], listed: Forgotten) -> list[object]:
    """No customer id that was erased is stored again, wherever in a row it stands."""
    if not listed:
        return raws
    text_for = listed.text_for
    return [redacted(raw, text_for) if names_anybody(raw, text_for) else raw for raw in raws]


def read_row(raw: object, *, read_at: datetime, digest: str = "") -> Row:
    """Never raises: one bad row does not hold up its page. `digest` is the row's, where known."""
    digest = digest or digest_of(raw)
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
        Told(
            observation=row.observation,
            channel=Channel.SYNC,
            read_at=row.read_at,
            raw=row.raw,
        )
        for row in rows
        if row.observation is not None
    ]
    outcomes = iter(apply_observations(told, at=at))
    return [next(outcomes) if row.observation else deferred(row.problem) for row in rows]


def digest_of(raw: object) -> str:
    """SHA-256 of what the row says, whatever the order of its keys."""
    try:
        canonical = _CANONICAL.encode(raw)
    except TypeError:  # fractions, which come as Decimal: in no field that we read
        canonical = wirejson.text_of(_in_order(raw))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _in_order(raw: object) -> object:
    if isinstance(raw, dict):
        return {key: _in_order(raw[key]) for key in sorted(raw)}
    return [_in_order(item) for item in raw] if isinstance(raw, list) else raw


_CANONICAL = json.JSONEncoder(sort_keys=True)
