"""What to do next with a batch, in a sentence or two."""

from __future__ import annotations

from datetime import datetime

from transactions.payouts.batches import was_exported
from transactions.payouts.claiming import SAFETY, is_past_asking
from transactions.payouts.models import PayoutBatch
from transactions.payouts.providers.manual_file import NAME as MANUAL_FILE
from transactions.payouts.providers.registry import label_of, provider_of
from transactions.payouts.sending import needs_second_person
from transactions.payouts.states import BatchStatus


def next_step(batch: PayoutBatch, *, at: datetime) -> str:
    """For whoever opens its page."""
    is_by_hand = batch.provider == MANUAL_FILE
    match batch.status:
        case BatchStatus.OPEN:
            return "Look through its payments, take out what should wait, then close it."
        case BatchStatus.CLOSED:
            return _closed(batch, is_by_hand=is_by_hand)
        case BatchStatus.SENDING:
            return _sending(batch, at=at)
        case BatchStatus.SENT if is_by_hand and not was_exported(batch):
            return (
                "Export its file and pay by it; then upload the result. Until somebody takes the "
                "file it can be cancelled."
            )
        case BatchStatus.SENT if is_by_hand:
            return (
                "Its file was taken: pay by it once, and leave out whom you may not pay any more. "
                "When it is known which payments went through, upload the result: item_id, "
                "outcome (paid or failed), reference, reason."
            )
        case BatchStatus.SENT:
            return (
                f"{label_of(batch.provider)} is asked by itself until it is known of every payment "
                "what became of it. Payments that nobody claims come back after 30 days. What it "
                "cannot tell of a payment two people say on the payment's page."
            )
        case BatchStatus.SETTLED if is_by_hand:
            return "Nothing. Should a payment come back, upload a result that says it failed."
        case BatchStatus.SETTLED:
            return "Nothing. For 60 days it is asked daily whether a payment came back."
        case _:
            return "Nothing: its redemptions wait for another batch."


def _closed(batch: PayoutBatch, *, is_by_hand: bool) -> str:
    words = ""
    if batch.last_answer:
        words = f"It was not taken: {batch.last_answer} Mend that first. "
    if needs_second_person(batch):
        words += "It is above the limit: sending it is proposed, and another person approves. "
    if is_by_hand:
        return words + "Send it, then export its file and pay by it; or cancel it."
    return words + "Send it, or cancel it."


def _sending(batch: PayoutBatch, *, at: datetime) -> str:
    name = label_of(batch.provider)
    if provider_of(batch.provider) is None:
        return f"{name} is not configured any more: set it up again (docs/payouts.md)."
    if is_past_asking(batch, at=at):
        return (
            f"Nobody knows whether {name} has it, and it is too late to ask by giving it again: "
            f"{name} may have forgotten it, and would pay twice. Look for {batch.public_id} at its "
            "own site. If it is there, enter its id; if it is not, say that it never arrived."
        )
    if batch.unsure_since is not None and batch.last_sent_at is not None:
        ask_at = batch.last_sent_at + SAFETY
        return (
            f"Nobody knows yet whether {name} has it. It is asked from {ask_at:%H:%M} UTC on, and "
            "nothing is paid twice by that. Its redemptions stay approved meanwhile."
        )
    return f"The worker gives it to {name}. Nothing has left yet."
