"""Naming the member of an order that Button told without one: staff, with a reason, on the record.

Until somebody is named the reward waits in the house's unattributed accounts; then it goes where
the order stands by now: to the member's pending balance, or straight to available.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from rewards_site.button.schemas import APP_INSTALL
from rewards_site.kernel.db import atomic, check_constraints_now, overwrite, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from rewards_site.members.customer_ids import is_customer_id
from rewards_site.members.services import ensure_members
from transactions.fold import OrderState, rewarded
from transactions.holdings import difference, newly_earned
from transactions.ledger.chart import GroupKind
from transactions.ledger.posting import GroupDraft, post
from transactions.models import RevisionKind, Source, Transaction, TransactionRevision
from transactions.stored import ORDER_FIELDS, holding, order_state, write_order
from transactions.told import Outcome, applied, ignored

REASON_LENGTH_MAX = 500


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
    if not is_customer_id(customer_id):
        raise InvalidInput(
            "That is not a customer id.",
            fields={"customer_id": "1-255 characters of ASCII 0x21-0x7E, no blanks"},
        )
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )

    def work() -> Outcome:
        with atomic():
            return _assign(transaction_id, customer_id, actor=actor, reason=reason, at=at)

    return retry_deadlocks(work)


def _assign(
    transaction_id: int, customer_id: str, *, actor: AbstractBaseUser, reason: str, at: datetime
) -> Outcome:
    row = (
        Transaction.objects.select_for_update(no_key=True, of=("self",))
        .filter(pk=transaction_id)
        .first()
    )
    if row is None:
        raise NotFound("There is no such transaction.")
    if row.category == APP_INSTALL:
        raise Refused("An app install never earns a reward.")
    if row.is_test:
        raise Refused("Test money never reaches a member.")
    member_id = ensure_members({customer_id}, at=at)[customer_id]
    if row.member_id == member_id:
        return ignored("it is theirs already", row.pk)
    if row.member_id is not None:
        raise Conflict("This order has another member already.")
    before = order_state(row, list(row.children.all()), customer_id=None)
    after = rewarded(replace(before, customer_id=customer_id))
    row.revision_count += 1
    group_id = _book(row, before, after, member_id=member_id)
    write_order(row, after, member_id=member_id, at=at)
    overwrite([row], ORDER_FIELDS)
    TransactionRevision.objects.create(
        transaction=row,
        number=row.revision_count,
        kind=RevisionKind.ASSIGNED,
        source=Source.STAFF,
        occurred_at=at,
        read_at=at,
        recorded_at=at,
        status=after.status,
        commission_minor=after.commission_minor,
        reward_minor=after.reward_minor,
        change_minor=after.reward_minor - before.reward_minor,
        member_id=member_id,
        merchant_id=after.merchant_id,
        terms=row.terms,
        entry_group_id=group_id,
        actor_id=actor.pk,
        reason=reason,
    )
    check_constraints_now()
    return applied(row.pk)


def _book(row: Transaction, before: OrderState, after: OrderState, *, member_id: int) -> int | None:
    held = holding(before, member_id=None)
    should = holding(after, member_id=member_id)
    postings = difference(held, should)
    if not postings:
        return None
    draft = GroupDraft(
        cause=f"transaction/{row.pk}/revision/{row.revision_count}",
        kind=GroupKind.ATTRIBUTION,
        postings=postings,
        earned_minor=newly_earned(held, should),
    )
    posted = post([draft])
    if posted.refusals:
        raise Refused(posted.refusals[draft.cause].reason)
    return posted.group_ids.get(draft.cause)
