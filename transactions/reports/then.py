"""Orders as they stood at an instant, derived again from their revisions up to then."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from rewards_site.kernel.errors import Conflict
from transactions.derived import Derived, Evidence, derive, evidence_of
from transactions.models import Transaction, TransactionRevision
from transactions.stored import write_order


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
    revisions = list(
        TransactionRevision.objects.filter(transaction_id__in=pks, recorded_at__lte=as_of)
        .select_related("member")
        .defer("raw_row")
        .order_by("transaction_id", "number")
    )
    evidence = evidence_of(revisions)
    return {
        pk: _values(orders[pk], names, list(of_order), evidence)
        for pk, of_order in groupby(revisions, _order_of)
    }


def _order_of(revision: TransactionRevision) -> int:
    return revision.transaction_id


def _values(
    order: Transaction,
    names: Sequence[str],
    revisions: Sequence[TransactionRevision],
    evidence: Evidence,
) -> list[Any]:
    known: Derived | None = None
    for revision in revisions:
        after = derive(known, revision, evidence)
        if isinstance(after, str):
            raise NotDerivedError(
                f"Order {order.public_id} cannot be told as it stood then: its revision "
                f"{revision.number} is not what was booked ({after}). Run manage.py verify_ledger."
            )
        known = after
    assert known is not None
    last = revisions[-1]
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
