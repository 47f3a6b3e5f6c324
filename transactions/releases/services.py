"""set_release(), record_payment(): when final rewards become available, and who has paid."""

from __future__ import annotations

import logging
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from offers.models import Merchant
from rewards_site.kernel.db import atomic, insert_missing, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from transactions.releases.choices import ReleaseMode
from transactions.releases.models import (
    DELAY_DAYS_MAX,
    BrandPayment,
    PaymentWithdrawal,
    ReleasePolicy,
    ReleasePolicyChange,
)

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500


def set_release(
    *,
    merchant_id: str | None,
    mode: ReleaseMode,
    delay_days: int,
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> ReleasePolicyChange:
    """From now on rewards of this brand (None: of all brands without their own) go by it.

    What is held back already goes by it, too; what is available stays so. Raises: InvalidInput,
    NotFound, Conflict (it is so already).
    """
    reason = _reason(reason)
    days = delay_days if mode is ReleaseMode.DELAY else 0
    if mode is ReleaseMode.DELAY and not 0 < delay_days <= DELAY_DAYS_MAX:
        raise InvalidInput(
            "A delay has a number of days.", fields={"delay_days": f"1-{DELAY_DAYS_MAX}"}
        )

    def work() -> ReleasePolicyChange:
        with atomic():
            if merchant_id is not None and not Merchant.objects.filter(pk=merchant_id).exists():
                raise NotFound("There is no such brand.")
            ReleasePolicy.objects.bulk_create(
                [
                    ReleasePolicy(
                        merchant_id=merchant_id,
                        is_default=merchant_id is None,
                        mode=ReleaseMode.VALIDATED,
                        changed_at=at,
                    )
                ],
                ignore_conflicts=True,
            )
            row = ReleasePolicy.objects.select_for_update(of=("self",)).get(
                merchant_id=merchant_id, is_default=merchant_id is None
            )
            known = ReleasePolicyChange.objects.filter(merchant_id=merchant_id).exists()
            if (row.mode, row.delay_days) == (mode, days) and known:
                raise Conflict("It is so already.")
            row.mode, row.delay_days, row.changed_at = mode, days, at
            row.save(update_fields=["mode", "delay_days", "changed_at"])
            return ReleasePolicyChange.objects.create(
                merchant_id=merchant_id,
                mode=mode,
                delay_days=days,
                actor_id=actor.pk,
                reason=reason,
                at=at,
            )

    made = retry_deadlocks(work)
    log.info("release.set", extra={"merchant": merchant_id, "mode": mode, "actor": actor.pk})
    return made


def record_payment(
    *,
    merchant_id: str,
    validated_through: datetime,
    reference: str,
    actor: AbstractBaseUser,
    reason: str,
    at: datetime,
) -> BrandPayment:
    """The brand has paid us for its orders that we booked as validated up to then.

    Idempotent: the same instant and reference again is the payment on record. Raises: InvalidInput,
    NotFound.
    """
    reason = _reason(reason)
    if validated_through > at:
        raise InvalidInput(
            "What is not validated yet cannot be paid.",
            fields={"validated_through": "in the past"},
        )
    with atomic():
        if not Merchant.objects.filter(pk=merchant_id).exists():
            raise NotFound("There is no such brand.")
        same = {
            "merchant_id": merchant_id,
            "validated_through": validated_through,
            "reference": reference.strip(),
        }
        known = BrandPayment.objects.filter(**same).first()
        return known or BrandPayment.objects.create(**same, actor_id=actor.pk, reason=reason, at=at)


def withdraw_payment(
    *, payment_id: int, actor: AbstractBaseUser, reason: str, at: datetime
) -> PaymentWithdrawal:
    """The payment was recorded by mistake: from now on it lets nothing go.

    What it has let go already stays available. Idempotent. Raises: InvalidInput, NotFound.
    """
    reason = _reason(reason)
    with atomic():
        if not BrandPayment.objects.filter(pk=payment_id).exists():
            raise NotFound("There is no such payment.")
        insert_missing(
            [PaymentWithdrawal(payment_id=payment_id, actor_id=actor.pk, reason=reason, at=at)]
        )
        return PaymentWithdrawal.objects.get(payment=payment_id)


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    return reason
