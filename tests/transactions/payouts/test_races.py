"""The file and the end of its batch at once: one of them is first, and the other is refused."""

from __future__ import annotations

from collections import Counter

import pytest

from rewards_site.kernel.errors import Conflict
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import at_once, deadlock_count
from tests.transactions.payouts.paying import (
    cancelled,
    closed,
    collected,
    exported,
    owed,
    sent,
    staff,
)
from transactions.payouts.models import BatchStep, PayoutBatch, PayoutItem
from transactions.redemptions.methods import MANUAL

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.postgres]

CROWD = 6


def test_who_has_the_file_of_a_batch_has_one_that_cannot_be_cancelled() -> None:
    staff("fiona")
    for turn in range(4):
        owed(f"ann-{turn}", method=MANUAL)
        batch = closed(collected(MANUAL, "manual-file"))
        sent(batch)

        def take_or_cancel(number: int, batch: PayoutBatch = batch) -> object:
            return exported(batch) if number % 2 else cancelled(batch)

        results = at_once(CROWD, take_or_cancel)

        batch.refresh_from_db()
        taken = BatchStep.objects.filter(batch=batch, verb="exported").count()
        item = PayoutItem.objects.get(batch=batch)
        assert (batch.status, item.status, taken) in {
            ("sent", "sent", CROWD // 2),
            ("cancelled", "removed", 0),
        }
        assert Counter(type(result) for result in results)[Conflict] == CROWD // 2
        if batch.status == "cancelled":  # so that the next turn does not collect it
            closed(collected(MANUAL, "manual-file"))
    assert deadlock_count() == 0
    books_are_right()
