"""Writing what a batch changed: members, books, orders, children, revisions, in that order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from rewards_site.button.wirejson import text_of
from rewards_site.kernel import rows as lean
from rewards_site.kernel.db import constraints_checked
from rewards_site.members.services import opened_and_held
from transactions import batch as rows
from transactions.folded import Change, Folded, holdings_of, member_id_of
from transactions.following import following
from transactions.holdings import Holding, difference, newly_earned
from transactions.ledger.accounts import KnownAccounts
from transactions.ledger.chart import GroupKind
from transactions.ledger.posting import GroupDraft, Posted, prepare
from transactions.models import RevisionKind, TransactionChild, TransactionRevision
from transactions.moving import draft, give, had_reward
from transactions.order import reward_change
from transactions.states import ChildState
from transactions.stored import (
    CHILD_FIELDS,
    ORDER_FIELDS,
    final_since,
    write_child,
    write_order,
    write_unrecovered,
)
from transactions.told import Outcome, deferred


class RefusedError(Exception):
    """Some observations of the batch were refused by the books: again, without them."""

    def __init__(self, outcomes: dict[int, Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


def write(folded: Folded, locked: rows.LockedOrders, *, at: datetime) -> None:
    """Book what changed and write orders, children and revisions, one statement a table.

    All of it is recorded at the instant it is booked at; members are made at `at`.
    Raises: RacedError; RefusedError with the observations that the books do not take.
    """
    if not folded.changes:
        return
    named = {change.step.order.customer_id for change in folded.changes}
    new = {name for name in named if name is not None and name not in folded.members}
    members = folded.members | _open_members(new, at=at)
    _give(folded, members)
    posted = _book(folded, members, locked.accounts)
    orders = {change.row.pk: change.row for change in folded.changes}
    for change in folded.changes:
        row = change.row
        row.revision_count = change.number
        row.final_at = final_since(row.final_at, change.before, change.step.order, at=posted.at)
    for pk, row in orders.items():
        state = folded.states[pk]
        write_order(row, state, member_id=member_id_of(state, members), at=posted.at)
    children, child_writes = _children(folded, locked)
    lean.run(
        [
            *posted.writes,
            *lean.overwrite([orders[pk] for pk in sorted(orders)], ORDER_FIELDS),
            *child_writes,
            *lean.insert(
                [_revision(change, children, members, posted) for change in folded.changes]
            ),
            *following(folded, members, posted, claims=locked.also),
            *constraints_checked(),
        ]
    )


def _open_members(names: set[str], *, at: datetime) -> dict[str, int]:
    """Members who were not there when the batch was planned.

    Raises: RacedError, if one was made and merged with another since: who that is must be planned.
    """
    opened = opened_and_held(names, at=at)
    if any(row.same_as_id is not None for row in opened):
        raise rows.RacedError
    return {row.customer_id: row.pk for row in opened}


def _give(folded: Folded, members: dict[str, int]) -> None:
    """What staff decided may take an order from its member: as far as it can be taken back."""
    for change in folded.changes:
        if change.told.decided is None or not change.before.children:
            continue
        before, after = change.before, change.step.order
        given = give(
            before,
            after,
            from_id=member_id_of(before, members),
            to_id=member_id_of(after, members),
        )
        flags = (*change.step.flags, *given.flags)
        change.step = replace(change.step, order=given.order, flags=flags)
        folded.states[change.row.pk] = given.order


def _book(folded: Folded, members: dict[str, int], known: KnownAccounts) -> Posted:
    """Post what the changes move. Raises RefusedError for those that the books do not take."""
    drafts: list[GroupDraft] = []
    for change in folded.changes:
        booked = _draft(change, members)
        if booked is not None:
            drafts.append(booked)
    latest = [change.row.changed_at for change in folded.changes if change.row.revision_count]
    posted = prepare(drafts, after=max(latest, default=None), known=known)
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
    return posted


def _draft(change: Change, members: dict[str, int]) -> GroupDraft | None:
    held, should = holdings_of(change, members)
    kind = GroupKind.TRANSACTION
    if change.told.decided is not None:
        return draft(held, should, cause=change.cause, transaction_id=change.row.pk, kind=kind)
    postings = difference(held, should)
    if not postings:
        return None
    earned = newly_earned(held, should)
    if earned and held.is_final and _was_theirs(change.row.pk, should):
        kind, earned = GroupKind.RETURN, 0
    return GroupDraft(cause=change.cause, kind=kind, postings=postings, earned_minor=earned)


def _was_theirs(transaction_id: int, should: Holding) -> bool:
    """Of a final reward that late words took back and give again: it is not earned twice."""
    return had_reward(transaction_id, should, at_least=should.reward_minor)


def _children(
    folded: Folded, locked: rows.LockedOrders
) -> tuple[dict[str, TransactionChild], list[lean.Write]]:
    """The children by `tx` id, as they are now, and how they are written."""
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
            pk = locked.child_ids[len(new)]
            row = TransactionChild(pk=pk, tx_id=tx_id, transaction_id=order_of[tx_id])
            new.append(row)
        else:
            changed.append(row)
        write_child(row, state)
        known[tx_id] = row
    return known, [*lean.insert(new), *lean.overwrite(changed, CHILD_FIELDS)]


def _revision(
    change: Change,
    children: dict[str, TransactionChild],
    members: dict[str, int],
    posted: Posted,
) -> TransactionRevision:
    observation, after = change.told.observation, change.step.order
    assert after.terms is not None
    decided = change.told.decided if change.step.changes else None
    return TransactionRevision(
        transaction=change.row,
        number=change.number,
        kind=RevisionKind(decided.ruling.value) if decided else RevisionKind.TOLD,
        source=change.told.channel,
        child=children[observation.tx_id],
        observation=observation.as_json(),
        raw_row="" if change.told.raw is None else text_of(change.told.raw),
        is_test=after.is_test,
        occurred_at=observation.modified_at,
        read_at=change.told.read_at,
        recorded_at=posted.at,
        status=after.status,
        commission_minor=after.commission_minor,
        reward_minor=after.reward_minor,
        change_minor=reward_change(change.before, after),
        member_id=member_id_of(after, members),
        merchant_id=after.merchant_id,
        terms=after.terms.as_json(),
        flags=list(change.step.flags),
        missing_from=change.step.missing_from,
        missing_until=change.step.missing_until,
        unrecovered=write_unrecovered(after),
        is_held=after.is_held,
        entry_group_id=posted.group_ids.get(change.cause),
        actor_id=decided.actor_id if decided else None,
        approver_id=decided.approver_id if decided else None,
        reason=decided.reason if decided else "",
    )
