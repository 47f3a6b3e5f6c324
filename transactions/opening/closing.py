"""The end of what was brought along as pending: no order decides it, so people do.

Released, it becomes available; cancelled, it goes back to where it came from. Each line once.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import InvalidInput, NotFound, Refused
from rewards_site.members.queries import held_members, holder_id, member_ids
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.posting import GroupDraft, Posting, post
from transactions.opening.importing import Importer, Progress
from transactions.opening.models import Closing, OpeningClosing, OpeningImport, OpeningLine

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500
_CHUNK = 1000


@dataclass(slots=True)
class Closed:
    """How many lines were closed, and what came of them, by currency, in its minor units."""

    line_count: int = 0
    amounts: dict[str, int] = field(default_factory=dict)


def close_pending(
    *,
    name: str,
    kind: Closing,
    customer_ids: set[str] | None,
    by: Importer,
    reason: str,
    at: datetime,
    progress: Progress | None = None,
) -> Closed:
    """Release or cancel what the import `name` brought as pending, of these customers or of all.

    Idempotent: lines that are closed already, either way, are left alone. Raises: NotFound (import,
    or a customer without a line in it), InvalidInput (reason), Refused (import is not finished).
    """
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(f"A reason of 1 to {REASON_LENGTH_MAX} characters is needed.")
    row = OpeningImport.objects.filter(name=name.strip()).first()
    if row is None:
        raise NotFound(f"Nothing was imported under the name «{name}».")
    if row.finished_at is None:
        raise Refused("The import is not finished: run it again first.")
    lines = _open_lines(row, customer_ids)
    done = Closed()
    for start in range(0, len(lines), _CHUNK):
        ids = lines[start : start + _CHUNK]
        work = partial(_close_chunk, row.pk, ids, kind, by=by, reason=reason, at=at)
        for currency, amount in retry_deadlocks(work):
            done.line_count += 1
            done.amounts[currency] = done.amounts.get(currency, 0) + amount
        if progress:
            progress(min(start + _CHUNK, len(lines)), len(lines))
    log.info("opening.closed", extra={"opening": row.pk, "lines": done.line_count, "kind": kind})
    return done


def _open_lines(row: OpeningImport, customer_ids: set[str] | None) -> list[int]:
    rows = row.lines.filter(pending_minor__gt=0, closing__isnull=True)
    if customer_ids is not None:
        members = member_ids(customer_ids)
        mine = row.lines.filter(member__in=members.values()) | row.lines.filter(
            member__same_as__in=members.values()
        )
        unknown = sorted(customer_ids - members.keys())
        if unknown or not mine.exists():
            raise NotFound(f"Not in this import: {', '.join(unknown or sorted(customer_ids))}.")
        rows = rows.filter(pk__in=mine.values("pk"))
    return list(rows.order_by("number").values_list("pk", flat=True))


def _close_chunk(
    opening_id: int,
    line_ids: Sequence[int],
    kind: Closing,
    *,
    by: Importer,
    reason: str,
    at: datetime,
) -> list[tuple[str, int]]:
    """(currency, amount) of each line closed here. Locks the import, members, ledger accounts."""
    with atomic():
        OpeningImport.objects.select_for_update(no_key=True, of=("self",)).get(pk=opening_id)
        lines = list(
            OpeningLine.objects.filter(pk__in=line_ids, closing__isnull=True).order_by("number")
        )
        if not lines:
            return []
        held = held_members({line.member_id for line in lines})
        whose = {line.pk: holder_id(held[line.member_id]) for line in lines}
        drafts = [closing_draft(line, kind, member_id=whose[line.pk]) for line in lines]
        posted = post(drafts)
        for refusal in posted.refusals.values():
            raise Refused(f"{refusal.cause}: {refusal.reason}")
        OpeningClosing.objects.bulk_create(
            OpeningClosing(
                line=line,
                kind=kind,
                member_id=whose[line.pk],
                closed_by=by.imported_by[:150],
                actor=by.actor,
                reason=reason,
                closed_at=at,
                entry_group_id=posted.group_ids[draft.cause],
            )
            for line, draft in zip(lines, drafts, strict=True)
        )
        return [(line.currency, line.pending_minor) for line in lines]


def closing_draft(line: OpeningLine, kind: Closing, *, member_id: int) -> GroupDraft:
    """What the end of a line's pending balance is booked by; a release is not earned here."""
    if kind == Closing.RELEASED:
        group_kind = GroupKind.OPENING_RELEASED
        credit = AccountKey(AccountKind.AVAILABLE, line.currency, member_id=member_id)
    else:
        group_kind = GroupKind.OPENING_CANCELLED
        credit = AccountKey(AccountKind.OPENING_BALANCES, line.currency)
    return GroupDraft(
        cause=f"opening/{line.opening_id}/line/{line.number}/{kind}",
        kind=group_kind,
        postings=(
            Posting(
                debit=AccountKey(AccountKind.PENDING, line.currency, member_id=member_id),
                credit=credit,
                amount_minor=line.pending_minor,
            ),
        ),
    )
