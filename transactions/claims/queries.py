"""Claims as their member reads them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from offers.clicks.queries import shown_name
from rewards_site.kernel.errors import NotFound
from rewards_site.members.queries import find_member, rows_of
from transactions.claims.choices import AnsweredBy, Verdict
from transactions.claims.models import Claim
from transactions.claims.words import answer_text, repeated_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimMerchant:
    merchant_id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldClaim:
    """A claim with its answer in words. Of the order, only that it is the member's and which."""

    id: UUID
    status: str
    verdict: str
    answer: str
    click_id: str
    merchant: ClaimMerchant | None
    clicked_at: datetime | None
    order_reference: str | None
    order_total: int | None
    currency: str | None
    purchased_at: datetime | None
    note: str | None
    created_at: datetime
    ask_again_at: datetime | None
    answered_at: datetime | None
    answered_by: str | None
    transaction: UUID | None


def claims_of(customer_id: str) -> QuerySet[Claim]:
    """All claims of the member of this customer id, with what told() needs."""
    member = find_member(customer_id)
    ids = [] if member is None else rows_of(member.pk)
    rows = Claim.objects.filter(member__in=ids)
    return rows.select_related("merchant__overlay", "click", "transaction", "member")


def find_claim(customer_id: str, claim_id: str) -> Claim:
    """One of them by its public id. Raises: NotFound, also for another member's."""
    try:
        public_id = UUID(claim_id)
    except ValueError:
        public_id = None
    if public_id is not None and str(public_id) == claim_id:
        found = claims_of(customer_id).filter(public_id=public_id).first()
        if found is not None:
            return found
    raise NotFound(_("You have no such claim."))


def told(claim: Claim, *, is_repeated: bool = False) -> ToldClaim:
    """`is_repeated`: as the answer to one who filed it again."""
    order, click, merchant = claim.transaction, claim.click, claim.merchant
    store = shown_name(merchant) if merchant is not None else ""
    text = answer_text(
        claim.answer,
        store=store,
        order_status=order.status if order is not None else "",
        ask_again_at=claim.ask_again_at,
    )
    return ToldClaim(
        id=claim.public_id,
        status=claim.status,
        verdict=Verdict.DUPLICATE.value if is_repeated else claim.verdict,
        answer=repeated_text(text) if is_repeated else text,
        click_id=str(click.public_id) if click is not None else claim.click_told,
        merchant=(
            ClaimMerchant(merchant_id=merchant.pk, name=store) if merchant is not None else None
        ),
        clicked_at=click.clicked_at if click is not None else None,
        order_reference=claim.order_reference or None,
        order_total=claim.order_total_minor,
        currency=claim.order_currency or None,
        purchased_at=claim.purchased_at,
        note=claim.note or None,
        created_at=claim.filed_at,
        ask_again_at=claim.ask_again_at,
        answered_at=claim.answered_at,
        answered_by=AnsweredBy(claim.answered_by).value if claim.answered_by else None,
        transaction=_theirs(claim),
    )


def _theirs(claim: Claim) -> UUID | None:
    """The order, while it is this member's: staff may have moved it to another since."""
    order = claim.transaction
    if order is None or order.member_id is None:
        return None
    people = {claim.member_id, claim.member.same_as_id}
    return order.public_id if order.member_id in people else None
