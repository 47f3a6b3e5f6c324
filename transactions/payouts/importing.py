"""The result of a batch that people paid by a file: looked at first, then taken as a whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from transactions.payouts import batches, result_file
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem, StepVerb
from transactions.payouts.providers import redacting
from transactions.payouts.providers.protocol import Told
from transactions.payouts.providers.registry import provider_of
from transactions.payouts.recording import record_told
from transactions.payouts.result_file import Line, Mistake, ResultFile
from transactions.payouts.states import BatchStatus, ItemStatus, Outcome, decide

MISTAKES_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a file would do. With a mistake nothing of it is done."""

    digest: str
    counts: Mapping[str, int]
    """What would become of how many items: `paid`, `failed`, `returned`, `as it is`."""
    sums_minor: Mapping[str, int]
    mistakes: tuple[Mistake, ...]
    left_count: int
    """Items that nobody has told of, then."""
    is_known: bool
    """The same file was taken before: it changes nothing."""


def preview_result(*, batch_id: int, content: bytes) -> Preview:
    """Writes nothing. Raises: InvalidInput (no such file at all), NotFound, Conflict."""
    batch = PayoutBatch.objects.filter(pk=batch_id).first()
    if batch is None:
        raise NotFound("There is no such payout batch.")
    return _preview(batch, result_file.read(content))


def import_result(
    *, batch_id: int, content: bytes, actor: User, reason: str, at: datetime
) -> Preview:
    """Take the whole file, or nothing of it. The same file twice changes nothing the second time.

    A payment that the file says failed after it was paid has come back: the money returns.
    Raises: InvalidInput (its mistakes), NotFound, Conflict.
    """
    reason = batches.checked_reason(reason)
    told = result_file.read(content)

    def work() -> Preview:
        with atomic():
            batches.hold_members_of(batch_id)
            return _import(batches.locked_batch(batch_id), told, actor, reason, at)

    return retry_deadlocks(work)


def _import(
    batch: PayoutBatch, told: ResultFile, actor: User, reason: str, at: datetime
) -> Preview:
    preview = _preview(batch, told)
    if preview.mistakes:
        shown = "; ".join(map(str, preview.mistakes[:MISTAKES_SHOWN]))
        more = len(preview.mistakes) - MISTAKES_SHOWN
        tail = f"; and {more} more" if more > 0 else ""
        raise InvalidInput(f"Nothing was taken: {shown}{tail}.", fields={"file": shown})
    if preview.is_known:
        return preview
    batches.note(
        batch,
        StepVerb.IMPORTED,
        actor_id=actor.pk,
        reason=reason,
        digest=told.digest,
        at=at,
        lines=len(told.lines),
        **dict(preview.counts),
    )
    items = {str(item.public_id): item for item in batches.items_of(batch.pk)}
    record_told(
        batch,
        [_told(line, items[line.item_id]) for line in told.lines],
        actor_id=actor.pk,
        at=at,
    )
    return preview


def _preview(batch: PayoutBatch, told: ResultFile) -> Preview:
    provider = provider_of(batch.provider)
    if provider is None or not provider.is_by_hand:
        raise Conflict("Its provider says itself what became of it: no file is needed.")
    batches.must_be(batch, BatchStatus.SENT, BatchStatus.SETTLED)
    batches.must_be_exported(batch)
    items = {str(item.public_id): item for item in batches.items_of(batch.pk)}
    mistakes = list(told.mistakes)
    seen: dict[str, int] = {}
    counts: Counter[str] = Counter()
    sums: Counter[str] = Counter()
    after = {item.pk: ItemStatus(item.status) for item in items.values()}
    for line in told.lines:
        item = items.get(line.item_id)
        if what := _mistake(line, item, seen):
            mistakes.append(Mistake(line=line.number, field=what[0], what=what[1]))
            continue
        assert item is not None
        seen[line.item_id] = line.number
        becomes = decide(ItemStatus(item.status), Outcome(line.outcome)).status
        after[item.pk] = becomes
        word = "as it is" if becomes == item.status else str(becomes)
        counts[word] += 1
        sums[word] += item.amount_minor
    open_statuses = (ItemStatus.WAITING, ItemStatus.SENT, ItemStatus.UNKNOWN)
    return Preview(
        digest=told.digest,
        counts=dict(counts),
        sums_minor=dict(sums),
        mistakes=tuple(sorted(mistakes, key=lambda mistake: mistake.line)),
        left_count=sum(status in open_statuses for status in after.values()),
        is_known=BatchStep.objects.filter(
            batch=batch.pk, verb=StepVerb.IMPORTED, digest=told.digest
        ).exists(),
    )


def _mistake(
    line: Line, item: PayoutItem | None, seen: Mapping[str, int]
) -> tuple[str, str] | None:
    """(field, what is wrong with it)."""
    if item is None:
        return "item_id", "is no item of this batch"
    if line.item_id in seen:
        return "item_id", f"stands in line {seen[line.item_id]} already"
    if item.status == ItemStatus.REMOVED:
        return "item_id", "was taken out of the batch"
    if decide(ItemStatus(item.status), Outcome(line.outcome)).problem:
        return "outcome", f"is paid, and it was {item.status} before: the money went back"
    return None


def _told(line: Line, item: PayoutItem) -> Told:
    told = {"outcome": line.outcome, "reference": line.reference, "reason": line.reason}
    return Told(
        item_id=str(item.public_id),
        outcome=Outcome(line.outcome),
        word=line.outcome,
        reference=line.reference,
        reason=redacting.words(line.reason),
        evidence=redacting.evidence_of({"line": line.number, **told}),
    )
