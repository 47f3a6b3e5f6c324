"""freeze_member(), freeze_order(), lift(): by staff, for a reason, on the record.

Both lock the member's row alone: whoever redeems holds it to their commit, so a redemption is
either before the freeze, and then waits for approval like any other, or it sees it.
"""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from rewards_site.kernel.clock import Waiting
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from rewards_site.members.services import lock_members
from transactions.freezes.models import Freeze
from transactions.freezes.queries import in_force
from transactions.models import Transaction

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500


def freeze_member(
    *,
    member_id: int,
    until: datetime | None,
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> Freeze:
    """The member redeems nothing from now on; what they earn goes on.

    Idempotent: frozen already with the same end is no second freeze. Raises: NotFound,
    InvalidInput (reason, until), Conflict (frozen already with another end, or merged).
    """
    reason = _checked(reason, until, at=at)
    waiting = Waiting()

    def work() -> Freeze:
        with atomic():
            member = lock_members({member_id}).get(member_id)
            if member is None:
                raise NotFound("There is no such member.")
            if member.same_as_id is not None:
                raise Conflict("This customer id stands for another member: freeze that one.")
            now = waiting.moved_on(at)
            known = in_force(now).filter(member=member).first()
            if known is not None:
                return _same(known, until)
            return _made(
                Freeze(member=member, until=until, frozen_by_id=actor.pk, reason=reason), at=now
            )

    return retry_deadlocks(work)


def freeze_order(
    *,
    transaction_id: int,
    until: datetime | None,
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> Freeze:
    """What this order earned is not redeemed from now on, wherever it moves. As freeze_member()."""
    reason = _checked(reason, until, at=at)
    waiting = Waiting()

    def work() -> Freeze:
        with atomic():
            order = (
                Transaction.objects.select_for_update(of=("self",), no_key=True)
                .filter(pk=transaction_id)
                .first()
            )
            if order is None:
                raise NotFound("There is no such transaction.")
            if order.member_id is not None:
                lock_members({order.member_id})
            now = waiting.moved_on(at)
            known = in_force(now).filter(transaction=order).first()
            if known is not None:
                return _same(known, until)
            return _made(
                Freeze(transaction=order, until=until, frozen_by_id=actor.pk, reason=reason), at=now
            )

    return retry_deadlocks(work)


def lift(*, freeze_id: int, actor: AbstractBaseUser, reason: str, at: datetime) -> Freeze:
    """Redemptions are possible again. Idempotent. Raises: NotFound, InvalidInput (reason)."""
    reason = _checked(reason, None, at=at)
    with atomic():
        row = Freeze.objects.select_for_update(of=("self",)).filter(pk=freeze_id).first()
        if row is None:
            raise NotFound("There is no such freeze.")
        if row.lifted_at is None:
            row.lifted_at = max(at, row.frozen_at)
            row.lifted_by_id = actor.pk
            row.lift_reason = reason
            row.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
            log.info("freeze.lifted", extra={"freeze": row.pk, "actor": actor.pk})
        return row


def _made(row: Freeze, *, at: datetime) -> Freeze:
    row.frozen_at = at
    row.save(force_insert=True)
    log.info("freeze.made", extra={"freeze": row.pk, "actor": row.frozen_by_id})
    return row


def _same(known: Freeze, until: datetime | None) -> Freeze:
    if known.until != until:
        raise Conflict("It is frozen already, with another end: lift that first.")
    return known


def _checked(reason: str, until: datetime | None, *, at: datetime) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    if until is not None and until <= at:
        raise InvalidInput("It would end before it begins.", fields={"until": "in the future"})
    return reason
