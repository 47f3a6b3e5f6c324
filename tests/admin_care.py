"""Care for the admin's tests: freezes, what is set about releases, balances that lie idle."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth.models import User

from rewards_site.members.models import Member
from tests.factories import NOON
from transactions.expiry.models import Expiry
from transactions.expiry.setting import set_expiry
from transactions.freezes.services import freeze_member
from transactions.releases.choices import ReleaseMode
from transactions.releases.services import record_payment, set_release, withdraw_payment

CURRENCIES = ("USD", "EUR", "GBP", "JPY", "KWD", "CHF", "SEK", "NOK", "DKK", "PLN")


def fill_care(number: int, member: Member, merchant_id: str, staff: User) -> None:
    """Something of each, about this member and this merchant."""
    at = NOON + timedelta(minutes=number)
    freeze_member(member_id=member.pk, until=None, actor=staff, reason="A look", at=at)
    set_release(
        merchant_id=merchant_id,
        mode=ReleaseMode.DELAY,
        delay_days=number + 1,
        actor=staff,
        reason="Many returns",
        at=at,
    )
    paid = record_payment(
        merchant_id=merchant_id,
        validated_through=at,
        reference=f"pay-{number}",
        actor=staff,
        reason="The statement",
        at=at,
    )
    withdraw_payment(payment_id=paid.pk, actor=staff, reason="Another brand", at=at)
    if number < len(CURRENCIES):
        set_expiry(
            currency=CURRENCIES[number],
            is_on=False,
            idle_days=730,
            warn_days=60,
            actor=staff,
            reason="As the terms say",
            at=at,
        )
    Expiry.objects.create(
        member=member,
        currency="USD",
        idle_since=at - timedelta(days=700),
        policy_at=at,
        warned_at=at,
        expires_at=at + timedelta(days=60),
    )
