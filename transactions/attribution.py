"""Naming and moving the member of an order: staff, with a reason, on the record.

Until somebody is named the reward waits in the house's unattributed accounts; then it goes where
the order stands by now: to the member's pending balance, or straight to available. Moving it on
takes back only what the member it is moved from still holds (moving.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, User

from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import propose
from rewards_site.button.schemas import APP_INSTALL
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from rewards_site.kernel.money import decimal_text
from rewards_site.members.customer_ids import is_customer_id
from rewards_site.members.models import Member
from rewards_site.members.queries import customer_ids
from rewards_site.members.services import ensure_held, ensure_members
from transactions.models import Transaction
from transactions.moving import Actors, give_to
from transactions.told import Outcome, OutcomeKind, ignored

REASON_LENGTH_MAX = 500
MOVE_ORDER: Final = "move_order"
"""The kind of the proposals to move an order (rewards_site/approvals)."""


def assign_member(
    *,
    transaction_id: int,
    customer_id: str,
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> Outcome:
    """Credit an unattributed order to the member `customer_id`, made here if not seen before.

    Idempotent: naming the same member again is ignored. Locks the order, then the ledger accounts.
    Raises: NotFound; InvalidInput (customer id or reason); Refused (an app install, test money);
    Conflict (it has another member already).
    """
    _check_customer_id(customer_id)
    actors = Actors(actor_id=actor.pk, reason=checked_reason(reason))

    def work() -> Outcome:
        with atomic():
            row = _locked(transaction_id)
            member_id = ensure_held(customer_id, at=at)
            if row.member_id == member_id:
                return ignored("it is theirs already", row.pk)
            if row.member_id is not None:
                raise Conflict("This order has another member already.")
            return give_to(row, customer_id, member_id, actors=actors, at=at)

    return retry_deadlocks(work)


def move_order(
    *, transaction_id: int, customer_id: str, actor: User, reason: str, at: datetime
) -> Outcome | Proposal:
    """Move an order from its member to `customer_id`, or propose it where two people are needed.

    Idempotent: it is theirs already is ignored; the same proposal again is the one that is open.
    Locks the order, then the ledger accounts. Raises: NotFound; InvalidInput (customer id or
    reason); Conflict (it names nobody yet, or changed meanwhile); Refused (an install, test money).
    """
    _check_customer_id(customer_id)
    reason = checked_reason(reason)
    row = Transaction.objects.filter(pk=transaction_id).first()
    if row is None:
        raise NotFound("There is no such transaction.")
    _check_may_have_a_member(row)
    _check_has_a_member(row)
    if needs_two_people(row.reward_minor, row.reward_currency):
        return _propose(row, customer_id, actor=actor, reason=reason, at=at)
    actors = Actors(actor_id=actor.pk, reason=reason)

    def work() -> Outcome:
        with atomic():
            row = _locked(transaction_id)
            if needs_two_people(row.reward_minor, row.reward_currency):
                raise Conflict("Its reward has grown meanwhile and needs two people: try again.")
            member_id = ensure_held(customer_id, at=at)
            return _move(row, customer_id, member_id, actors=actors, at=at)

    return retry_deadlocks(work)


def execute_move(
    payload: Mapping[str, Any],
    *,
    proposed_by: User,
    approved_by: User,
    reason: str,
    at: datetime,
) -> str:
    """Carry out an approved move, in the approving transaction.

    Raises: Conflict, if the order is not what was approved any more, or is theirs already.
    """
    row = _locked(int(payload["transaction_id"]))
    if row.member_id != payload["from_member_id"] or row.reward_minor > payload["reward_minor"]:
        raise Conflict("The order changed since this was proposed. Reject it and propose it again.")
    customer_id = customer_ids({int(payload["to_member_id"])})[int(payload["to_member_id"])]
    member_id = ensure_held(customer_id, at=at)
    actors = Actors(actor_id=proposed_by.pk, approver_id=approved_by.pk, reason=reason)
    outcome = _move(row, customer_id, member_id, actors=actors, at=at)
    if outcome.kind is not OutcomeKind.APPLIED:
        raise Conflict(f"Nothing was moved: {outcome.reason}. Reject it.")
    missing = sum(row.unrecovered.values())
    loss = f"; {_money(missing, row)} of it could not be taken back" if missing else ""
    return f"Order {row.order_key} moved, {_money(row.reward_minor, row)}{loss}."


def needs_two_people(reward_minor: int, currency: str) -> bool:
    """Whether a reward is too large to be taken from its member by one person alone.

    A currency without a limit always asks for two people, unless nothing moves.
    """
    return reward_minor > 0 and reward_minor >= settings.MOVE_APPROVAL_LIMITS.get(currency, 0)


def checked_reason(reason: str) -> str:
    """`reason` without blanks around it. Raises: InvalidInput."""
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    return reason


def _check_customer_id(customer_id: str) -> None:
    if not is_customer_id(customer_id):
        raise InvalidInput(
            "That is not a customer id.",
            fields={"customer_id": "1-255 characters of ASCII 0x21-0x7E, no blanks"},
        )


def _check_may_have_a_member(row: Transaction) -> None:
    if row.category == APP_INSTALL:
        raise Refused("An app install never earns a reward.")
    if row.is_test:
        raise Refused("Test money never reaches a member.")


def _check_has_a_member(row: Transaction) -> None:
    if row.member_id is None:
        raise Conflict("This order has no member yet: name one instead.")


def _locked(transaction_id: int) -> Transaction:
    row = (
        Transaction.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=transaction_id)
        .first()
    )
    if row is None:
        raise NotFound("There is no such transaction.")
    _check_may_have_a_member(row)
    return row


def _propose(
    row: Transaction, customer_id: str, *, actor: User, reason: str, at: datetime
) -> Proposal | Outcome:
    """Public ids and integers only: a member who is forgotten later is not named here."""
    member_id = ensure_members({customer_id}, at=at)[customer_id]
    if row.member_id == member_id:
        return ignored("it is theirs already", row.pk)
    from_id = row.member_id
    assert from_id is not None
    people = Member.objects.filter(pk__in=[from_id, member_id])
    names = dict(people.values_list("pk", "public_id"))
    return propose(
        kind=MOVE_ORDER,
        subject=f"transaction/{row.pk}",
        payload={
            "transaction_id": row.pk,
            "from_member_id": from_id,
            "to_member_id": member_id,
            "reward_minor": row.reward_minor,
        },
        summary=(
            f"Move order {row.order_key} ({row.status}, reward {_money(row.reward_minor, row)}) "
            f"from member {names[from_id]} to member {names[member_id]}"
        ),
        actor=actor,
        reason=reason,
        at=at,
    )


def _money(minor: int, row: Transaction) -> str:
    return f"{decimal_text(minor, row.reward_currency)} {row.reward_currency}"


def _move(
    row: Transaction, customer_id: str, member_id: int, *, actors: Actors, at: datetime
) -> Outcome:
    _check_has_a_member(row)
    if row.member_id == member_id:
        return ignored("it is theirs already", row.pk)
    return give_to(row, customer_id, member_id, actors=actors, at=at)
