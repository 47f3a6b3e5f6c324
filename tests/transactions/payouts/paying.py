"""Approved redemptions, batches of them, and a provider of payouts on a socket."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User

from rewards_site.approvals.models import Proposal
from rewards_site.button.sandbox.payouts import CLIENT_ID, CLIENT_SECRET
from rewards_site.button.sandbox.running import Sandbox
from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_held
from tests.transactions.redemptions.asking import approved, fund
from transactions.freezes.services import freeze_member
from transactions.payouts import collecting, exporting, sending
from transactions.payouts.claiming import SAFETY
from transactions.payouts.exchange import attend
from transactions.payouts.models import PayoutBatch, PayoutItem
from transactions.redemptions.methods import MANUAL
from transactions.redemptions.models import Redemption, Via
from transactions.redemptions.requesting import Wanted, request_redemption

AMOUNT = 700


def staff(name: str) -> User:
    user, _ = User.objects.get_or_create(username=name, is_staff=True)
    return user


def use_paypal(settings: Any, sandbox: Sandbox) -> None:
    settings.PAYPAL_API_URL = sandbox.url
    settings.PAYPAL_CLIENT_ID = CLIENT_ID
    settings.PAYPAL_CLIENT_SECRET = CLIENT_SECRET


def owed(
    name: str,
    *,
    amount_minor: int = AMOUNT,
    currency: str = "USD",
    method: str = "paypal",
    destination: str = "",
) -> Redemption:
    """An approved redemption of a member of this name, at an address that begins with it."""
    fund(amount_minor, customer_id=f"u-{name}", currency=currency)
    at = clock.now()
    with atomic():
        row = request_redemption(
            member_id=ensure_held(f"u-{name}", at=at),
            wanted=Wanted(
                currency=currency,
                amount_minor=amount_minor,
                method=method,
                destination=destination or f"{name}@example.org",
            ),
            via=Via.MEMBER,
            at=at,
        )
    approved(row)
    return Redemption.objects.get(pk=row.pk)


def collected(method: str = "paypal", provider: str = "paypal", **more: Any) -> PayoutBatch:
    return collecting.collect_batch(
        currency=more.get("currency", "USD"),
        method=method,
        provider=provider,
        actor=staff("fiona"),
        reason="Friday's payouts",
        at=clock.now(),
    ).batch


def closed(batch: PayoutBatch, *, by: str = "fiona") -> PayoutBatch:
    return collecting.close_batch(
        batch_id=batch.pk, actor=staff(by), reason="complete", at=clock.now()
    )


def given(batch: PayoutBatch, *, by: str = "fiona") -> PayoutBatch:
    """Closed, and given to be sent; people have its file, and nothing is said to a provider."""
    done = sent(closed(batch), by=by)
    assert isinstance(done, PayoutBatch)
    if batch.provider == "manual-file":
        exported(batch, by=by)
    return done


def sent(batch: PayoutBatch, *, by: str = "fiona") -> PayoutBatch | Proposal:
    return sending.send_batch(batch_id=batch.pk, actor=staff(by), reason="go", at=clock.now())


def exported(batch: PayoutBatch, *, by: str = "fiona") -> exporting.Exported:
    return exporting.export_batch(
        batch_id=batch.pk, actor=staff(by), reason="to the bank", at=clock.now()
    )


def cancelled(batch: PayoutBatch) -> PayoutBatch:
    return collecting.cancel_batch(
        batch_id=batch.pk, actor=staff("fiona"), reason="wrong day", at=clock.now()
    )


def frozen(name: str) -> None:
    freeze_member(
        member_id=Member.objects.get(customer_id=f"u-{name}").pk,
        until=None,
        actor=staff("olga"),
        reason="odd",
        at=clock.now(),
    )


def given_manual(*names: str, **more: Any) -> PayoutBatch:
    for name in names:
        owed(name, method=MANUAL, **more)
    return given(collected(MANUAL, "manual-file"))


def attended(batch: PayoutBatch) -> str:
    return attend(batch.pk, at=clock.now())


def later(batch: PayoutBatch, by: timedelta = SAFETY) -> None:
    """As if `by` more had gone by since the batch was last talked about."""
    row = PayoutBatch.objects.get(pk=batch.pk)
    times = (
        *("sending_at", "accepted_at", "first_sent_at", "last_sent_at"),
        *("unsure_since", "asked_at", "next_ask_at", "claimed_until"),
    )
    changed = {name: told - by for name in times if (told := getattr(row, name)) is not None}
    PayoutBatch.objects.filter(pk=batch.pk).update(**changed)


def states(batch: PayoutBatch) -> dict[str, tuple[str, str]]:
    """customer id → (item, redemption)."""
    items = PayoutItem.objects.filter(batch=batch.pk).select_related("redemption__member")
    return {
        item.redemption.member.customer_id: (item.status, item.redemption.status)
        for item in items.order_by("pk")
    }


def paid_by(sandbox: Sandbox) -> dict[str, tuple[str, str, int]]:
    """customer id → what the provider's own books say: (paid, returned, payments)."""
    with sandbox.payouts.lock:
        ledger = sandbox.payouts.bank.ledger(sandbox.now)
    items = PayoutItem.objects.select_related("redemption__member")
    names = {str(item.public_id): item.redemption.member.customer_id for item in items}
    return {
        names[key]: (str(told["paid"]), str(told["returned"]), int(str(told["payments"])))
        for key, told in ledger.items()
    }
