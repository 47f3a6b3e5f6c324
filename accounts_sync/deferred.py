"""Rows that could not be applied: kept with their reason, tried again, settled in the end."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db.models import F, OuterRef, Q, Subquery

from accounts_sync.inbox.models import DeferredDecision, Verdict
from accounts_sync.models import DeferredRow, DeferredStatus
from accounts_sync.rows import Row, apply_rows, read_row, without_erased
from accounts_sync.runs import plain
from rewards_site.button import wirejson
from rewards_site.kernel.db import atomic, in_transaction, overwrite, retry_deadlocks
from rewards_site.kernel.errors import Conflict, NotFound
from rewards_site.members import forgotten
from transactions.told import Outcome, OutcomeKind, ignored

log = logging.getLogger(__name__)

REPLAYED_AT_ONCE_MAX = 200
_BACK_OFF = (
    timedelta(0),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
)
"""How long to wait after that many tries of the sweep; later tries come once a day."""
_BACK_OFF_LATER = timedelta(days=1)
_TX_ID_CHARACTERS_MAX = 255
REJECTED = "rejected by staff"
"""The outcome of a row that Button shows again after staff rejected it."""


def lock_known(account_id: str, rows: Iterable[Row]) -> dict[str, DeferredRow]:
    """The kept rows among `rows` by digest, locked; before any lock that applying them takes."""
    assert in_transaction()
    digests = {row.digest for row in rows}
    if not digests:
        return {}
    kept = DeferredRow.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
    return {row.row_digest: row for row in kept.filter(account=account_id, row_digest__in=digests)}


def apply_known(
    rows: Sequence[Row], *, known: Mapping[str, DeferredRow], at: datetime
) -> list[Outcome]:
    """As apply_rows(), but for rows that staff rejected: nothing of them is booked.

    `known` are the kept ones among them, by digest, locked. Raises: as apply_rows().
    """
    refused = _rejected(known.values())
    wanted = [row for row in rows if row.digest not in refused]
    outcomes = iter(apply_rows(wanted, at=at))
    return [ignored(REJECTED) if row.digest in refused else next(outcomes) for row in rows]


def _rejected(kept: Iterable[DeferredRow]) -> set[str]:
    """Digests of the kept rows that staff rejected, and did not open again."""
    by_pk = {row.pk: row.row_digest for row in kept}
    if not by_pk:
        return set()
    latest = DeferredDecision.objects.filter(row=OuterRef("pk")).order_by("-pk")
    rows = DeferredRow.objects.filter(pk__in=by_pk)
    verdicts = rows.annotate(verdict=Subquery(latest.values("verdict")[:1]))
    return {
        by_pk[pk]
        for pk, verdict in verdicts.values_list("pk", "verdict")
        if verdict == Verdict.REJECTED
    }


def keep_deferred(
    account_id: str,
    rows: Sequence[Row],
    outcomes: Sequence[Outcome],
    *,
    known: dict[str, DeferredRow],
    at: datetime,
) -> None:
    """Write what was deferred, once per row and account, and settle what is applied by now."""
    new: dict[str, DeferredRow] = {}
    changed: dict[str, DeferredRow] = {}
    for row, outcome in zip(rows, outcomes, strict=True):
        kept = known.get(row.digest)
        if kept is not None:
            if _mark(kept, outcome):
                changed[row.digest] = kept
                kept.seen_count += 1
                kept.last_seen_at = max(kept.last_seen_at, row.read_at)
        elif outcome.kind is OutcomeKind.DEFERRED:
            new[row.digest] = _new(account_id, row, outcome, at=at)
    DeferredRow.objects.bulk_create(new.values())
    overwrite(
        list(changed.values()), ["status", "reason", "transaction", "seen_count", "last_seen_at"]
    )


def _new(account_id: str, row: Row, outcome: Outcome, *, at: datetime) -> DeferredRow:
    return DeferredRow(
        account_id=account_id,
        tx_id=plain(row.tx_id)[:_TX_ID_CHARACTERS_MAX],
        row=wirejson.text_of(row.raw),
        row_digest=row.digest,
        reason=plain(outcome.reason),
        transaction_id=outcome.transaction_id,
        first_seen_at=at,
        # When it was read, not when it is kept: it must not win a tie against a later reading.
        last_seen_at=row.read_at,
    )


def _mark(kept: DeferredRow, outcome: Outcome) -> bool:
    """Put the outcome of a kept row on it; False if that changes nothing."""
    if outcome.kind is OutcomeKind.DEFERRED:
        kept.status = DeferredStatus.OPEN
        kept.reason = plain(outcome.reason)
    elif kept.status == DeferredStatus.SETTLED:
        return False
    else:
        kept.status = DeferredStatus.SETTLED
    kept.transaction_id = outcome.transaction_id or kept.transaction_id
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsReplayed:
    """How many open rows were tried again, and how many of them are settled by that."""

    tried_count: int = 0
    settled_count: int = 0


def replay_rows(*, at: datetime, due_only: bool, ids: Iterable[int] | None = None) -> RowsReplayed:
    """Try open rows again, oldest try first, at most REPLAYED_AT_ONCE_MAX; one commit for all.

    `due_only` leaves out those tried a short while ago. Raises: DatabaseUnavailable.
    """
    wanted = DeferredRow.objects.filter(status=DeferredStatus.OPEN)
    if ids is not None:
        wanted = wanted.filter(pk__in=list(ids))
    if due_only:
        wanted = wanted.filter(_is_due(at))
    oldest_first = wanted.order_by(F("last_attempt_at").asc(nulls_first=True), "pk")
    chosen = list(oldest_first.values_list("pk", flat=True)[:REPLAYED_AT_ONCE_MAX])
    if not chosen:
        return RowsReplayed()
    replayed = retry_deadlocks(lambda: _replay(chosen, at=at))
    log.info(
        "rows.replayed",
        extra={"tried": replayed.tried_count, "settled": replayed.settled_count},
    )
    return replayed


def _is_due(at: datetime) -> Q:
    due = Q(last_attempt_at__isnull=True) | Q(
        attempt_count__gte=len(_BACK_OFF), last_attempt_at__lte=at - _BACK_OFF_LATER
    )
    for attempt_count, wait in enumerate(_BACK_OFF):
        due |= Q(attempt_count=attempt_count, last_attempt_at__lte=at - wait)
    return due


def _replay(ids: Sequence[int], *, at: datetime) -> RowsReplayed:
    with atomic():
        locked = DeferredRow.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        kept = list(locked.filter(pk__in=ids, status=DeferredStatus.OPEN))
        rows = [read_again(row) for row in kept]
        for row, outcome in zip(kept, apply_rows(rows, at=at), strict=True):
            _mark(row, outcome)
            row.attempt_count += 1
            row.last_attempt_at = at
        overwrite(kept, ["status", "reason", "transaction", "attempt_count", "last_attempt_at"])
    settled = sum(row.status == DeferredStatus.SETTLED for row in kept)
    return RowsReplayed(tried_count=len(kept), settled_count=settled)


def replay_row(*, row_id: int, actor: User, at: datetime) -> Outcome:
    """Try one open row again on behalf of `actor`, and write that down in its history.

    Raises: NotFound; Conflict when it is not open; DatabaseUnavailable.
    """
    return retry_deadlocks(partial(_replay_for, actor, row_id=row_id, at=at))


def _replay_for(actor: User, *, row_id: int, at: datetime) -> Outcome:
    with atomic():
        locked = DeferredRow.objects.select_for_update(of=("self",), no_key=True)
        row = locked.filter(pk=row_id).first()
        if row is None:
            raise NotFound(f"There is no deferred row {row_id}.")
        if row.status != DeferredStatus.OPEN:
            raise Conflict(f"{row} is settled; only open rows are tried again.")
        [outcome] = apply_rows([read_again(row)], at=at)
        _mark(row, outcome)
        row.attempt_count += 1
        row.last_attempt_at = at
        row.save(
            update_fields=["status", "reason", "transaction", "attempt_count", "last_attempt_at"]
        )
        LogEntry.objects.create(
            user_id=actor.pk,
            content_type=ContentType.objects.get_for_model(DeferredRow),
            object_id=str(row.pk),
            object_repr=str(row)[:200],
            action_flag=CHANGE,
            change_message=f"Tried again: {outcome.kind.value}. {outcome.reason}".strip(),
        )
    return outcome


def read_again(kept: DeferredRow) -> Row:
    """Read as of when Button last showed it: a tie is won by the row read later."""
    [raw] = without_erased([wirejson.parse(kept.row.encode())], forgotten.current())
    row = read_row(raw, read_at=kept.last_seen_at)
    return replace(row, digest=kept.row_digest)
