"""apply_observations(): the only writer of a transaction. One way in for money.

Webhook, sync and replay all come here with a batch (of one, for a webhook). However many
observations there are, the number of statements is the same: every table is read, locked and
written once. Each observation is judged alone, by pure functions: a bad one becomes a deferred
outcome and its neighbours are booked.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.conf import settings
from django.db import IntegrityError

from offers.rules.recent import Edition, rules_of
from rewards_site.kernel.db import (
    DatabaseUnavailable,
    constraint_of,
    in_transaction,
    undone_on_error,
)
from transactions import batch as rows
from transactions import known as facts
from transactions.claims.settling import open_claims_question
from transactions.clicked import Naming
from transactions.fold import Held, fold
from transactions.folded import Change, Folded
from transactions.models import ButtonAccount
from transactions.nameless import without_new_names
from transactions.order import OrderState
from transactions.policies import policy_of
from transactions.releases.policy import Policies
from transactions.stored import order_state
from transactions.terms import choose_terms
from transactions.told import Channel, Outcome, OutcomeKind, Told, applied, deferred, ignored
from transactions.writing import RefusedError, write

log = logging.getLogger(__name__)

_RACES_MAX = 5


def apply_observations(batch: Sequence[Told], *, at: datetime) -> list[Outcome]:
    """Book what Button told, in the caller's transaction; one outcome for each, in order.

    `at` is when this happens (aware UTC). Locks: Button accounts are read; merchants, orders,
    members and ledger accounts are opened where missing and locked in that order, each by key.
    Raises only when the database cannot answer (kernel.db.DatabaseUnavailable): bad data is an
    outcome, and what the database refuses is rolled back to a savepoint and is one, too.
    """
    assert in_transaction()
    assert len(batch) == 1 or not any(told.decided for told in batch)
    outcomes = _apply(list(batch), at=at)
    return [outcomes[index] for index in range(len(batch))]


def _apply(batch: list[Told], *, at: datetime) -> dict[int, Outcome]:
    if not batch:
        return {}
    refused: dict[int, Outcome] = {}
    races = 0
    while True:
        try:
            with undone_on_error():
                return {**_attempt(batch, refused, at=at), **refused}
        except RefusedError as error:
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
        except Exception as error:  # poison, or a fault of ours: it must not take others along
            log.exception("apply.internal_error", extra={"observations": len(batch)})
            return _alone(batch, f"internal error: {type(error).__name__}", at=at)


def _alone(batch: list[Told], reason: str, *, at: datetime) -> dict[int, Outcome]:
    """Halve a batch that was refused as a whole until the bad observation stands alone."""
    if len(batch) == 1:
        return {0: deferred(reason[:500], is_retried=True)}
    middle = len(batch) // 2
    outcomes = _apply(batch[:middle], at=at)
    for index, outcome in _apply(batch[middle:], at=at).items():
        outcomes[middle + index] = outcome
    return outcomes


def _attempt(
    batch: Sequence[Told], refused: dict[int, Outcome], *, at: datetime
) -> dict[int, Outcome]:
    outcomes: dict[int, Outcome] = {}
    for index, told in enumerate(batch):
        unknown = facts.unknown(told.observation)
        if unknown:
            outcomes[index] = unknown
    known = [index for index in range(len(batch)) if index not in outcomes]
    if not known:
        return outcomes
    read = facts.read_known([batch[index] for index in known])
    batch = without_new_names(batch, read)
    accounts = facts.open_accounts([batch[index] for index in known], read, at=at)
    indices: list[int] = []
    for index in known:
        objection = facts.objection(batch[index].observation, accounts)
        if objection:
            outcomes[index] = objection
        elif index not in refused:
            indices.append(index)
    if not indices:
        return outcomes
    planned = rows.plan(batch, indices, read)
    outcomes |= planned.outcomes
    if not planned.order_of:
        return outcomes
    facts.ensure_merchants([batch[index] for index in planned.order_of], read, at=at)
    clicks = {click.pk for click in read.clicks.values()}
    locked = rows.open_and_lock(
        planned,
        batch,
        read,
        also=lambda members: open_claims_question(members, clicks),
        at=at,
    )
    folded = _fold(
        batch,
        planned,
        locked,
        accounts,
        known_as=read.members,
        edition=read.rules,
        releases=read.releases,
    )
    folded.stores = read.stores()
    outcomes |= folded.outcomes
    write(folded, locked, at=at)
    return outcomes


def _fold(
    batch: Sequence[Told],
    planned: rows.Plan,
    locked: rows.LockedOrders,
    accounts: dict[str, ButtonAccount],
    *,
    known_as: dict[str, int],
    edition: Edition,
    releases: Policies,
) -> Folded:
    folded = Folded()
    names = locked.names
    folded.members = known_as | {customer_id: pk for pk, customer_id in names.items()}
    naming = Naming(
        attribution_field=settings.ATTRIBUTION_FIELD,
        known_as=folded.members,
        clicks=locked.clicks,
    )
    rules = partial(rules_of, edition)
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
            naming=naming,
            choose=partial(choose_terms, policy=policy_of(accounts[ref[0]], rules)),
            holds=releases.is_held,
        )
        if isinstance(result, Held):
            outcome = deferred if result.is_deferred else ignored
            folded.outcomes[index] = outcome(result.reason, row.pk)
            continue
        numbers[row.pk] += 1
        folded.states[row.pk] = result.order
        folded.changes.append(
            Change(
                index=index,
                told=told,
                row=row,
                before=before,
                step=result,
                number=numbers[row.pk],
            )
        )
        folded.outcomes[index] = (
            applied(row.pk) if result.is_news else ignored("already so", row.pk)
        )
    _refuse_misplaced(folded, planned, locked)
    for index, ref in planned.order_of.items():
        judged, pk = folded.outcomes[index], locked.orders[ref].pk
        if judged.kind is not OutcomeKind.DEFERRED and _is_known(folded.states[pk], batch[index]):
            folded.outcomes[index] = replace(judged, known_at=numbers[pk])
    return folded


def _is_known(order: OrderState, told: Told) -> bool:
    """Whether a row of the API is word for word where its child stands now."""
    if told.channel is not Channel.SYNC or told.decided is not None:
        return False
    observation = told.observation
    child = order.children[observation.tx_id]
    return child.channel is Channel.SYNC and (
        (child.status, child.amount_minor, child.modified_at)
        == (observation.status, observation.amount_minor, observation.modified_at)
    )


def _refuse_misplaced(folded: Folded, planned: rows.Plan, locked: rows.LockedOrders) -> None:
    """Start again without an observation that others were placed by, if it does not apply itself.

    It opened an order, which must not stay empty, or told the `button_order_id` of one.
    """
    refused = {
        index: folded.outcomes[index]
        for ref, index in planned.openers.items()
        if not folded.states[locked.orders[ref].pk].children
    } | {
        index: folded.outcomes[index]
        for index in planned.renamers
        if folded.outcomes[index].kind is OutcomeKind.DEFERRED
    }
    if refused:
        raise RefusedError(
            {index: replace(outcome, transaction_id=None) for index, outcome in refused.items()}
        )
