"""Orders as they stood at an instant, derived again from their revisions up to then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from rewards_site.kernel.errors import Conflict
from transactions.derived import Derived, Evidence, derive, evidence_of
from transactions.models import Transaction, TransactionRevision
from transactions.stored import write_order

Steps = list[tuple[TransactionRevision, Derived]]
"""Each revision of an order with the order as it stood after it."""


class NotDerivedError(Conflict):
    """What stands in the books is not what Button said: verify_ledger says where."""

    code = "books_differ"


def values_as_of(pks: Sequence[int], names: Sequence[str], as_of: datetime) -> dict[int, list[Any]]:
    """Primary key → the fields `names` as they were then; without orders not known then.

    Raises: NotDerivedError.
    """
    if not pks:
        return {}
    fixed = ("public_id", "account_id", "currency", "first_seen_at")
    orders = Transaction.objects.only(*fixed).in_bulk(pks)
    return {pk: _values(orders[pk], names, steps[-1]) for pk, steps in steps_until(pks, as_of)}


def steps_until(pks: Sequence[int], as_of: datetime) -> Iterator[tuple[int, Steps]]:
    """(primary key, all that became of the order until then), without orders not known then.

    Raises: NotDerivedError.
    """
    if not pks:
        return
    revisions = list(
        TransactionRevision.objects.filter(transaction_id__in=pks, recorded_at__lte=as_of)
        .select_related("member")
        .defer("raw_row")
        .order_by("transaction_id", "number")
    )
    evidence = evidence_of(revisions)
    for pk, of_order in groupby(revisions, _order_of):
        yield pk, _steps(pk, list(of_order), evidence)


def _order_of(revision: TransactionRevision) -> int:
    return revision.transaction_id


def _steps(pk: int, revisions: Sequence[TransactionRevision], evidence: Evidence) -> Steps:
    steps: Steps = []
    for revision in revisions:
        after = derive(steps[-1][1] if steps else None, revision, evidence)
        if isinstance(after, str):
            public_id = Transaction.objects.values_list("public_id", flat=True).get(pk=pk)
            raise NotDerivedError(
                f"Order {public_id} cannot be told as it stood then: its revision "
                f"{revision.number} is not what was booked ({after}). Run manage.py verify_ledger."
            )
        steps.append((revision, after))
    return steps


def _values(
    order: Transaction, names: Sequence[str], last_step: tuple[TransactionRevision, Derived]
) -> list[Any]:
    last, known = last_step
    then = Transaction(
        public_id=order.public_id,
        account_id=order.account_id,
        currency=order.currency,
        first_seen_at=order.first_seen_at,
        final_at=known.final_at,
    )
    write_order(then, known.order, member_id=last.member_id, at=last.recorded_at)
    member = last.member
    whose = {
        "member__public_id": member.public_id if member else None,
        "member__customer_id": member.customer_id if member else None,
    }
    return [whose[name] if name in whose else getattr(then, name) for name in names]
