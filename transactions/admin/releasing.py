"""The verb that lets go of a reward that is held back, before its time."""

from __future__ import annotations

from django.contrib import messages

from rewards_site.kernel.admin.service import Attempt, Done, Verb
from transactions.models import Transaction
from transactions.releasing import release_orders


def _release(attempt: Attempt[Transaction]) -> Done:
    released = release_orders(
        [attempt.row.pk], at=attempt.at, actor_id=attempt.actor.pk, reason=attempt.reason
    )
    if not released:
        return Done(message="it was available already.", level=messages.WARNING)
    return Done(message="its reward is available now.")


RELEASE: Verb[Transaction] = Verb(
    name="release",
    label="Release its reward now",
    permission="transactions.release_transaction",
    what_happens=(
        "The order is validated and its reward is held back, by what is set for the brand. It "
        "becomes available to the member now, and may be redeemed. It cannot be taken back."
    ),
    perform=_release,
    objection=lambda row: "" if row.is_held else "its reward is not held back",
)
