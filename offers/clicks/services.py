"""Writes of clicks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from offers.clicks import pub_ref
from offers.clicks.models import Click, LinkProblem
from offers.clicks.offer_token import Shown
from offers.models import Merchant
from rewards_site.kernel.db import atomic, insert_missing, retry_deadlocks
from rewards_site.kernel.ids import time_ordered_id
from rewards_site.members.customer_ids import is_erased
from rewards_site.members.forgotten import MemberErased
from rewards_site.members.models import Member
from rewards_site.members.queries import held_members


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """A click that is not recorded yet: its id, and the reference that names it."""

    click_id: UUID
    pub_ref: str


def mint(shown: Shown) -> Minted:
    """The reference goes to Button before the click is recorded; until then it names nothing."""
    click_id = time_ordered_id()
    ref = pub_ref.PubRef(click_id=click_id, offer_id=shown.offer_id, listed=shown.listed)
    return Minted(click_id=click_id, pub_ref=pub_ref.seal(ref))


def record_click(
    *,
    shown: Shown,
    member: Member,
    at: datetime,
    minted: Minted | None = None,
    url: str = "",
    link: str = "",
    link_problem: LinkProblem | None = None,
) -> Click:
    """The click of `member` on what they were shown, taken in at `at`; its terms are frozen.

    Without a link, `link_problem` says why (by default: no page is known). None for `minted`: now.
    Raises: MemberErased, if that happened meanwhile.
    """
    minted = minted or mint(shown)
    if not link:
        link_problem = link_problem or LinkProblem.NO_PAGE
    click = Click(
        public_id=minted.click_id,
        member=member,
        merchant_id=shown.merchant_id,
        offer_id=shown.offer_id,
        listed_value=shown.listed.value,
        listed_currency=shown.listed.currency or "",
        terms=dict(shown.terms),
        reward=dict(shown.reward),
        exclusions=[_storable(text) for text in shown.exclusions],
        shown_at=shown.shown_at,
        clicked_at=at,
        pub_ref=minted.pub_ref,
        url=url,
        link=link,
        link_problem=link_problem or "",
    )

    def insert() -> Click:
        with atomic():
            insert_missing(
                [Merchant(merchant_id=shown.merchant_id, name=shown.merchant_id, first_seen_at=at)]
            )
            if is_erased(held_members({member.pk})[member.pk].customer_id):
                raise MemberErased  # while Button made the link: it holds their customer id
            click.save(force_insert=True)
        return click

    return retry_deadlocks(insert)


def _storable(text: str) -> str:
    """A brand's words as a JSON column takes them: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
