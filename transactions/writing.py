"""Writing what a batch changed: members, books, orders, children, revisions, in that order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from rewards_site.button.wirejson import text_of
from rewards_site.kernel.db import overwrite
from rewards_site.members.services import ensure_members
from transactions import batch as rows
from transactions.fold import OrderState, Step
from transactions.holdings import Holding, difference, newly_earned
from transactions.ledger.chart import GroupKind
from transactions.ledger.posting import GroupDraft, post
from transactions.models import RevisionKind, Transaction, TransactionChild, TransactionRevision
from transactions.states import ChildState
from transactions.stored import CHILD_FIELDS, ORDER_FIELDS, holding, write_child, write_order
from transactions.told import Outcome, Told, deferred


class RefusedError(Exception):
    """Some observations of the batch were refused by the books: again, without them."""

    def __init__(self, outcomes: dict[int, Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


@dataclass(slots=True)
class Change:
    """One observation that changes its order, before it is booked."""

    index: int
    told: Told
    row: Transaction
    before: OrderState
    step: Step
    number: int

    @property
    def cause(self) -> str:
        return f"transaction/{self.row.pk}/revision/{self.number}"


@dataclass(slots=True)
class Folded:
    changes: list[Change] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    states: dict[int, OrderState] = field(default_factory=dict)
    """By the transaction's pk: the order when the batch is through."""
    members: dict[str, int] = field(default_factory=dict)
    """customer id → pk of the members that the orders already have."""


def write(folded: Folded, locked: rows.LockedOrders, *, at: datetime) -> None:
    """Book what changed and write orders, children and revisions, one statement a table.

    Raises: RefusedError with the observations that the books do not take.
    """
    named = {change.step.order.customer_id for change in folded.changes}
    new = {name for name in named if name is not None and name not in folded.members}
    members = folded.members | ensure_members(new, at=at)
    group_ids = _book(folded, members)
    orders = {change.row.pk: change.row for change in folded.changes}
    for change in folded.changes:
        change.row.revision_count = change.number
    for pk, row in orders.items():
        state = folded.states[pk]
        write_order(row, state, member_id=_member_id(state, members), at=at)
    overwrite([orders[pk] for pk in sorted(orders)], ORDER_FIELDS)
    children = _write_children(folded, locked)
    TransactionRevision.objects.bulk_create(
        [_revision(change, children, members, group_ids, at=at) for change in folded.changes]
    )


def _member_id(state: OrderState, members: dict[str, int]) -> int | None:
    return members[state.customer_id] if state.customer_id is not None else None


def _book(folded: Folded, members: dict[str, int]) -> dict[str, int]:
    """Post what the changes move. Raises RefusedError for those that the books do not take."""
    drafts: list[GroupDraft] = []
    for change in folded.changes:
        held, should = _holdings(change, members)
        postings = difference(held, should)
        if postings:
            drafts.append(
                GroupDraft(
                    cause=change.cause,
                    kind=GroupKind.TRANSACTION,
                    postings=postings,
                    earned_minor=newly_earned(held, should),
                )
            )
    if not drafts:
        return {}
    posted = post(drafts)
    if posted.refusals:
        # Only the first of each order: what follows it was judged as if it had been booked.
        first: dict[int, Change] = {}
        for change in folded.changes:
            if change.cause in posted.refusals:
                first.setdefault(change.row.pk, change)
        raise RefusedError(
            {
                change.index: deferred(
                    f"the books refuse it: {posted.refusals[change.cause].reason}"
                )
                for change in first.values()
            }
        )
    return posted.group_ids


def _holdings(change: Change, members: dict[str, int]) -> tuple[Holding, Holding]:
    before, after = change.before, change.step.order
    held = holding(before, member_id=_member_id(before, members), is_booked=bool(before.children))
    return held, holding(after, member_id=_member_id(after, members))


def _write_children(folded: Folded, locked: rows.LockedOrders) -> dict[str, TransactionChild]:
    known = {child.tx_id: child for group in locked.children.values() for child in group}
    states: dict[str, ChildState] = {}
    order_of: dict[str, int] = {}
    for change in folded.changes:
        tx_id = change.told.observation.tx_id
        order_of[tx_id] = change.row.pk
        states[tx_id] = folded.states[change.row.pk].children[tx_id]
    new: list[TransactionChild] = []
    changed: list[TransactionChild] = []
    for tx_id, state in sorted(states.items()):
        row = known.get(tx_id)
        if row is None:
            row = TransactionChild(tx_id=tx_id, transaction_id=order_of[tx_id])
            new.append(row)
        else:
            changed.append(row)
        write_child(row, state)
        known[tx_id] = row
    if new:
        TransactionChild.objects.bulk_create(new)
    overwrite(changed, CHILD_FIELDS)
    return known


def _revision(
    change: Change,
    children: dict[str, TransactionChild],
    members: dict[str, int],
    group_ids: dict[str, int],
    *,
    at: datetime,
) -> TransactionRevision:
    observation, after = change.told.observation, change.step.order
    assert after.terms is not None
    return TransactionRevision(
        transaction=change.row,
        number=change.number,
        kind=RevisionKind.TOLD,
        source=change.told.channel,
        child=children[observation.tx_id],
        observation=observation.as_json(),
        raw_row="" if change.told.raw is None else text_of(change.told.raw),
        is_test=after.is_test,
        occurred_at=observation.modified_at,
        read_at=change.told.read_at,
        recorded_at=at,
        status=after.status,
        commission_minor=after.commission_minor,
        reward_minor=after.reward_minor,
        change_minor=after.reward_minor - change.before.reward_minor,
        member_id=_member_id(after, members),
        merchant_id=after.merchant_id,
        terms=after.terms.as_json(),
        flags=list(change.step.flags),
        missing_from=change.step.missing_from,
        missing_until=change.step.missing_until,
        entry_group_id=group_ids.get(change.cause),
    )
