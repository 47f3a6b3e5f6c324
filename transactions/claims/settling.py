"""Open claims are answered by the orders that arrive, in the booking's own commit.

Who books asks open_claims_question() along with other questions, and runs what settled() leaves to
be written together with its own writes. What was in no booking's way (an order that came between a
claim's look and its commit, an order that staff gave to a member) is found by the sweep below.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from offers.queries import store_names
from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel import rows
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.rows import Question, Write
from rewards_site.members.queries import holders
from rewards_site.notifications.announce import prepare
from rewards_site.notifications.news import News
from transactions.claims.choices import Answer, AnsweredBy, ClaimStatus, StepKind
from transactions.claims.matching import KnownOrder, Match, match
from transactions.claims.models import Claim, ClaimStep
from transactions.claims.orders import ORDERS_MAX, claimed_of, known_order, references_of
from transactions.claims.telling import news_of
from transactions.models import Transaction

log = logging.getLogger(__name__)

ANSWERED_FIELDS = (
    *("status", "answer", "answered_by", "answered_at", "transaction", "step_count"),
)
CHUNK = 200
_SUREST = list(Match)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrivedOrder:
    """An order of a member, as it stands after a booking."""

    transaction_id: int
    """Its primary key."""
    public_id: UUID
    member_id: int
    """The member it is credited to: never one that stands for another."""
    merchant_id: str | None
    click_id: int | None
    """Primary key of the click it came by."""
    order_ids: Sequence[str] = ()
    """All references it was told by: Button's, and the brand's own."""
    purchased_at: datetime
    first_seen_at: datetime | None = None
    """When it was first told; None: it is being booked."""
    order_total_minor: int | None = None
    order_currency: str = ""
    status: str
    store: str = ""
    """The brand's name as members read it, where it is at hand."""

    @property
    def known(self) -> KnownOrder:
        return KnownOrder(
            click_pk=self.click_id,
            merchant_id=self.merchant_id,
            references=[text for text in self.order_ids if text],
            total_minor=self.order_total_minor,
            currency=self.order_currency,
            purchased_at=self.purchased_at,
        )


def open_claims_question(
    member_ids: Collection[int], click_ids: Collection[int]
) -> Question[Claim]:
    """Open claims of these members, or of these clicks, locked: to be asked along with others.

    Lock it after orders and members, before ledger accounts (docs/locks.md).
    """
    return rows.rows_of(
        Claim,
        {"member_id": member_ids, "answered_at": None},
        {"click_id": click_ids, "answered_at": None},
        is_locked=True,
    )


def settled(
    claims: Sequence[Claim], arrived: Sequence[ArrivedOrder], *, at: datetime
) -> tuple[list[Write], list[News]]:
    """What is to be written and told of those of `claims` that these orders answer. Asks nothing.

    `claims` are locked and open; each is answered once, by the surest of its orders. Test money is
    no order of anybody's: leave it out. The claims are changed in place.
    """
    news: list[News] = []
    changed: list[Claim] = []
    steps: list[ClaimStep] = []
    for claim in sorted(claims, key=lambda claim: claim.pk):
        order = answering_order(claim, arrived)
        if order is None or claim.answered_at is not None:
            continue
        is_declined = order.status == ButtonStatus.DECLINED
        claim.status = ClaimStatus.ANSWERED
        claim.answer = Answer.TRACKED_DECLINED if is_declined else Answer.TRACKED
        claim.answered_by = AnsweredBy.TRANSACTION
        claim.answered_at = at
        claim.transaction_id = order.transaction_id
        claim.step_count += 1
        changed.append(claim)
        steps.append(
            ClaimStep(
                claim_id=claim.pk,
                number=claim.step_count,
                kind=StepKind.ANSWERED,
                at=at,
                answer=claim.answer,
            )
        )
        news.append(
            news_of(
                claim,
                store=order.store,
                transaction_id=order.public_id,
                order_status=order.status,
                member_id=order.member_id,
            )
        )
    return [*rows.overwrite(changed, ANSWERED_FIELDS), *rows.insert(steps)], news


