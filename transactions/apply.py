"""apply_observations(): the only writer of a transaction. One way in for money.

Webhook, sync and replay all come here with a batch (of one, for a webhook). However many
observations there are, the number of statements is the same: every table is read, locked and
written once. Each observation is judged alone, by pure functions: a bad one becomes a deferred
outcome and its neighbours are booked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from django.conf import settings
from django.db import DatabaseError, IntegrityError

from rewards_site.kernel.db import (
    DatabaseUnavailable,
    atomic,
    check_constraints_now,
    constraint_of,
    in_transaction,
    overwrite,
)
from transactions import batch as rows
from transactions.fold import Held, OrderState, Step, fold
from transactions.holdings import Holding, difference, newly_earned
from transactions.ledger.chart import GroupKind
from transactions.ledger.posting import GroupDraft, post
from transactions.models import (
    ButtonAccount,
    RevisionKind,
    Transaction,
    TransactionChild,
    TransactionRevision,
)
from transactions.states import ChildState
from transactions.stored import (
    CHILD_FIELDS,
    ORDER_FIELDS,
    holding,
    order_state,
    write_child,
    write_order,
)
from transactions.terms import choose_terms
from transactions.told import Outcome, Told, applied, deferred, ignored

_RACES_MAX = 5


class _RefusedError(Exception):
    """Some observations of the batch were refused by the books: again, without them."""

    def __init__(self, outcomes: dict[int, Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


def apply_observations(batch: Sequence[Told], *, at: datetime) -> list[Outcome]:
    """Book what Button told, in the caller's transaction; one outcome for each, in order.

    `at` is when this happens (aware UTC). Locks: Button accounts are read; merchants, orders,
    members and ledger accounts are opened where missing and locked in that order, each by key.
    Raises only when the database cannot answer (kernel.db.DatabaseUnavailable): bad data is an
    outcome, and what the database refuses is rolled back to a savepoint and is one, too.
    """
    assert in_transaction()
    outcomes = _apply(list(batch), at=at)
    return [outcomes[index] for index in range(len(batch))]


def _apply(batch: list[Told], *, at: datetime) -> dict[int, Outcome]:
    if not batch:
        return {}
    refused: dict[int, Outcome] = {}
    races = 0
    while True:
        try:
            with atomic():
                return {**_attempt(batch, refused, at=at), **refused}
        except _RefusedError as error:
            refused |= error.outcomes
        except rows.RacedError:
            races += 1
            if races > _RACES_MAX:
                return _alone(batch, "other writers were faster, again and again", at=at)
        except DatabaseUnavailable:
            raise
        except IntegrityError as error:
            # Most often another writer told the same `tx` id first: what it wrote is visible now.
            races += 1
            if races > 1:
                return _alone(batch, f"the books refuse it: {constraint_of(error)}", at=at)
        except (DatabaseError, ArithmeticError, ValueError) as error:
            return _alone(batch, f"it cannot be stored: {type(error).__name__}", at=at)


def _alone(batch: list[Told], reason: str, *, at: datetime) -> dict[int, Outcome]:
    """Halve a batch that was refused as a whole until the bad observation stands alone."""
    if len(batch) == 1:
        return {0: deferred(reason[:500], is_retried=True)}
    middle = len(batch) // 2
    outcomes = _apply(batch[:middle], at=at)
    for index, outcome in _apply(batch[middle:], at=at).items():
        outcomes[middle + index] = outcome
    return outcomes


@dataclass(slots=True)
class _Change:
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
class _Folded:
    changes: list[_Change] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    states: dict[int, OrderState] = field(default_factory=dict)
    """By the transaction's pk: the order when the batch is through."""
    confirmed: dict[str, ChildState] = field(default_factory=dict)
    members: dict[str, int] = field(default_factory=dict)
    """customer id → pk of the members that the orders already have."""


def _attempt(batch: list[Told], refused: dict[int, Outcome], *, at: datetime) -> dict[int, Outcome]:
    accounts = rows.read_accounts(batch, at=at)
    outcomes: dict[int, Outcome] = {}
    indices: list[int] = []
    for index, told in enumerate(batch):
        objection = rows.objection(told.observation, accounts)
        if objection:
            outcomes[index] = objection
        elif index not in refused:
            indices.append(index)
    if not indices:
        return outcomes
    planned = rows.plan(batch, indices)
    outcomes |= planned.outcomes
    if not planned.order_of:
        return outcomes
    rows.ensure_merchants([batch[index] for index in planned.order_of], at=at)
    rows.open_orders(planned, batch, at=at)
    locked = rows.lock_orders(planned, batch)
    folded = _fold(batch, planned, locked, accounts)
    outcomes |= folded.outcomes
    _write(folded, planned, locked, at=at)
    check_constraints_now()
    return outcomes


