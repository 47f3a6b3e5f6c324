"""release_orders(): final rewards that were held back become available; release_due() finds them.

Whether one is due goes by what ops set now, not by what was set when it was held back: a delay that
is shortened lets go at once (releases/policy.py).
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import F, Max, OuterRef, Q, Subquery

from offers.queries import store_names
from rewards_site.kernel import rows
from rewards_site.kernel.clock import Waiting
from rewards_site.kernel.db import atomic, constraints_checked, retry_deadlocks
from rewards_site.kernel.errors import Refused
from rewards_site.members.queries import customer_ids, held_members
from rewards_site.notifications import announce
from transactions.announcing import Moved, news_of
from transactions.holdings import difference, newly_earned
from transactions.ledger.chart import GroupKind
from transactions.ledger.posting import GroupDraft, Posted, prepare
from transactions.models import RevisionKind, Source, Transaction, TransactionRevision
from transactions.order import OrderState
from transactions.releases.choices import ReleaseMode
from transactions.releases.models import BrandPayment
from transactions.releases.policy import Policies, policies
from transactions.stored import ORDER_FIELDS, holding, order_state, write_unrecovered

log = logging.getLogger(__name__)

ORDERS_AT_ONCE = 500
COUNTS_AFTER = timedelta(hours=1)
"""After a payment was recorded: so long a mistake can be withdrawn before money is let go."""


def release_due(*, at: datetime, progress: Callable[[int], None] | None = None) -> int:
    """Release every reward that is due; how many. May run twice, at once, or die half-way."""
    done = 0
    while True:
        due = _due(policies(), at=at)
        released = _as_many_as_possible(due, at=at) if due else 0
        done += released
        if progress:
            progress(done)
        if not released:
            return done


def _as_many_as_possible(order_ids: Sequence[int], *, at: datetime) -> int:
    """All in one commit; where the books refuse one of them, each alone."""
    try:
        return release_orders(order_ids, at=at)
    except Refused:
        released = 0
        for order_id in order_ids:
            try:
                released += release_orders([order_id], at=at)
            except Refused as error:
                log.error("rewards.not_released", extra={"order": order_id, "reason": str(error)})  # noqa: TRY400
        return released


def release_orders(
    order_ids: Collection[int],
    *,
    at: datetime,
    actor_id: int | None = None,
    reason: str = "",
) -> int:
    """Make what is held back of these orders available, in one commit; how many were.

    `actor_id` and `reason`: of staff who let go before the time. Those not held back (any more) are
    left alone. Locks: the orders, their members held, the ledger accounts. Raises: Refused.
    """
    waiting = Waiting()

    def work() -> int:
        with atomic():
            found = rows.find(Transaction, {"id": sorted(order_ids)}, is_locked=True)
            held = [row for row in found if row.is_held]
            if not held:
                return 0
            held_members({row.member_id for row in held if row.member_id is not None})
            _release(held, at=waiting.moved_on(at), actor_id=actor_id, reason=reason)
            return len(held)

    released = retry_deadlocks(work)
    if released:
        log.info("rewards.released", extra={"orders": released, "actor": actor_id})
    return released


def _release(
    orders: Sequence[Transaction], *, at: datetime, actor_id: int | None, reason: str
) -> None:
    names = customer_ids({row.member_id for row in orders if row.member_id is not None})
    changes: list[tuple[Transaction, OrderState, OrderState]] = []
    drafts: list[GroupDraft] = []
    for row in orders:
        customer_id = names[row.member_id] if row.member_id is not None else None
        before = order_state(row, [], customer_id=customer_id)
        after = replace(before, is_held=False)
        row.revision_count += 1
        changes.append((row, before, after))
        drafts.append(_draft(row, before, after))
    posted = prepare(drafts, after=max(row.changed_at for row in orders))
    for refusal in posted.refusals.values():
        raise Refused(refusal.reason)
    for row, _, after in changes:
        row.is_held = after.is_held
        row.released_at = row.changed_at = posted.at
    revisions = [
        _revision(row, after, posted, at=at, actor_id=actor_id, reason=reason)
        for row, _, after in changes
    ]
    stores = store_names({row.merchant_id for row in orders if row.merchant_id is not None})
    news = [
        one
        for row, before, after in changes
        for one in news_of(_moved(row, before, after, stores), posted)
    ]
    rows.run(
        [
            *posted.writes,
            *rows.overwrite(sorted(orders, key=lambda row: row.pk), ORDER_FIELDS),
            *rows.insert(revisions),
            *announce.prepare(news),
            *constraints_checked(),
        ]
    )


def _moved(
    row: Transaction, before: OrderState, after: OrderState, stores: dict[str, str]
) -> Moved:
    return Moved(
        cause=_cause(row),
        transaction_id=row.public_id,
        purchased_at=row.purchased_at,
        store=stores.get(row.merchant_id or "", ""),
        held=holding(before, member_id=row.member_id),
        should=holding(after, member_id=row.member_id),
    )


def _draft(row: Transaction, before: OrderState, after: OrderState) -> GroupDraft:
    was = holding(before, member_id=row.member_id)
    should = holding(after, member_id=row.member_id)
    return GroupDraft(
        cause=_cause(row),
        kind=GroupKind.TRANSACTION,
        postings=difference(was, should),
        earned_minor=newly_earned(was, should),
    )


def _cause(row: Transaction) -> str:
    return f"transaction/{row.pk}/revision/{row.revision_count}"


def _revision(
    row: Transaction,
    after: OrderState,
    posted: Posted,
    *,
    at: datetime,
    actor_id: int | None,
    reason: str,
) -> TransactionRevision:
    return TransactionRevision(
        transaction=row,
        number=row.revision_count,
        kind=RevisionKind.RELEASED,
        source=Source.STAFF if actor_id is not None else Source.SCHEDULE,
        is_test=row.is_test,
        occurred_at=at,
        read_at=at,
        recorded_at=posted.at,
        status=after.status,
        commission_minor=after.commission_minor,
        reward_minor=after.reward_minor,
        change_minor=0,
        member_id=row.member_id,
        merchant_id=row.merchant_id,
        terms=row.terms,
        flags=[],
        unrecovered=write_unrecovered(after),
        is_held=False,
        entry_group_id=posted.group_ids.get(_cause(row)),
        actor_id=actor_id,
        reason=reason,
    )


def _due(set_by_ops: Policies, *, at: datetime) -> list[int]:
    """Held orders whose time has come, the longest waiting first."""
    held = Transaction.objects.filter(is_held=True)
    brands = list(held.order_by().values_list("merchant_id", flat=True).distinct())
    wanted = Q(pk__in=[])
    for merchant_id in brands:
        release = set_by_ops.of(merchant_id)
        of_brand = Q(merchant_id=merchant_id) if merchant_id else Q(merchant__isnull=True)
        if release.mode is ReleaseMode.PAID:
            wanted |= of_brand & Q(final_at__lte=F("paid_through"))
        else:
            wanted |= of_brand & Q(final_at__lte=at - timedelta(days=release.delay_days))
    paid = (
        BrandPayment.objects.filter(
            merchant=OuterRef("merchant"), withdrawal__isnull=True, at__lte=at - COUNTS_AFTER
        )
        .order_by()
        .values("merchant")
        .annotate(through=Max("validated_through"))
        .values("through")
    )
    due = held.annotate(paid_through=Subquery(paid)).filter(wanted).order_by("final_at", "pk")
    return list(due.values_list("pk", flat=True)[:ORDERS_AT_ONCE])