def answering_order(claim: Claim, arrived: Sequence[ArrivedOrder]) -> ArrivedOrder | None:
    """The surest of the orders of its tap, whoever has them, and of its member."""
    claimed = claimed_of(claim)
    found: list[tuple[int, ArrivedOrder]] = []
    for order in arrived:
        is_of_tap = claim.click_id is not None and order.click_id == claim.click_id
        if is_of_tap or order.member_id == claim.member_id:
            by = match(claimed, order.known)
            if by is not None:
                found.append((_SUREST.index(by), order))
    return min(found, key=lambda pair: pair[0])[1] if found else None


def settle_arrived(*, at: datetime) -> int:
    """Answer every open claim whose order is there; how many. In commits of up to 200 claims.

    Idempotent. Locks the claims it answers, by pk.
    """
    count, after = 0, 0
    while True:
        open_ones = Claim.objects.filter(answered_at=None, pk__gt=after).order_by("pk")
        chunk = list(open_ones[:CHUNK])
        if not chunk:
            return count
        after = chunk[-1].pk
        arrived = arrived_for(chunk)
        if arrived:
            ids = [claim.pk for claim in chunk]
            count += retry_deadlocks(lambda: _settle(ids, arrived, at=at))  # noqa: B023


def _settle(claim_ids: Sequence[int], arrived: Sequence[ArrivedOrder], *, at: datetime) -> int:
    with atomic():
        locked = rows.find(Claim, {"id": claim_ids, "answered_at": None}, is_locked=True)
        people = holders({claim.member_id for claim in locked}) if locked else {}
        writes: list[Write] = []
        news: list[News] = []
        for claim in locked:
            own = [
                order
                for order in arrived
                if order.member_id == people[claim.member_id] or order.click_id == claim.click_id
            ]
            more, told = settled([as_of(claim, people)], own, at=at)
            writes += more
            news += told
        rows.run([*writes, *prepare(news)])
    if news:
        log.info("claims.settled", extra={"count": len(news)})
    return len(news)


def as_of(claim: Claim, people: dict[int, int]) -> Claim:
    """The claim as of whom its member stands for by now; that column is not written."""
    claim.member_id = people[claim.member_id]
    return claim


def arrived_for(claims: Sequence[Claim]) -> list[ArrivedOrder]:
    """Orders that may be those of `claims`: of their taps, or of their members at their brands."""
    people = holders({claim.member_id for claim in claims})
    wanted = Q(click__in={claim.click_id for claim in claims})
    wanted |= Q(
        member__in=set(people.values()), merchant__in={claim.merchant_id for claim in claims}
    )
    found = (
        Transaction.objects.filter(wanted, is_test=False, member__isnull=False)
        .defer("terms", "flags", "unrecovered")
        .order_by("-public_id")[: ORDERS_MAX * CHUNK]
    )
    orders = list(found)
    references = references_of(orders)
    stores = store_names({order.merchant_id for order in orders if order.merchant_id})
    return [arrived_of(order, references[order.pk], stores) for order in orders]


def arrived_of(row: Transaction, references: Sequence[str], stores: dict[str, str]) -> ArrivedOrder:
    """An order with its member as it stands in the database."""
    assert row.member_id is not None
    known = known_order(row, references)
    return ArrivedOrder(
        transaction_id=row.pk,
        public_id=row.public_id,
        member_id=row.member_id,
        merchant_id=row.merchant_id,
        click_id=row.click_id,
        order_ids=list(known.references),
        purchased_at=row.purchased_at,
        first_seen_at=row.first_seen_at,
        order_total_minor=row.order_total_minor,
        order_currency=row.order_currency,
        status=row.status,
        store=stores.get(row.merchant_id or "", ""),
    )
