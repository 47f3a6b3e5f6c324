"""Writing down what a provider said: items, money, evidence and the batch, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rewards_site.kernel import rows
from rewards_site.kernel.errors import Conflict
from transactions.payouts import batches
from transactions.payouts.models import (
    WHY_LENGTH_MAX,
    PayoutBatch,
    PayoutItem,
    ProviderAnswer,
    StepVerb,
)
from transactions.payouts.providers.protocol import Told
from transactions.payouts.states import (
    OVER,
    BatchStatus,
    ItemStatus,
    Money,
    Move,
    Outcome,
    decide,
)
from transactions.redemptions import services as redemptions
from transactions.redemptions.states import Status

_FIELDS = ["status", "provider_item_id", "word", "problem", "told_at"]
_TOLD_MEMBER = {
    ItemStatus.FAILED: "The payment did not go through.",
    ItemStatus.RETURNED: "The payment came back.",
}


@dataclass(frozen=True, slots=True)
class _Change:
    item: PayoutItem
    told: Told
    move: Move


def record_told(
    batch: PayoutBatch, told: Sequence[Told], *, actor_id: int | None, at: datetime
) -> int:
    """Bring the items of a locked batch to where the provider says they are; how many changed.

    Money and words are one commit, in a fixed number of statements. Told again, nothing changes.
    Locks, after the batch: redemptions by pk, then their members' ledger accounts. The caller holds
    the members (batches.hold_members_of).
    """
    items = {str(item.public_id): item for item in batches.items_of(batch.pk)}
    changes = [
        _Change(items[one.item_id], one, decide(ItemStatus(items[one.item_id].status), one.outcome))
        for one in told
        if one.item_id in items
    ]
    known = _last_words([c.item for c in changes if c.told.outcome is Outcome.UNKNOWN])
    changes = [change for change in changes if _is_new(change, known)]
    if changes:
        moved = _move_money(batch, changes, actor_id=actor_id, at=at)
        answers = [_answer(batch, change, at) for change in changes]
        for change in changes:
            _apply(change, moved.get(change.item.redemption_id), at=at)
        rows.run(
            [*rows.overwrite([change.item for change in changes], _FIELDS), *rows.insert(answers)]
        )
    settle_if_over(batch, list(items.values()), at=at)
    return len(changes)


def record_judged(
    batch: PayoutBatch,
    *,
    item_id: int,
    outcome: Outcome,
    reference: str,
    reason: str,
    actor_id: int,
    at: datetime,
) -> None:
    """Bring one item of a locked batch to where people say it is. Locks as record_told().

    The provider's word stays what it was: the same word again is nothing new. Raises: Conflict.
    """
    items = batches.items_of(batch.pk)
    item = next(item for item in items if item.pk == item_id)
    told = Told(
        item_id=str(item.public_id),
        outcome=outcome,
        word=f"people say {outcome.value}.",
        reference=reference,
        reason=reason,
    )
    change = _Change(item, told, decide(ItemStatus(item.status), outcome))
    moved = _move_money(batch, [change], actor_id=actor_id, at=at)[item.redemption_id]
    if moved.refusal:
        raise Conflict(moved.refusal)
    item.status, item.problem = change.move.status, change.move.problem
    item.provider_item_id = item.provider_item_id or reference
    item.save(update_fields=["status", "problem", "provider_item_id"])
    settle_if_over(batch, items, at=at)


def _last_words(items: Sequence[PayoutItem]) -> Mapping[int, tuple[str, str]]:
    """item → the outcome and why that its provider said last (the why may have been erased)."""
    answers = ProviderAnswer.objects.filter(item__in=[item.pk for item in items]).order_by("pk")
    return {
        pk: (outcome, why) for pk, outcome, why in answers.values_list("item", "outcome", "why")
    }


def _is_new(change: _Change, known: Mapping[int, tuple[str, str]]) -> bool:
    """What people have looked at, or judged, is not new because it is said once more."""
    item, told = change.item, change.told
    if change.move.status != item.status or told.word[:40] != item.word:
        return True
    if told.outcome is not Outcome.UNKNOWN:
        return False
    outcome, why = known.get(item.pk, ("", ""))
    return outcome != told.outcome or why not in ("", told.reason[:WHY_LENGTH_MAX])


def _move_money(
    batch: PayoutBatch, changes: Sequence[_Change], *, actor_id: int | None, at: datetime
) -> Mapping[int, redemptions.Moved]:
    moves = [
        redemptions.Move(
            redemption_id=change.item.redemption_id,
            to=Status.PAID if change.move.money is Money.PAY else Status.FAILED,
            reason=f"{batch.provider}: {change.told.word} {change.told.reason}".strip()[:500],
            told=_TOLD_MEMBER.get(change.move.status, ""),
            reference=(change.told.reference or str(change.item.public_id))[:255],
        )
        for change in changes
        if change.move.money is not None
    ]
    return redemptions.move_redemptions(moves, actor_id=actor_id, at=at) if moves else {}


def _apply(change: _Change, moved: redemptions.Moved | None, *, at: datetime) -> None:
    item, told, move = change.item, change.told, change.move
    item.problem = move.problem
    if told.outcome is Outcome.UNKNOWN:
        item.problem = told.reason or f"«{told.word}» is a word of the provider's not known here."
    if moved is not None and moved.refusal:
        wanted = Status.PAID if move.money is Money.PAY else Status.FAILED
        if moved.status is not wanted:
            item.problem = (
                f"The provider says {told.word}, and the redemption is {moved.status}: "
                f"see what was really paid. {moved.refusal}"
            )
    item.problem = item.problem[:WHY_LENGTH_MAX]
    item.status = move.status
    item.word = told.word[:40]
    item.provider_item_id = told.reference[:64] or item.provider_item_id
    item.told_at = at


def _answer(batch: PayoutBatch, change: _Change, at: datetime) -> ProviderAnswer:
    return ProviderAnswer(
        batch=batch,
        item=change.item,
        word=change.told.word[:40],
        outcome=change.told.outcome,
        why=change.told.reason[:WHY_LENGTH_MAX],
        evidence=change.told.evidence,
        at=at,
    )


def settle_if_over(batch: PayoutBatch, items: Sequence[PayoutItem], *, at: datetime) -> bool:
    """Settled, once it is known of every item what became of it."""
    is_over = all(item.status in OVER for item in items)
    if batch.status != BatchStatus.SENT or not is_over:
        return False
    batch.status = BatchStatus.SETTLED
    batch.settled_at = at
    batch.save(update_fields=["status", "settled_at"])
    batches.note(batch, StepVerb.SETTLED, actor_id=None, at=at)
    return True
