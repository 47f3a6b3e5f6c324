"""What a provider of payouts keeps: batches it took, what became of each payment, its own books.

The beginning of a receiver's address says what becomes of the payment, so that the same calls come
to the same: `failed-ann@…`, `unclaimed-…`, `returned-…`, `reversed-…`, `refunded-…`, `onhold-…`,
`blocked-…`, `pending-…`; every other address is paid. Nothing here knows the product.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.clock import second_text

REMEMBERED = timedelta(days=30)
"""A `sender_batch_id` that was taken longer ago is taken once more, and paid once more."""
UNCLAIMED_FOR = timedelta(days=30)
REVERSED_AFTER = timedelta(days=2)
PENDING_FOR = timedelta(days=1)
_MOVED = {"SUCCESS", "REVERSED", "REFUNDED"}
"""What was paid, if only for a while."""
_CAME_BACK = {"REVERSED", "REFUNDED"}
_LIVES: dict[str, tuple[tuple[timedelta, str], ...]] = {
    "failed": ((timedelta(0), "FAILED"),),
    "blocked": ((timedelta(0), "BLOCKED"),),
    "onhold": ((timedelta(0), "ONHOLD"),),
    "unclaimed": ((timedelta(0), "UNCLAIMED"),),
    "returned": ((timedelta(0), "UNCLAIMED"), (UNCLAIMED_FOR, "RETURNED")),
    "reversed": ((timedelta(0), "SUCCESS"), (REVERSED_AFTER, "REVERSED")),
    "refunded": ((timedelta(0), "SUCCESS"), (REVERSED_AFTER, "REFUNDED")),
    "pending": ((timedelta(0), "PENDING"), (PENDING_FOR, "SUCCESS")),
}
_PAID: tuple[tuple[timedelta, str], ...] = ((timedelta(0), "SUCCESS"),)
_WHY = {
    "FAILED": ("RECEIVER_ACCOUNT_LOCKED", "The receiver's account is locked."),
    "BLOCKED": ("TRANSACTION_BLOCKED", "This payment is blocked."),
    "UNCLAIMED": ("RECEIVER_UNREGISTERED", "The receiver has no account, and was written to."),
    "RETURNED": ("RECEIVER_UNREGISTERED", "Nobody claimed it in 30 days."),
}


@dataclass(slots=True, kw_only=True)
class BankItem:
    """One payment of one batch."""

    payout_item_id: str
    sender_item_id: str
    receiver: str
    amount: Decimal
    currency: str
    told_status: str = ""
    """Set by a control call; it then holds whatever the address says."""

    def status(self, age: timedelta) -> str:
        if self.told_status:
            return self.told_status
        life = _LIVES.get(self.receiver.partition("-")[0], _PAID)
        return [status for after, status in life if after <= age][-1]


@dataclass(slots=True, kw_only=True)
class BankBatch:
    """One batch that was taken."""

    payout_batch_id: str
    sender_batch_id: str
    taken_at: datetime
    items: list[BankItem] = field(default_factory=list)


class Bank:
    """All that was ever taken. The caller holds the lock."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.batches: list[BankBatch] = []

    def original(self, sender_batch_id: str, at: datetime) -> BankBatch | None:
        """The batch of this id, while it is remembered."""
        for batch in self.batches:
            if batch.sender_batch_id == sender_batch_id and at < batch.taken_at + REMEMBERED:
                return batch
        return None

    def batch(self, payout_batch_id: str) -> BankBatch | None:
        found = (one for one in self.batches if one.payout_batch_id == payout_batch_id)
        return next(found, None)

    def take(self, sender_batch_id: str, items: list[BankItem], at: datetime) -> BankBatch:
        number = len(self.batches) + 1
        batch = BankBatch(
            payout_batch_id=_id(self._seed, "batch", number),
            sender_batch_id=sender_batch_id,
            taken_at=at,
            items=items,
        )
        for position, item in enumerate(items):
            item.payout_item_id = _id(self._seed, "item", number, position)
        self.batches.append(batch)
        return batch

    def items_of(self, sender_item_id: str) -> list[BankItem]:
        return [
            item
            for batch in self.batches
            for item in batch.items
            if item.sender_item_id == sender_item_id
        ]

    def ledger(self, at: datetime) -> dict[str, dict[str, object]]:
        """`sender_item_id` → what was really paid for it, and came back, over all batches."""
        sums: dict[str, tuple[Decimal, Decimal, int, str]] = {}
        for batch in self.batches:
            for item in batch.items:
                status = item.status(at - batch.taken_at)
                paid, back, times, _ = sums.get(item.sender_item_id, (Decimal(), Decimal(), 0, ""))
                moved = status in _MOVED
                sums[item.sender_item_id] = (
                    paid + (item.amount if moved else 0),
                    back + (item.amount if status in _CAME_BACK else 0),
                    times + moved,
                    item.currency,
                )
        return {
            item_id: {
                "paid": str(paid),
                "returned": str(back),
                "payments": times,
                "currency": currency,
            }
            for item_id, (paid, back, times, currency) in sums.items()
        }


def item_json(item: BankItem, batch: BankBatch, at: datetime) -> dict[str, object]:
    """One item, as the provider tells of it."""
    status = item.status(at - batch.taken_at)
    told: dict[str, object] = {
        "payout_item_id": item.payout_item_id,
        "transaction_id": item.payout_item_id[::-1],
        "transaction_status": status,
        "payout_item_fee": {"currency": item.currency, "value": "0.25"},
        "payout_batch_id": batch.payout_batch_id,
        "payout_item": {
            "recipient_type": "EMAIL",
            "amount": {"currency": item.currency, "value": str(item.amount)},
            "receiver": item.receiver,
            "sender_item_id": item.sender_item_id,
            "recipient_wallet": "PAYPAL",
        },
        "time_processed": second_text(batch.taken_at),
    }
    if status in _WHY:
        name, message = _WHY[status]
        told["errors"] = {"name": name, "message": message, "details": []}
    return told


def _id(seed: int, *name: object) -> str:
    """As theirs look: 13 capitals and digits."""
    return make_id("payouts", seed, *name).removeprefix("payouts-")[:13].upper()
