"""The file by which people pay a batch: one line an item, the same bytes each time it is taken."""

from __future__ import annotations

import csv
import hashlib
import io
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict
from rewards_site.kernel.money import decimal_text
from rewards_site.reports.writers import safe_text
from transactions.payouts import batches
from transactions.payouts.models import PayoutBatch, PayoutItem, StepVerb
from transactions.payouts.payable import must_all_be_payable
from transactions.payouts.providers.manual_file import NAME as MANUAL_FILE
from transactions.payouts.states import BatchStatus, ItemStatus
from transactions.redemptions.destinations import opened

COLUMNS = ("item_id", "amount", "currency", "destination")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    name: str
    content: bytes
    sha256: str


def export_batch(*, batch_id: int, actor: User, reason: str, at: datetime) -> Exported:
    """The file, with destinations in clear; who took it, when and why is kept, with its digest.

    From the first time on it may have been paid: it leaves after every check, and the first time
    they are made again. Amounts in major units, exact. Locks: members held, then the batch.
    Raises: InvalidInput, NotFound (also: a destination was erased), Conflict (not sent yet; not
    paid by a file; somebody may not be paid now; a destination cannot be read).
    """
    reason = batches.checked_reason(reason)
    with atomic():
        batches.hold_members_of(batch_id)
        batch = batches.locked_batch(batch_id)
        if batch.provider != MANUAL_FILE:
            raise Conflict("It is not paid by a file: its destinations stay where they are.")
        batches.must_be(batch, BatchStatus.SENT, BatchStatus.SETTLED)
        if not batches.was_exported(batch):
            must_all_be_payable(batch, at=at)
        content = _content(batch)
        digest = hashlib.sha256(content).hexdigest()
        batches.note(
            batch,
            StepVerb.EXPORTED,
            actor_id=actor.pk,
            reason=reason,
            digest=digest,
            at=at,
            items=batch.item_count,
        )
    return Exported(name=f"payout-{batch.public_id}.csv", content=content, sha256=digest)


def _content(batch: PayoutBatch) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    items = PayoutItem.objects.filter(batch=batch.pk).exclude(status=ItemStatus.REMOVED)
    for item in items.select_related("redemption").order_by("pk"):
        writer.writerow(
            (
                str(item.public_id),
                decimal_text(item.amount_minor, item.currency),
                item.currency,
                safe_text(opened(item.redemption)),
            )
        )
    return text.getvalue().encode()
