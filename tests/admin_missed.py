"""Lost webhooks for the admin's tests."""

from __future__ import annotations

from accounts_sync.missed.models import FoundChange, Measuring, ToldDay, Verdict
from tests.factories import NOON
from transactions.models import TransactionRevision


def fill_missed(number: int, transaction_id: int) -> None:
    """The order's first revision, as if the sync had told it and no webhook."""
    revision = TransactionRevision.objects.filter(transaction=transaction_id).earliest("number")
    account_id = revision.transaction.account_id
    FoundChange.objects.create(
        revision=revision,
        account_id=account_id,
        transaction_id=transaction_id,
        tx_id=f"tx-{number:04d}",
        status="pending",
        modified_at=NOON,
        found_at=NOON,
        day=NOON.date(),
        detect_seconds=number,
        verdict=Verdict.LOST,
    )
    ToldDay.objects.create(
        account_id=account_id, day=NOON.date(), webhook_count=1, found_count=1, lost_count=1
    )
    Measuring.objects.update_or_create(pk=1, defaults={"measured_at": NOON})
