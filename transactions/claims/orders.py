"""The orders of a member as claims look at them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db.models import Q

from transactions.claims.deciding import Order
from transactions.claims.matching import ClaimedOrder, KnownOrder
from transactions.claims.models import Claim
from transactions.models import Transaction, TransactionChild

ORDERS_MAX = 200
"""The newest at one brand; nobody claims by what came before."""


def claimed_of(claim: Claim) -> ClaimedOrder:
    return ClaimedOrder(
        click_pk=claim.click_id,
        merchant_id=claim.merchant_id,
        reference=claim.order_reference,
        total_minor=claim.order_total_minor,
        currency=claim.order_currency,
        purchased_at=claim.purchased_at,
    )


def orders_like(*, member_ids: Collection[int], merchant_id: str, click_pk: int) -> list[Order]:
    """The newest orders of the member at the brand, and those of the tap; two statements."""
    wanted = Q(member__in=member_ids) & (Q(merchant=merchant_id) | Q(click=click_pk))
    rows = list(
        Transaction.objects.filter(wanted, is_test=False)
        .defer("terms", "flags", "unrecovered")
        .order_by("-public_id")[:ORDERS_MAX]
    )
    references = references_of(rows)
    return [
        Order(pk=row.pk, known=known_order(row, references[row.pk]), status=row.status)
        for row in rows
    ]


def known_order(row: Transaction, references: Collection[str]) -> KnownOrder:
    return KnownOrder(
        click_pk=row.click_id,
        merchant_id=row.merchant_id,
        references=references,
        total_minor=row.order_total_minor,
        currency=row.order_currency,
        purchased_at=row.purchased_at,
    )


def references_of(rows: Iterable[Transaction]) -> dict[int, Sequence[str]]:
    """Order → the ids it goes by: Button's, and the brand's own where its children told one."""
    found: dict[int, list[str]] = defaultdict(list)
    ids = []
    for row in rows:
        ids.append(row.pk)
        found[row.pk] = [row.button_order_id] if row.button_order_id else []
    told = TransactionChild.objects.filter(transaction__in=ids).values_list(
        "transaction_id", "told__order_reference__0"
    )
    for pk, reference in told if ids else ():
        if reference:
            found[pk].append(_text(reference))
    return dict(found)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else str(value)
