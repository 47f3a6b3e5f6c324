"""`make demo`: members who ask for their money, and what staff do about it.

Members ask by the API; staff decide by the services that the admin calls. It may be killed and
started again: what is there already is left as it is.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from rewards_site.demo_people import REASON, People, staff
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from transactions.payouts.collecting import close_batch, collect_batch
from transactions.payouts.exchange import attend
from transactions.payouts.models import PayoutBatch, PayoutItem
from transactions.payouts.providers.manual_file import NAME as MANUAL_FILE
from transactions.payouts.providers.paypal import NAME as PAYPAL
from transactions.payouts.sending import send_batch
from transactions.payouts.states import BatchStatus, ItemStatus
from transactions.redemptions.approving import approve_redemption
from transactions.redemptions.limiting import Setting, set_limits
from transactions.redemptions.methods import MANUAL
from transactions.redemptions.models import Redemption
from transactions.redemptions.services import reject_redemption
from transactions.redemptions.states import Status

LIMITS = Setting(cooling_off_hours=48, member_days=1, member_count=20, second_person_minor=10_000)
"""Of US dollars: above 100 USD a second person approves."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a member asks for: minor units. An address says what PayPal's fake makes of it."""

    name: str
    member: str
    currency: str
    amount: int
    method: str
    destination: str


FIRST = (
    Asked("paid", "member-1", "USD", 2_000, PAYPAL, "member-1@example.com"),
    Asked("paid too", "member-5", "USD", 3_500, PAYPAL, "member-5@example.com"),
    Asked("failed", "member-3", "USD", 1_500, PAYPAL, "failed-carol@example.com"),
    Asked("returned", "member-6", "USD", 1_800, PAYPAL, "unclaimed-frank@example.com"),
)
UNCLAIMED = (Asked("unclaimed", "member-4", "GBP", 1_000, PAYPAL, "unclaimed-dan@example.com"),)
BY_FILE = (
    Asked("by file", "member-2", "JPY", 2_500, MANUAL, "JP bank 0009, branch 015, 1234567"),
    Asked("by file too", "member-8", "JPY", 1_200, MANUAL, "JP bank 0005, branch 120, 7654321"),
)
APPROVED = Asked("approved", "member-2", "KWD", 2_500, MANUAL, "KW81 CBKU 0000 0000 0000 1234 5601")
LARGE = Asked("large", "member-8", "USD", 12_000, MANUAL, "GB33 BUKB 2020 1555 5555 55")
REJECTED = Asked("rejected", "member-3", "USD", 700, MANUAL, "Cash in an envelope")
CANCELLED = Asked("cancelled", "member-1", "USD", 500, MANUAL, "DE89 3704 0044 0532 0130 00")
WAITING = (
    Asked("waiting", "member-1", "GBP", 1_250, MANUAL, "DE89 3704 0044 0532 0130 00"),
    Asked("waiting too", "member-4", "USD", 4_000, PAYPAL, "member-4@example.com"),
    Asked("to a new place", "member-5", "USD", 1_000, MANUAL, "FR14 2004 1010 0505 0001 3M02 606"),
    Asked("of who is frozen", "member-7", "USD", 2_000, MANUAL, "NL91 ABNA 0417 1643 00"),
)


def set_up(people: People) -> None:
    """All of it. Who names another destination once there are limits is held for two days."""
    for asked in FIRST:
        _ask(people, asked)
    with suppress(Conflict):  # they are so already
        set_limits(
            currency="USD", setting=LIMITS, actor=staff("ops"), reason=REASON, at=clock.now()
        )
    for asked in WAITING:
        _ask(people, asked)
    _decide(people)
    _pay(people)


def _decide(people: People) -> None:
    ops = staff("ops")
    _approve(_ask(people, APPROVED))
    _approve(_ask(people, LARGE))
    rejected = _ask(people, REJECTED)
    if rejected.status == Status.REQUESTED:
        reject_redemption(
            redemption_id=rejected.pk,
            actor_id=ops.pk,
            reason="No way to pay it.",
            told="We cannot send cash. Please name a bank account.",
            at=clock.now(),
        )
    cancelled = _ask(people, CANCELLED)
    if cancelled.status == Status.REQUESTED:
        people.ask(CANCELLED.member, f"redemptions/{cancelled.public_id}/cancel/", {})


def _pay(people: People) -> None:
    """One batch that is settled, one that waits for who does not claim, one that is open."""
    batch = _batch(people, FIRST, method=PAYPAL, provider=PAYPAL)
    _send(batch)
    _nobody_claims(people, batch)
    _send(_batch(people, UNCLAIMED, method=PAYPAL, provider=PAYPAL))
    _batch(people, BY_FILE, method=MANUAL, provider=MANUAL_FILE)


def _ask(people: People, asked: Asked) -> Redemption:
    """By the member's app; the same key again is the same redemption."""
    body = {
        "currency": asked.currency,
        "amount": asked.amount,
        "method": asked.method,
        "destination": asked.destination,
    }
    told = people.ask(asked.member, "redemptions/", body, key=f"demo: {asked.name}")
    return Redemption.objects.get(public_id=told["id"])


def _approve(row: Redemption) -> None:
    if row.status == Status.REQUESTED:
        approve_redemption(redemption_id=row.pk, actor=staff("ops"), reason=REASON, at=clock.now())


def _batch(people: People, wanted: tuple[Asked, ...], *, method: str, provider: str) -> PayoutBatch:
    """The batch that pays these."""
    rows = [_ask(people, asked) for asked in wanted]
    for row in rows:
        _approve(row)
    item = PayoutItem.objects.filter(redemption__in=rows).exclude(status=ItemStatus.REMOVED).first()
    if item is not None:
        return item.batch
    return collect_batch(
        currency=wanted[0].currency,
        method=method,
        provider=provider,
        actor=staff("finance"),
        reason="The week's payouts.",
        at=clock.now(),
    ).batch


def _send(batch: PayoutBatch) -> None:
    finance = staff("finance")
    if batch.status == BatchStatus.OPEN:
        close_batch(batch_id=batch.pk, actor=finance, reason="Looked through.", at=clock.now())
    batch.refresh_from_db()
    if batch.status == BatchStatus.CLOSED:
        send_batch(batch_id=batch.pk, actor=finance, reason="The week's payouts.", at=clock.now())
    _attend(batch)


def _attend(batch: PayoutBatch) -> None:
    """What the worker does each minute: send it, or ask for it."""
    for _ in range(2):
        batch.refresh_from_db()
        if batch.status in (BatchStatus.SENDING, BatchStatus.SENT):
            attend(batch.pk, at=clock.now())
    batch.refresh_from_db()


def _nobody_claims(people: People, batch: PayoutBatch) -> None:
    """Thirty days pass at PayPal: what nobody claimed comes back."""
    waiting = PayoutItem.objects.filter(batch=batch, status=ItemStatus.SENT)
    for item_id in waiting.values_list("public_id", flat=True):
        people.tell_button(f"payouts/items/{item_id}", {"status": "RETURNED"})
    _attend(batch)
