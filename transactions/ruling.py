"""What it comes to when staff accept, or overrule, a change that Button told of a known order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from django.db.models import Q

from rewards_site.kernel.db import atomic, in_transaction
from rewards_site.members.queries import customer_ids
from transactions.apply import apply_observations
from transactions.attribution import needs_two_people
from transactions.ledger.chart import AccountKind
from transactions.models import RevisionKind, Transaction, TransactionRevision
from transactions.told import Outcome, Told

_RULED = {RevisionKind.ACCEPTED, RevisionKind.KEPT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """An order before or after. Amounts in minor units of the order's currency."""

    member_id: int | None
    merchant_id: str | None
    category: str
    status: str
    commission_minor: int
    reward_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One entry that was booked, or would be, in minor units."""

    kind: AccountKind
    member_id: int | None
    merchant_id: str | None
    currency: str
    debit_minor: int
    credit_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What became of an observation that staff decided about."""

    outcome: Outcome
    currency: str = ""
    reward_currency: str = ""
    """Of the rewards, and of what is unrecovered."""
    before: Side | None = None
    """None where the order was not known."""
    after: Side | None = None
    """None unless something was applied."""
    lines: Sequence[Line] = ()
    is_ruled: bool = False
    """Whether there was a change to decide about; else it went as anything that is told."""
    unrecovered_minor: int = 0
    """What of it members keep that could not be taken back from them, from now on."""
    names: Mapping[int, str] = field(default_factory=dict)
    """Primary key → customer id, of everybody it touches, those whom it would make included."""

    @property
    def is_taken_away(self) -> bool:
        """Whether it leaves the member that it was credited to."""
        if self.before is None or self.after is None or self.before.member_id is None:
            return False
        return self.before.member_id != self.after.member_id

    @property
    def at_stake_minor(self) -> int:
        """The reward that goes from one to another, as it is or becomes."""
        sides = [side.reward_minor for side in (self.before, self.after) if side is not None]
        return max(sides, default=0)

    @property
    def needs_two_people(self) -> bool:
        return self.is_taken_away and needs_two_people(self.at_stake_minor, self.reward_currency)


class _DryRunOver(Exception):  # no error: it rolls back
    pass


def rule(told: Told, *, at: datetime) -> Effect:
    """Apply what staff decided about, in the caller's transaction; what came of it.

    Locks and raises as apply_observations().
    """
    assert in_transaction()
    known = _order_of(told)
    before = _side_of(known) if known is not None else None
    [outcome] = apply_observations([told], at=at)
    if outcome.transaction_id is None:
        return Effect(outcome=outcome, before=before)
    row = Transaction.objects.get(pk=outcome.transaction_id)
    if known is not None and row.revision_count == known.revision_count:
        return Effect(
            outcome=outcome,
            currency=row.currency,
            reward_currency=row.reward_currency,
            before=before,
        )
    revision = TransactionRevision.objects.get(transaction=row, number=row.revision_count)
    after, lines = _side_of(row), _lines(revision)
    touched = {side.member_id for side in (before, after) if side is not None}
    touched |= {line.member_id for line in lines}
    return Effect(
        outcome=outcome,
        currency=row.currency,
        reward_currency=row.reward_currency,
        before=before,
        after=after,
        lines=lines,
        is_ruled=revision.kind in _RULED,
        unrecovered_minor=sum(row.unrecovered.values()),
        names=customer_ids({member_id for member_id in touched if member_id is not None}),
    )


def preview(told: Told, *, at: datetime) -> Effect:
    """What rule() would come to now, by doing it and taking it back. Locks as it does."""
    effects: list[Effect] = []
    try:
        with atomic():
            effects.append(rule(told, at=at))
            _take_back()
    except _DryRunOver:
        pass
    return effects[0]


def _lines(revision: TransactionRevision) -> list[Line]:
    if revision.entry_group is None:
        return []
    return [
        Line(
            kind=AccountKind(entry.account.kind),
            member_id=entry.account.member_id,
            merchant_id=entry.account.merchant_id,
            currency=entry.account.currency,
            debit_minor=entry.debit_minor,
            credit_minor=entry.credit_minor,
        )
        for entry in revision.entry_group.entries.select_related("account").order_by("pk")
    ]


def _take_back() -> NoReturn:
    raise _DryRunOver


def _order_of(told: Told) -> Transaction | None:
    observation = told.observation
    key = observation.button_order_id or observation.tx_id
    rows = Transaction.objects.filter(
        Q(pk__in=_orders_of_tx(observation.tx_id))
        | Q(account=observation.account_id, order_key=key)
    )
    return rows.order_by("pk").first()


def _orders_of_tx(tx_id: str) -> list[int]:
    rows = Transaction.objects.filter(children__tx_id=tx_id)
    return list(rows.values_list("pk", flat=True))


def _side_of(row: Transaction) -> Side:
    return Side(
        member_id=row.member_id,
        merchant_id=row.merchant_id,
        category=row.category,
        status=row.status,
        commission_minor=row.commission_minor,
        reward_minor=row.reward_minor,
    )
