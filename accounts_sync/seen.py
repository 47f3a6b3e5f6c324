"""Rows of the API that are word for word what their order stands by: not read and judged again.

Most rows of most windows are that: windows overlap, and the weekly re-read asks for months. What
such a row said is folded into its order already, and folding it again changes nothing as long as
the order has had no revision since (tests/accounts_sync/test_seen.py has chance look for a row of
which that is not true). Forgetting is always safe, so what is in doubt is forgotten.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from django.conf import settings
from django.db import connection

from accounts_sync.models import SeenRow
from accounts_sync.rows import Row
from rewards_site.button import fields, wirejson
from rewards_site.kernel import rows as lean
from rewards_site.kernel.db import in_transaction, is_postgres
from transactions.told import Outcome

_READER = 1
"""To be raised when rows are read into more, or otherwise, than before: all are read once again."""


def are_news(raws: Sequence[object], digests: Sequence[str]) -> list[bool]:
    """Of each row whether it is to be read and applied; `digests` are those of the rows."""
    ids = [_tx_id(raw) for raw in raws]
    seen = _marks({tx_id for tx_id in ids if tx_id})
    if not seen:
        return [True] * len(raws)
    prefix = _prefix()
    return [
        seen.get(tx_id) != prefix + digest or wirejson.has_conflicts(raw)
        for tx_id, raw, digest in zip(ids, raws, digests, strict=True)
    ]


def remember(rows: Sequence[Row], outcomes: Sequence[Outcome]) -> None:
    """Keep those that their orders stand by now; in the transaction that applied them."""
    assert in_transaction()
    prefix = _prefix()
    kept = {
        row.tx_id: SeenRow(
            tx_id=row.tx_id,
            transaction_id=outcome.transaction_id,
            revision=outcome.known_at,
            mark=prefix + row.digest,
        )
        for row, outcome in zip(rows, outcomes, strict=True)
        if outcome.known_at is not None
        and outcome.transaction_id is not None
        and not wirejson.has_conflicts(row.raw)
    }
    lean.run(
        lean.insert_or_overwrite(
            [kept[tx_id] for tx_id in sorted(kept)], ["transaction", "revision", "mark"]
        )
    )


def _marks(ids: Collection[str]) -> dict[str, str]:
    """`tx` id → the mark of its row, of those whose order has no revision since.

    Looked up one by one within one statement: before a database has gathered statistics, which in
    the first hour is not yet, PostgreSQL reads whole tables for a join.
    """
    told = "json_array_elements_text(%s::json)" if is_postgres() else "json_each(%s)"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT told.value, ("  # noqa: S608  # our own names
            "SELECT seen.mark FROM accounts_sync_seenrow seen "
            "WHERE seen.tx_id = told.value AND seen.revision = ("
            "SELECT known.revision_count FROM transactions_transaction known "
            f"WHERE known.id = seen.transaction_id)) FROM {told} AS told",
            [json.dumps(sorted(ids))],
        )
        return {tx_id: mark for tx_id, mark in cursor.fetchall() if mark is not None}


def _prefix() -> str:
    return f"{_READER}:{settings.ATTRIBUTION_FIELD}:"


def _tx_id(raw: object) -> str:
    """The `tx` id, where it can be one at all; else empty."""
    told = raw.get("id") if isinstance(raw, dict) else None
    try:
        return fields.identifier(told)
    except fields.Wrong:
        return ""
