"""What a member, and the publisher's own systems, are told of a claim."""

from __future__ import annotations

from uuid import UUID

from rewards_site.notifications.news import News, NewsKind
from transactions.claims.models import Claim
from transactions.claims.words import answer_text


def news_of(
    claim: Claim,
    *,
    store: str,
    transaction_id: UUID | None = None,
    order_status: str = "",
    member_id: int | None = None,
) -> News:
    """That a claim was opened, or answered. Nothing of what the member wrote is in it.

    `member_id`: who it is by now, where the claim's row may stand for another.
    """
    is_open = claim.answered_at is None
    text = answer_text(
        claim.answer, store=store, order_status=order_status, ask_again_at=claim.ask_again_at
    )
    return News(
        kind=NewsKind.CLAIM_OPENED if is_open else NewsKind.CLAIM_ANSWERED,
        key=f"claim/{claim.pk}/{'opened' if is_open else 'answered'}",
        member_id=claim.member_id if member_id is None else member_id,
        at=claim.answered_at or claim.filed_at,
        claim_id=claim.public_id,
        transaction_id=transaction_id,
        facts={
            "store": store,
            "verdict": str(claim.verdict if is_open else claim.answer),
            "reason": "" if is_open else text,
        },
    )
