"""Loading and locking the rows that a batch of observations touches: one statement per table.

Locks are taken in the order of docs/locks.md: Button accounts (read), merchants, transactions.
Rows that are missing are inserted sorted by key, then everything is locked by pk. What was read
before the lock is checked again after it; RacedError says that somebody was faster, and the caller
starts again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rewards_site.button.schemas import TransactionObservation
from rewards_site.kernel.currencies import POINTS
from rewards_site.kernel.rows import Question, Write, ask, find, insert_missing, next_ids, rows_of
from rewards_site.members.models import Member
from rewards_site.members.queries import held_members
from transactions.clicked import Clicks
from transactions.known import Known, read_clicks
from transactions.ledger import accounts
from transactions.ledger.accounts import KnownAccounts
from transactions.models import Transaction, TransactionChild
from transactions.order import is_test_money
from transactions.stored import pub_refs_of
from transactions.told import Outcome, Told, deferred

OrderRef = tuple[str, str]
"""(account_id, order_key)"""


class RacedError(Exception):
    """Another writer changed what this batch was planned on: roll back and start again."""


@dataclass(slots=True)
class Plan:
    """Which order each observation is of, and which observations are deferred before any lock."""

    outcomes: dict[int, Outcome] = field(default_factory=dict)
    order_of: dict[int, OrderRef] = field(default_factory=dict)
    """Index in the batch → its order, by the key it has when the batch is through."""
    known_ids: dict[OrderRef, int] = field(default_factory=dict)
    """Orders that exist, by the key they have when the batch is through."""
    renamed: set[OrderRef] = field(default_factory=set)
    """Orders that take over a `button_order_id` told later."""
    renamers: list[int] = field(default_factory=list)
    """Indices of the observations that tell it."""
    openers: dict[OrderRef, int] = field(default_factory=dict)
    """Orders to be opened → index of the observation that opens them."""
    member_ids: set[int | None] = field(default_factory=set)
    """Of the orders that exist, as read before the lock."""


def plan(batch: Sequence[Told], indices: Sequence[int], known: Known) -> Plan:
    """Find the order of each observation; see `_Planner`."""
    planner = _Planner(batch, known)
    for index in indices:
        planner.place(index)
    return planner.plan


class _Planner:
    """Places observations in order, with what the batch itself has planned so far."""

    def __init__(self, batch: Sequence[Told], known: Known) -> None:
        self.batch = batch
        self.plan = Plan()
        self.order_of_tx: dict[str, OrderRef] = {}
        self.button_order_ids: dict[OrderRef, str | None] = {}
        by_pk = {order.pk: order for order in known.orders}
        for order in known.orders:
            ref = (order.account_id, order.order_key)
            self.plan.known_ids[ref] = order.pk
            self.plan.member_ids.add(order.member_id)
            self.button_order_ids[ref] = order.button_order_id
        for child in known.children:
            order = by_pk[child.transaction_id]
            self.order_of_tx[child.tx_id] = (order.account_id, order.order_key)

    def place(self, index: int) -> None:
        observation = self.batch[index].observation
        known = self.order_of_tx.get(observation.tx_id)
        if known is None:
            ref = (observation.account_id, observation.button_order_id or observation.tx_id)
            if ref not in self.button_order_ids:
                self.plan.openers[ref] = index
                self.button_order_ids[ref] = observation.button_order_id
            self.order_of_tx[observation.tx_id] = ref
            self.plan.order_of[index] = ref
            return
        outcome = self._misplaced(observation, known)
        if outcome:
            self.plan.outcomes[index] = outcome
            return
        if observation.button_order_id and self.button_order_ids[known] is None:
            self.plan.renamers.append(index)
            known = self._rename(known, observation.button_order_id)
        self.plan.order_of[index] = known

    def _misplaced(self, observation: TransactionObservation, known: OrderRef) -> Outcome | None:
        order_id = self.plan.known_ids.get(known)
        if observation.account_id != known[0]:
            return deferred(
                f"{observation.tx_id} belongs to account {known[0]}, told under "
                f"{observation.account_id}",
                order_id,
            )
        told, has = observation.button_order_id, self.button_order_ids[known]
        if told is None or told == has:
            return None
        if has is not None:
            return deferred(
                f"{observation.tx_id} belongs to order {has}, told under {told}", order_id
            )
        if (known[0], told) != known and (known[0], told) in self.button_order_ids:
            return deferred(
                f"{observation.tx_id} was told without an order, now under {told}, "
                "which is another order already",
                order_id,
            )
        return None

    def _rename(self, old: OrderRef, button_order_id: str) -> OrderRef:
        """The order takes over a `button_order_id` that was told later than its `tx` id."""
        new = (old[0], button_order_id)
        self.button_order_ids[new] = button_order_id
        if new == old:
            return new
        del self.button_order_ids[old]
        for tx_id, ref in self.order_of_tx.items():
            if ref == old:
                self.order_of_tx[tx_id] = new
        for index, ref in self.plan.order_of.items():
            if ref == old:
                self.plan.order_of[index] = new
        if old in self.plan.openers:
            self.plan.openers[new] = self.plan.openers.pop(old)
        if old in self.plan.known_ids:
            self.plan.known_ids[new] = self.plan.known_ids.pop(old)
            self.plan.renamed.add(new)
        return new


def _openings(planned: Plan, batch: Sequence[Told], *, at: datetime) -> list[Write]:
    """The rows of new orders, empty; the first observation fills them in this commit."""
    opened = []
    for (account_id, order_key), index in sorted(planned.openers.items()):
        observation = batch[index].observation
        opened.append(
            Transaction(
                account_id=account_id,
                order_key=order_key,
                button_order_id=observation.button_order_id,
                category=observation.category,
                status=observation.status,
                currency=observation.currency,
                reward_currency=observation.currency,
                is_test=is_test_money(batch[index]),
                purchased_at=observation.created_at,
                first_seen_at=at,
                changed_at=at,
            )
        )
    return insert_missing(opened)


@dataclass(slots=True)
class LockedOrders:
    orders: dict[OrderRef, Transaction]
    children: dict[int, list[TransactionChild]]
    """By the transaction's pk."""
    names: dict[int, str]
    """Members' pk → customer id, of those that the orders have, or the batch names."""
    child_ids: list[int]
    """Unused keys, one for each `tx` id that is new."""
    clicks: Clicks
    """By `pub_ref`, of those that these orders name."""
    accounts: KnownAccounts
    """Of the ledger, as far as they exist: those that these orders most probably move."""
    also: list[Any] = field(default_factory=list)
    """The answer to what the caller asked of their members."""