def _fold(
    batch: list[Told],
    planned: rows.Plan,
    locked: rows.LockedOrders,
    accounts: dict[str, ButtonAccount],
) -> _Folded:
    folded = _Folded()
    names = rows.customer_ids_of(
        {order.member_id for order in locked.orders.values() if order.member_id is not None}
    )
    folded.members = {customer_id: pk for pk, customer_id in names.items()}
    for order in locked.orders.values():
        customer_id = names[order.member_id] if order.member_id is not None else None
        folded.states[order.pk] = order_state(
            order, locked.children[order.pk], customer_id=customer_id
        )
    numbers = {order.pk: order.revision_count for order in locked.orders.values()}
    for index, ref in planned.order_of.items():
        told, row = batch[index], locked.orders[ref]
        before = folded.states[row.pk]
        result = fold(
            before,
            told,
            attribution_field=settings.ATTRIBUTION_FIELD,
            terms=choose_terms(
                share_mode=accounts[ref[0]].share_mode,
                default_share_bps=settings.REWARD_DEFAULT_SHARE_BPS,
            ),
        )
        if isinstance(result, Held):
            _hold(folded, index, row, result)
            continue
        numbers[row.pk] += 1
        folded.states[row.pk] = result.order
        folded.changes.append(
            _Change(
                index=index,
                told=told,
                row=row,
                before=before,
                step=result,
                number=numbers[row.pk],
            )
        )
        folded.outcomes[index] = applied(row.pk)
    _refuse_empty(folded, planned, locked)
    return folded


def _hold(folded: _Folded, index: int, row: Transaction, result: Held) -> None:
    outcome = deferred if result.is_deferred else ignored
    folded.outcomes[index] = outcome(result.reason, row.pk)
    if result.child is not None:
        folded.confirmed[result.child.tx_id] = result.child
        order = folded.states[row.pk]
        folded.states[row.pk] = replace(
            order, children={**order.children, result.child.tx_id: result.child}
        )


def _refuse_empty(folded: _Folded, planned: rows.Plan, locked: rows.LockedOrders) -> None:
    """An order that was opened for an observation which does not apply must not stay."""
    for ref, index in planned.openers.items():
        if (
            locked.orders[ref].revision_count == 0
            and not folded.states[locked.orders[ref].pk].children
        ):
            outcome = folded.outcomes[index]
            raise _RefusedError({index: deferred(outcome.reason, is_retried=outcome.is_retried)})


def _write(folded: _Folded, planned: rows.Plan, locked: rows.LockedOrders, *, at: datetime) -> None:
    named = {change.step.order.customer_id for change in folded.changes}
    new = {name for name in named if name is not None and name not in folded.members}
    members = folded.members | rows.ensure_members(new, at=at)
    group_ids = _book(folded, members)
    orders = {change.row.pk: change.row for change in folded.changes}
    for change in folded.changes:
        change.row.revision_count = change.number
    for ref, button_order_id in planned.renamed.items():
        if locked.orders[ref].pk in orders:
            locked.orders[ref].order_key = locked.orders[ref].button_order_id = button_order_id
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


def _book(folded: _Folded, members: dict[str, int]) -> dict[str, int]:
    """Post what the changes move. Raises _RefusedError for those that the books do not take."""
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
        raise _RefusedError(
            {
                change.index: deferred(
                    f"the books refuse it: {posted.refusals[change.cause].reason}"
                )
                for change in folded.changes
                if change.cause in posted.refusals
            }
        )
    return posted.group_ids


def _holdings(change: _Change, members: dict[str, int]) -> tuple[Holding, Holding]:
    before, after = change.before, change.step.order
    held = holding(before, member_id=_member_id(before, members), is_booked=bool(before.children))
    return held, holding(after, member_id=_member_id(after, members))


def _write_children(folded: _Folded, locked: rows.LockedOrders) -> dict[str, TransactionChild]:
    known = {child.tx_id: child for group in locked.children.values() for child in group}
    states = dict(folded.confirmed)
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
    change: _Change,
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
