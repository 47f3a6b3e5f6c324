"""A tap: the token of an offer → Button's attributed link and a recorded click."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from offers.clicks import budgets
from offers.clicks.models import Click, LinkProblem
from offers.clicks.offer_token import Shown, open_token, refuse
from offers.clicks.services import mint, record_click
from offers.models import Merchant
from rewards_site.button import links
from rewards_site.button.errors import ButtonMisconfigured
from rewards_site.kernel.errors import InvalidInput
from rewards_site.members.queries import find_member

log = logging.getLogger(__name__)

_NOBODY = UUID(int=0)


class NotThisBrand(InvalidInput):
    """The page is another brand's: an order there would be paid by nothing that was shown."""

    code = "not_this_brand"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """What to link to, and by what it is known to be the brand's."""

    url: str
    is_asked_for: bool
    """By the app; else it is the brand's home page."""
    merchant_id: str
    hostnames: tuple[str, ...]


def take_tap(*, customer_id: str, offer_token: str, url: str | None = None, at: datetime) -> Click:
    """The click of the member of `customer_id` on what was shown to them, with its link.

    `at` is when the request came in. Button is asked for the link first: a process that dies before
    the click is recorded leaves nothing that anyone could have used. A Button that makes no link is
    no error: the tap counts, and `link_problem` says why there is no link.
    Raises: OfferTokenRefused (also for a promotion that has no budget left), NotThisBrand,
    InvalidInput (`url` is no web address), DatabaseUnavailable (then nobody got the link).
    """
    if url is not None and not links.is_web_address(url):
        sentence = (
            "This is the address of a web page: https://…, of at most 2000 characters, all of "
            "them visible."
        )
        raise InvalidInput("The page cannot be linked to.", fields={"url": sentence})
    member = find_member(customer_id)
    whose = _NOBODY if member is None else member.public_id
    shown = open_token(offer_token, member_public_id=whose, at=at)
    assert member is not None, "no token is sealed for nobody"
    if budgets.is_used_up(shown.terms, at=at):
        refuse()
    minted = mint(shown)
    page = _page_of(shown, url)
    link = ""
    problem: LinkProblem | None
    if isinstance(page, LinkProblem):
        asked_for, problem = url or "", page
    else:
        asked_for = page.url
        link, problem = _ask_for_link(page, user=customer_id, pub_ref=minted.pub_ref)
    click = record_click(
        shown=shown,
        member=member,
        at=at,
        minted=minted,
        url=asked_for,
        link=link,
        link_problem=problem,
    )
    log.info(
        "clicks.recorded",
        extra={
            "click": str(click.public_id),
            "merchant": shown.merchant_id,
            "link_problem": click.link_problem,
        },
    )
    return click


def _page_of(shown: Shown, url: str | None) -> _Page | LinkProblem:
    """Where the link is to lead to, or why it leads nowhere."""
    brand = Merchant.objects.filter(pk=shown.merchant_id).values_list(
        "profile__homepage_url", "profile__hostnames", "overlay__is_switched_off"
    )
    homepage, hostnames, is_switched_off = brand.first() or ("", [], False)
    if is_switched_off:
        return LinkProblem.SWITCHED_OFF
    if not (url or homepage):
        return LinkProblem.NO_PAGE
    return _Page(
        url=url or homepage,
        is_asked_for=url is not None,
        merchant_id=shown.merchant_id,
        hostnames=tuple(hostnames or ()),
    )


def _ask_for_link(page: _Page | None, *, user: str, pub_ref: str) -> tuple[str, LinkProblem | None]:
    """The link, or why there is none. Raises: NotThisBrand, if the app asked for the page."""
    if page is None:
        return "", LinkProblem.NO_PAGE
    try:
        told = links.links_client().create_link(url=page.url, user=user, pub_ref=pub_ref)
    except ButtonMisconfigured:
        log.exception("clicks.links_misconfigured")
        return "", LinkProblem.UNAVAILABLE
    if isinstance(told, links.LinkProblem):
        return "", LinkProblem(told.kind.value)
    if _is_of_brand(page, told.merchant_id):
        return told.link, None
    if page.is_asked_for:
        sentence = "This page is not the brand's whose offer it is. Send one of the brand's."
        raise NotThisBrand("The page is another brand's.", fields={"url": sentence})
    log.error(
        "clicks.homepage_of_another_brand",
        extra={"merchant": page.merchant_id, "detected": told.merchant_id},
    )
    return "", LinkProblem.NOT_SUPPORTED


def _is_of_brand(page: _Page, detected: str | None) -> bool:
    """Button's word decides; the hostnames known only where it did not say whose page it is."""
    if detected is not None:
        return detected == page.merchant_id
    if not page.hostnames or not page.is_asked_for:
        return True
    host = (urlsplit(page.url).hostname or "").rstrip(".")
    bare = [name.lower().removeprefix("www.") for name in page.hostnames]
    return any(host == name or host.endswith(f".{name}") for name in bare)