AskedOf = Callable[[set[int]], Question[Any]]
"""Something more to be asked of the members, when the orders and they are locked."""


def open_and_lock(
    planned: Plan, batch: Sequence[Told], known: Known, *, also: AskedOf, at: datetime
) -> LockedOrders:
    """Open the orders that are new and lock every order of the plan, by pk, with its children.

    One round trip; `also` travels with it. Raises: RacedError.
    """
    refs = set(planned.order_of.values())
    ids = {planned.known_ids[ref] for ref in refs if ref in planned.known_ids}
    new = [ref for ref in refs if ref not in planned.known_ids]
    named = [batch[index].observation for index in planned.order_of]
    tx_ids = {told.tx_id for told in named}
    member_ids = {pk for pk in planned.member_ids if pk is not None} | {*known.members.values()}
    member_ids |= {click.member_id for click in known.clicks.values()}
    brands = {told.merchant_id for told in named} | {row.merchant_id for row in known.orders}
    keys = {"account_id": {ref[0] for ref in new}, "order_key": {ref[1] for ref in new}}
    rows, children, members, child_ids, found, more_told = ask(
        rows_of(Transaction, {"id": ids}, keys, is_locked=True),
        rows_of(TransactionChild, {"transaction_id": ids}, {"tx_id": tx_ids}),
        rows_of(
            Member,
            {"id": member_ids},
            is_held=True,
        ),
        next_ids(TransactionChild, len(tx_ids - {child.tx_id for child in known.children})),
        accounts.question_of(
            currencies={POINTS} | {told.currency for told in named},
            member_ids=member_ids,
            merchant_ids={brand for brand in brands if brand is not None},
        ),
        also(member_ids),
        after=_openings(planned, batch, at=at),
    )
    by_pk: dict[int, Transaction] = {}
    by_ref: dict[OrderRef, Transaction] = {}
    for row in rows:
        by_pk[row.pk] = row
        by_ref[(row.account_id, row.order_key)] = row
    orders: dict[OrderRef, Transaction] = {}
    for ref in refs:
        known_id = planned.known_ids.get(ref)
        order = by_pk.get(known_id) if known_id else by_ref.get(ref)
        if order is None:
            raise RacedError
        is_as_planned = order.order_key == ref[1] or (
            ref in planned.renamed and order.button_order_id is None
        )
        if not is_as_planned:
            raise RacedError
        orders[ref] = order
    raced = {order.pk for order in orders.values() if order.revision_count} - ids
    if raced:  # another writer opened them, and told children that we did not ask for
        children = find(TransactionChild, {"transaction_id": ids | raced}, {"tx_id": tx_ids})
    held = {row.pk: row for row in members}
    clicks = _clicks(children, known)
    more = {click.member_id for click in clicks.values()} - held.keys()
    held |= held_members(more) if more else {}
    return LockedOrders(
        orders=orders,
        children=_children(children, planned, batch, orders),
        clicks=clicks,
        names=_names(held, orders),
        child_ids=child_ids,
        accounts=accounts.by_key(found),
        also=more_told,
    )


def _clicks(children: Sequence[TransactionChild], known: Known) -> Clicks:
    """Those that the batch names, and those that were told of these orders before."""
    told_before = set().union(*(pub_refs_of(row) for row in children))
    return {**known.clicks, **read_clicks(told_before - known.pub_refs)}


def _names(held: dict[int, Member], orders: dict[OrderRef, Transaction]) -> dict[int, str]:
    """Who the orders' members are; one that was named while the lock was waited for is read.

    Raises: RacedError, if one was merged with another since the batch was planned.
    """
    wanted = {order.member_id for order in orders.values() if order.member_id is not None}
    if wanted - held.keys():
        held = held | held_members(wanted - held.keys())
    if any(row.same_as_id is not None for row in held.values()):
        raise RacedError
    return {row.pk: row.customer_id for row in held.values()}


def _children(
    rows: Sequence[TransactionChild],
    planned: Plan,
    batch: Sequence[Told],
    orders: dict[OrderRef, Transaction],
) -> dict[int, list[TransactionChild]]:
    """The children of each order. Raises: RacedError, if a `tx` id went to another order."""
    order_of_tx = {
        batch[index].observation.tx_id: orders[ref].pk for index, ref in planned.order_of.items()
    }
    children: dict[int, list[TransactionChild]] = {order.pk: [] for order in orders.values()}
    for row in rows:
        if order_of_tx.get(row.tx_id, row.transaction_id) != row.transaction_id:
            raise RacedError
        children.setdefault(row.transaction_id, []).append(row)
    return children
