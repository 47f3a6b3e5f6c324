"""offers_for(): what one member is offered now, by one fresh call of Button.

Button is asked first and the database afterwards, so that nothing of it is held while Button
answers; what is asked of it then is the same for one brand and for a thousand.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.conf import settings

from offers.brand_facts import facts_of_brands
from offers.decisions.listing import ShownListing
from offers.decisions.log import remember
from offers.earning import days_held_back, nothing_earns
from offers.menu import MenuBrand, TermsBook, make_menu
from offers.rules.default import default_terms
from offers.rules.recent import offered_rules
from rewards_site.button.errors import ButtonMisconfigured, OffersUnavailable
from rewards_site.button.identifiers import Shopper
from rewards_site.button.offers import (
    REFUSED_RETRY_AFTER_SECONDS,
    offers_client,
    place_for_offers,
)
from rewards_site.button.offers_schemas import OffersAnswer
from rewards_site.kernel.rows import find
from rewards_site.members import forgotten
from rewards_site.members.forgotten import MemberErased
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_member

log = logging.getLogger(__name__)


def offers_for(
    shopper: Shopper, *, merchant_id: str | None = None, at: datetime
) -> Sequence[MenuBrand]:
    """What the member whose customer id is `shopper.user_id` is offered, best brand first.

    A customer id not seen before becomes a member. Not inside a transaction. Raises:
    OffersUnavailable (of its kinds, OffersRateLimited); InvalidInput (`merchant_id` is no id);
    DatabaseUnavailable.
    """
    # Until the menu is made: that is work for the processor, which webhooks share with it.
    with place_for_offers():
        return _menu(shopper, merchant_id=merchant_id, at=at)


def _menu(shopper: Shopper, *, merchant_id: str | None, at: datetime) -> Sequence[MenuBrand]:
    if forgotten.known().text_for(shopper.user_id):
        raise MemberErased  # Button is not asked about who was erased
    answer = _ask(shopper, merchant_id=merchant_id)
    member = _member(shopper.user_id, at=at)
    facts = facts_of_brands([brand.merchant_id for brand in answer.merchants], at=at)
    days_of = days_held_back()
    facts = {
        key: replace(brand, wait=brand.wait.held_back(days_of(key))) for key, brand in facts.items()
    }
    terms = TermsBook(offered_rules(at), at=at, default=default_terms())
    menu = make_menu(
        answer.merchants,
        facts=facts,
        terms=terms,
        member_public_id=member.public_id,
        at=at,
        earns_from=_earns_from(at),
        earns_nothing=nothing_earns(),
    )
    if menu.unsealable_count:
        log.warning("offers.left_out", extra={"count": menu.unsealable_count})
    remember(
        ShownListing(
            member_id=member.pk, shown_at=at, merchant_id=merchant_id, brands=tuple(menu.evidence)
        )
    )
    return menu.brands


def _member(customer_id: str, *, at: datetime) -> Member:
    """As ensure_member(), by a statement that is made once: a member waits."""
    row = next(iter(find(Member, {"customer_id": [customer_id]})), None)
    if row is None or row.same_as_id is not None:
        return ensure_member(customer_id, at=at)
    return row


def _ask(shopper: Shopper, *, merchant_id: str | None) -> OffersAnswer:
    try:
        return offers_client().offers_for(shopper, merchant_id=merchant_id)
    except ButtonMisconfigured as error:
        log.exception("offers.misconfigured")
        raise OffersUnavailable(
            "Offers are not set up on this server.", retry_after=REFUSED_RETRY_AFTER_SECONDS
        ) from error


def _earns_from(at: datetime) -> datetime | None:
    """When orders begin to earn, if those bought now do not (GO_LIVE_AT)."""
    go_live_at: datetime | None = settings.GO_LIVE_AT
    if settings.REWARD_BEFORE_GO_LIVE or go_live_at is None or at >= go_live_at:
        return None
    return go_live_at
