"""Loading and locking the rows that a batch of observations touches: one statement per table.

Locks are taken in the order of docs/locks.md: Button accounts (read), merchants, transactions.
Rows that are missing are inserted sorted by key, then everything is locked by pk. What was read
before the lock is checked again after it; RacedError says that somebody was faster, and the caller
starts again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Q

from offers.models import Merchant
from rewards_site.button.schemas import CATEGORIES, TransactionObservation
from rewards_site.kernel.currencies import EXPONENTS
from rewards_site.kernel.db import insert_missing, overwrite
from transactions.fold import is_test_money
from transactions.models import ButtonAccount, Transaction, TransactionChild
from transactions.told import Outcome, Told, deferred

OrderRef = tuple[str, str]
"""(account_id, order_key)"""


AMOUNT_MINOR_MAX = 10**15
"""More than any order is worth. Totals have 64 bits and only grow: one absurd amount, booked and
taken back, must not use up a member's account for good."""


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


def read_accounts(batch: Sequence[Told], *, at: datetime) -> dict[str, ButtonAccount]:
    """The Button accounts named, opened with the currency told where none is known yet."""
    currencies: dict[str, str] = {}
    for told in batch:
        currencies.setdefault(told.observation.account_id, told.observation.currency)
    accounts = ButtonAccount.objects.in_bulk(currencies)
    missing = sorted(currencies.keys() - accounts.keys())
    if missing:
        insert_missing(
            ButtonAccount(account_id=key, currency=currencies[key], first_seen_at=at)
            for key in missing
        )
        accounts |= ButtonAccount.objects.in_bulk(missing)
    return accounts


def unknown(observation: TransactionObservation) -> Outcome | None:
    """Why an observation can't be booked whatever else is known."""
    if observation.category not in CATEGORIES:
        return deferred(f"unknown category {observation.category!r}")
    if observation.currency not in EXPONENTS:
        return deferred(f"unknown currency {observation.currency!r}")
    if abs(observation.amount_minor) > AMOUNT_MINOR_MAX:
        return deferred(
            f"the books refuse it: {observation.amount_minor} is past "
            f"{AMOUNT_MINOR_MAX} minor units"
        )
    return None


def objection(
    observation: TransactionObservation, accounts: dict[str, ButtonAccount]
) -> Outcome | None:
    """Why an observation can't be booked on the account it names."""
    account = accounts[observation.account_id]
    if observation.currency != account.currency:
        return deferred(
            f"currency {observation.currency} on account {account.account_id}, "
            f"which is in {account.currency}",
            is_retried=account.confirmed_at is None,
        )
    return None


def ensure_merchants(batch: Sequence[Told], *, at: datetime) -> None:
    """Make brands at first sight, and name those that were made without a name."""
    names: dict[str, str] = {}
    for told in batch:
        merchant_id = told.observation.merchant_id
        if merchant_id:
            names[merchant_id] = told.observation.merchant_name or names.get(merchant_id, "")
    known = Merchant.objects.in_bulk(names)
    insert_missing(
        Merchant(merchant_id=key, name=(names[key] or key)[:255], first_seen_at=at)
        for key in sorted(names.keys() - known.keys())
    )
    unnamed = [row for key, row in sorted(known.items()) if row.is_unnamed and names[key]]
    for row in unnamed:
        row.name = names[row.merchant_id][:255]
    overwrite(unnamed, ["name"])


def plan(batch: Sequence[Told], indices: Sequence[int]) -> Plan:
    """Find the order of each observation; see `_Planner`."""
    planner = _Planner(batch, indices)
    for index in indices:
        planner.place(index)
    return planner.plan


class _Planner:
    """Places observations in order, with what the batch itself has planned so far."""

    def __init__(self, batch: Sequence[Told], indices: Sequence[int]) -> None:
        self.batch = batch
        self.plan = Plan()
        observations = [batch[index].observation for index in indices]
        self.order_of_tx: dict[str, OrderRef] = {}
        self.button_order_ids: dict[OrderRef, str | None] = {}
        children = TransactionChild.objects.filter(
            tx_id__in={observation.tx_id for observation in observations}
        ).select_related("transaction")
        keys = {observation.button_order_id or observation.tx_id for observation in observations}
        orders = Transaction.objects.filter(
            account__in={observation.account_id for observation in observations},
            order_key__in=keys,
        )
        for order in [*orders, *(child.transaction for child in children)]:
            ref = (order.account_id, order.order_key)
            self.plan.known_ids[ref] = order.pk
            self.button_order_ids[ref] = order.button_order_id
        for child in children:
            ref = (child.transaction.account_id, child.transaction.order_key)
            self.order_of_tx[child.tx_id] = ref

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


def open_orders(planned: Plan, batch: Sequence[Told], *, at: datetime) -> None:
    """Insert the rows of new orders, empty; the first observation fills them in this commit."""
    rows = []
    for (account_id, order_key), index in sorted(planned.openers.items()):
        observation = batch[index].observation
        rows.append(
            Transaction(
                account_id=account_id,
                order_key=order_key,
                button_order_id=observation.button_order_id,
                category=observation.category,
                status=observation.status,
                currency=observation.currency,
                is_test=is_test_money(batch[index]),
                purchased_at=observation.created_at,
                first_seen_at=at,
                changed_at=at,
            )
        )
    insert_missing(rows)


@dataclass(slots=True)
class LockedOrders:
    orders: dict[OrderRef, Transaction]
    children: dict[int, list[TransactionChild]]
    """By the transaction's pk."""


def lock_orders(planned: Plan, batch: Sequence[Told]) -> LockedOrders:
    """Lock every order of the plan by pk, with its children. Raises RacedError."""
    refs = set(planned.order_of.values())
    ids = {planned.known_ids[ref] for ref in refs if ref in planned.known_ids}
    new = [ref for ref in refs if ref not in planned.known_ids]
    wanted = Q(pk__in=ids)
    if new:
        wanted |= Q(account__in={ref[0] for ref in new}, order_key__in={ref[1] for ref in new})
    rows = (
        Transaction.objects.filter(wanted)
        .order_by("pk")
        .select_for_update(no_key=True, of=("self",))
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
    children = _children(planned, batch, orders)
    return LockedOrders(orders=orders, children=children)


def _children(
    planned: Plan, batch: Sequence[Told], orders: dict[OrderRef, Transaction]
) -> dict[int, list[TransactionChild]]:
    order_of_tx = {
        batch[index].observation.tx_id: orders[ref].pk for index, ref in planned.order_of.items()
    }
    children: dict[int, list[TransactionChild]] = {order.pk: [] for order in orders.values()}
    rows = TransactionChild.objects.filter(
        Q(transaction__in=list(children)) | Q(tx_id__in=list(order_of_tx))
    )
    for row in rows:
        if order_of_tx.get(row.tx_id, row.transaction_id) != row.transaction_id:
            raise RacedError
        children.setdefault(row.transaction_id, []).append(row)
    return children
