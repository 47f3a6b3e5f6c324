"""When staff give an order to somebody else: what is taken back, and how it is booked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from offers.queries import store_names
from offers.rules.terms import POINTS_KINDS
from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel.db import check_constraints_now, overwrite
from rewards_site.kernel.errors import Refused
from rewards_site.kernel.money import decimal_text
from rewards_site.members.queries import customer_ids
from rewards_site.notifications.announce import announce
from rewards_site.notifications.news import News
from transactions.announcing import Moved, news_of
from transactions.choosing import clicked
from transactions.clicked import Naming
from transactions.fold import rewarded, with_flags
from transactions.holdings import Holding, difference, is_taken_back, left_behind, newly_earned
from transactions.known import read_clicks
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.posting import GroupDraft, Posted, lock_balances, post
from transactions.models import RevisionKind, Source, Transaction, TransactionRevision
from transactions.order import OrderState, reward_change
from transactions.stored import (
    ORDER_FIELDS,
    holding,
    order_state,
    write_order,
    write_unrecovered,
)
from transactions.told import Outcome, applied


@dataclass(frozen=True, slots=True, kw_only=True)
class Actors:
    """Who acts, and why; `approver_id` is the second person, where there is one."""

    actor_id: int
    reason: str
    approver_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An order after staff gave it to somebody, and what is flagged by that."""

    order: OrderState
    flags: tuple[str, ...] = ()


def give(before: OrderState, after: OrderState, *, from_id: int | None, to_id: int | None) -> Given:
    """`after` with what its member has spent of it and keeps, to the house's loss.

    A pending reward is taken back whole; of a final one no more than what is available to its
    member now. Locks: every ledger account that the booking of it touches.
    """
    held, should = holding(before, member_id=from_id), holding(after, member_id=to_id)
    if not is_taken_back(held, should):
        left = left_behind(held, should, balance_minor=0)
        return Given(order=replace(after, unrecovered=left))
    balances = lock_balances(
        key for posting in difference(held, should) for key in (posting.debit, posting.credit)
    )
    source = AccountKey(AccountKind.AVAILABLE, before.reward_currency, member_id=from_id)
    left = left_behind(held, should, balance_minor=balances[source]) if balances else {}
    flags = loss_flags(held, left)
    order = replace(after, unrecovered=left, flags=with_flags(after.flags, flags))
    return Given(order=order, flags=flags)


def loss_flags(held: Holding, left: dict[int, int]) -> tuple[str, ...]:
    """What is written on an order that could not be taken back whole."""
    missing = left.get(held.member_id, 0) if held.member_id is not None else 0
    if not missing:
        return ()
    return (
        f"moved when {decimal_text(missing, held.claim_currency)} {held.claim_currency} of it "
        "was spent: "
        "that much is the publisher's loss",
    )


def draft(
    before: Holding, after: Holding, *, cause: str, transaction_id: int, kind: GroupKind
) -> GroupDraft | None:
    """The group that books what staff decided; None where no money moves.

    `kind` is what it is called unless it goes from one member to another, or back to one who had
    the final reward of it before: that is not earned a second time.
    """
    postings = difference(before, after)
    if not postings:
        return None
    earned = newly_earned(before, after)
    if earned and had_reward(transaction_id, after):
        kind, earned = GroupKind.RETURN, 0
    elif None not in (before.member_id, after.member_id) and before.member_id != after.member_id:
        kind = GroupKind.MOVE
    return GroupDraft(cause=cause, kind=kind, postings=postings, earned_minor=earned)


def had_reward(transaction_id: int, of: Holding, *, at_least: int = 1) -> bool:
    """Whether a final reward of so much, of this order, was its member's at some time before."""
    kinds = [kind.value for kind in POINTS_KINDS]
    in_points = Q(terms__type__in=kinds)
    is_in_points = of.claim_currency != of.currency
    return TransactionRevision.objects.filter(
        Q(member=of.member_id) | Q(member__same_as=of.member_id, member__same_as__isnull=False),
        in_points if is_in_points else ~in_points,
        transaction=transaction_id,
        status=ButtonStatus.VALIDATED,
        is_held=False,
        reward_minor__gte=at_least,
    ).exists()


def give_to(
    row: Transaction, customer_id: str, member_id: int, *, actors: Actors, at: datetime
) -> Outcome:
    """Credit an order to a member: book it, write the order and the revision.

    `row` is locked by the caller. Raises: Refused, if the books do not take it.
    """
    from_id = row.member_id
    names = customer_ids({from_id}) if from_id is not None else {}
    before = order_state(
        row, list(row.children.all()), customer_id=names[from_id] if from_id is not None else None
    )
    after = rewarded(replace(before, customer_id=customer_id))
    after = clicked(after, _naming(row, customer_id, member_id))
    given = give(before, after, from_id=from_id, to_id=member_id)
    row.revision_count += 1
    posted = _book(row, before, given.order, from_id=from_id, to_id=member_id)
    write_order(row, given.order, member_id=member_id, at=posted.at)
    overwrite([row], ORDER_FIELDS)
    TransactionRevision.objects.create(
        transaction=row,
        number=row.revision_count,
        kind=RevisionKind.ASSIGNED if from_id is None else RevisionKind.MOVED,
        source=Source.STAFF,
        occurred_at=at,
        read_at=at,
        recorded_at=posted.at,
        status=given.order.status,
        commission_minor=given.order.commission_minor,
        reward_minor=given.order.reward_minor,
        change_minor=reward_change(before, given.order),
        member_id=member_id,
        merchant_id=given.order.merchant_id,
        terms=row.terms,
        flags=list(given.flags),
        unrecovered=write_unrecovered(given.order),
        is_held=given.order.is_held,
        entry_group_id=next(iter(posted.group_ids.values()), None),
        actor_id=actors.actor_id,
        approver_id=actors.approver_id,
        reason=actors.reason,
    )
    announce(_news(row, before, given.order, posted, from_id=from_id, to_id=member_id))
    check_constraints_now()
    return applied(row.pk)


def _news(
    row: Transaction,
    before: OrderState,
    after: OrderState,
    posted: Posted,
    *,
    from_id: int | None,
    to_id: int,
) -> list[News]:
    moved = Moved(
        cause=_cause(row),
        transaction_id=row.public_id,
        purchased_at=row.purchased_at,
        store=store_names({row.merchant_id}).get(row.merchant_id, "") if row.merchant_id else "",
        held=holding(before, member_id=from_id),
        should=holding(after, member_id=to_id),
    )
    return list(news_of(moved, posted))


def _cause(row: Transaction) -> str:
    return f"transaction/{row.pk}/revision/{row.revision_count}"


def _naming(row: Transaction, customer_id: str, member_id: int) -> Naming:
    """The click that the order names may be of whom it is given to, or of nobody any more."""
    clicks = read_clicks({row.pub_ref})
    return Naming(attribution_field="", known_as={customer_id: member_id}, clicks=clicks)


def _book(
    row: Transaction,
    before: OrderState,
    after: OrderState,
    *,
    from_id: int | None,
    to_id: int,
) -> Posted:
    group = draft(
        holding(before, member_id=from_id),
        holding(after, member_id=to_id),
        cause=_cause(row),
        transaction_id=row.pk,
        kind=GroupKind.ATTRIBUTION,
    )
    posted = post([group] if group else [], after=row.changed_at)
    for refusal in posted.refusals.values():
        raise Refused(refusal.reason)
    return posted
