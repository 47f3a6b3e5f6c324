"""Orders read in chunks with all that was ever said of them; what cannot be read, told apart."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import Prefetch

from rewards_site.kernel.db import DatabaseUnavailable
from transactions.guarded import apart, unreadable
from transactions.ledger.balances import Difference
from transactions.ledger.models import Entry
from transactions.models import Transaction, TransactionRevision

log = logging.getLogger(__name__)

_CHUNK = 500


@dataclass(slots=True)
class Chunk:
    """Orders with children, revisions and entries; and those of them that cannot be read."""

    rows: list[Transaction]
    unreadable: list[Difference] = field(default_factory=list)


def chunks() -> Iterator[Chunk]:
    """All orders, by primary key. A chunk in which something cannot be read is read one by one."""
    after = 0
    while True:
        ids = list(
            Transaction.objects.filter(pk__gt=after)
            .order_by("pk")
            .values_list("pk", flat=True)[:_CHUNK]
        )
        if not ids:
            return
        after = ids[-1]
        try:
            with apart():
                chunk = Chunk(_read(ids))
        except DatabaseUnavailable:
            raise
        except Exception:  # JSON or a time that is none; told of the order that it is of
            log.exception("verify.chunk_unreadable", extra={"first": ids[0], "last": ids[-1]})
            chunk = _one_by_one(ids)
        yield chunk


def _one_by_one(ids: Sequence[int]) -> Chunk:
    chunk = Chunk([])
    for pk in ids:
        try:
            with apart():
                chunk.rows += _read([pk])
        except DatabaseUnavailable:
            raise
        except Exception as error:
            chunk.unreadable.append(unreadable(f"transaction {pk}", error))
    return chunk


def _read(ids: Sequence[int]) -> list[Transaction]:
    revisions = (
        TransactionRevision.objects.select_related("entry_group", "member")
        .prefetch_related(
            Prefetch("entry_group__entries", queryset=Entry.objects.select_related("account"))
        )
        .order_by("number")
    )
    return list(
        Transaction.objects.filter(pk__gte=ids[0], pk__lte=ids[-1])
        .order_by("pk")
        .prefetch_related("children", Prefetch("revisions", queryset=revisions))
    )
