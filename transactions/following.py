"""What follows from a booking in its own commit: members are told, open claims are answered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rewards_site.kernel.rows import Write
from rewards_site.notifications import announce
from rewards_site.notifications.news import News
from transactions.announcing import Moved, news_of
from transactions.claims.models import Claim
from transactions.claims.settling import ArrivedOrder, settled
from transactions.effective import fact
from transactions.folded import Folded, holdings_of
from transactions.ledger.posting import Posted
from transactions.models import Transaction


def following(
    folded: Folded, members: dict[str, int], posted: Posted, *, claims: Sequence[Claim]
) -> list[Write]:
    """What is to be written so. The orders' rows are as they will be; `claims` are locked."""
    orders = {change.row.pk: change.row for change in folded.changes}
    writes, answered = settled(claims, list(_arrived(folded, orders)), at=posted.at)
    news = [*_news(folded, members, posted), *answered]
    return [*writes, *announce.prepare(news)]


def _arrived(folded: Folded, orders: dict[int, Transaction]) -> Iterator[ArrivedOrder]:
    """Orders that have a member, as they stand now; play money is nobody's."""
    for pk, row in orders.items():
        if row.member_id is None or row.is_test:
            continue
        told = folded.states[pk].children.values()
        yield ArrivedOrder(
            transaction_id=pk,
            public_id=row.public_id,
            member_id=row.member_id,
            merchant_id=row.merchant_id,
            click_id=row.click_id,
            order_ids=[
                text
                for text in (row.button_order_id, fact(told, "order_reference"))
                if isinstance(text, str)
            ],
            purchased_at=row.purchased_at,
            order_total_minor=row.order_total_minor,
            order_currency=row.order_currency,
            status=row.status,
            store=folded.stores.get(row.merchant_id or "", ""),
        )


def _news(folded: Folded, members: dict[str, int], posted: Posted) -> Iterator[News]:
    for change in folded.changes:
        held, should = holdings_of(change, members)
        after = change.step.order
        assert after.purchased_at is not None
        moved = Moved(
            cause=change.cause,
            transaction_id=change.row.public_id,
            purchased_at=after.purchased_at,
            store=folded.stores.get(after.merchant_id or "", ""),
            held=held,
            should=should,
        )
        yield from news_of(moved, posted)
