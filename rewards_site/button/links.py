"""The Links API: Button's attributed link for a page of a brand (sheet, 3.1 and 3.3)."""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial
from typing import Any
from urllib.parse import unquote, unquote_plus, urlsplit

from django.conf import settings

from rewards_site.button.answers import read_one
from rewards_site.button.envelope import NotEnvelope
from rewards_site.button.errors import ButtonError, ButtonRefused, ButtonUnavailable
from rewards_site.button.fields import Fields, Flags, Unreadable, identifier, plain_text
from rewards_site.button.identifiers import is_user_id
from rewards_site.button.limits import Limits
from rewards_site.button.transport import Request, Transport
from rewards_site.button.waiting import waiting_for_button
from rewards_site.button.wirejson import JsonObject
from rewards_site.kernel import clock
from rewards_site.kernel.errors import InvalidInput

log = logging.getLogger(__name__)

LINKS_LIMITS = Limits(
    connect_seconds=1,
    read_seconds=1.5,
    total_seconds=3,
    attempts_max=2,
    body_bytes_max=1024 * 1024,
)
URL_LENGTH_MAX = 2000
PUB_REF_LENGTH_MAX = 511
"""One page says «maximum 512», the other «under 512» (sheet, C21)."""
_REFERENCE = re.compile(rf"[\x21-\x7E]{{1,{PUB_REF_LENGTH_MAX}}}")
_BLANK_OR_BACKSLASH = re.compile(
    r"[ \\"
    # Nothing is drawn for these either, though Unicode has them for letters, marks and signs.
    r"\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)


class LinkProblemKind(StrEnum):
    """Why there is no link. The last one may go by itself."""

    BAD_URL = "bad_url"
    NOT_APPROVED = "not_approved"
    NOT_SUPPORTED = "not_supported"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributedLink:
    """`link` is to be opened as it is. `merchant_id` is the brand that Button saw in the URL."""

    link: str
    merchant_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkProblem:
    """Why there is no link, in words for a person."""

    kind: LinkProblemKind
    message: str


_WORDS = {
    LinkProblemKind.BAD_URL: "This is not the address of a web page of the brand.",
    LinkProblemKind.NOT_APPROVED: "This brand has not approved links from here yet.",
    LinkProblemKind.NOT_SUPPORTED: "No brand that can be linked to was found at this address.",
    LinkProblemKind.REFUSED: "Button does not make a link to this address.",
    LinkProblemKind.UNAVAILABLE: "Button makes no links at the moment. Try again in a minute.",
}
_OF_ERROR_TYPE = {
    "NoMerchantApproval": LinkProblemKind.NOT_APPROVED,
    "NoMerchantLinkSupport": LinkProblemKind.NOT_SUPPORTED,
}
_OF_STATUS = {
    400: LinkProblemKind.BAD_URL,
    401: LinkProblemKind.UNAVAILABLE,  # our key, about which no member can do anything
    404: LinkProblemKind.NOT_SUPPORTED,
}


class LinksClient:
    """The Links API for one key. Cheap to make: the connections belong to the process."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], datetime] = clock.now,
        draw: Callable[[], float] = random.random,
        limits: Limits = LINKS_LIMITS,
    ) -> None:
        """Raises: ButtonMisconfigured."""
        self._transport = Transport(
            api_key=api_key,
            base_url=base_url,
            pool="links",
            clock=clock,
            draw=draw,
            limits=limits,
            sleep=sleep,
        )

    def create_link(self, *, url: str, user: str, pub_ref: str) -> AttributedLink | LinkProblem:
        """The link, or why there is none; not inside a database transaction.

        `user` is 1-255 characters, `pub_ref` 1-511, both of ASCII 0x21-0x7E: we mint them.
        Raises: InvalidInput for those two, and nothing else.
        """
        _check_pass_through(user=user, pub_ref=pub_ref)
        if not is_web_address(url):
            return _problem(LinkProblemKind.BAD_URL)
        experience = {"btn_pub_user": user, "btn_pub_ref": pub_ref}
        request = Request(
            url=f"{self._transport.base_url}/v1/links",
            body=json.dumps({"url": url, "experience": experience}).encode(),
        )
        read = partial(
            read_one,
            read=partial(_read_link, experience=experience),
            api_key=self._transport.key,
            setting="BUTTON_API_URL",
        )
        try:
            with waiting_for_button():
                return self._transport.ask(request, read)
        except ButtonRefused as error:
            kind = _OF_ERROR_TYPE.get(error.error_type or "") or _OF_STATUS.get(
                error.status, LinkProblemKind.REFUSED
            )
            log.warning("links.refused", extra={"status": error.status, "kind": str(kind)})
            return _problem(kind)
        except ButtonUnavailable:
            return _problem(LinkProblemKind.UNAVAILABLE)
        except ButtonError as error:  # a redirect, an endless body
            log.warning("links.failed", extra={"error_class": type(error).__name__})
            return _problem(LinkProblemKind.UNAVAILABLE)


def links_client() -> LinksClient:
    """The client that the settings describe. Raises: ButtonMisconfigured."""
    return LinksClient(api_key=settings.BUTTON_API_KEY, base_url=settings.BUTTON_API_URL)


def is_web_address(url: str) -> bool:
    """Whether `url` may be linked to: http or https, a host, no log-in, nothing to misread.

    Nothing invisible either: it reads as another address than it is.
    """
    if not url or len(url) > URL_LENGTH_MAX or _is_unsafe(url):
        return False
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and has_host and "@" not in parts.netloc


def _check_pass_through(*, user: str, pub_ref: str) -> None:
    wrong: dict[str, str] = {}
    if not is_user_id(user):
        wrong["user"] = "Must be 1 to 255 characters of ASCII 0x21 to 0x7E."
    if not _REFERENCE.fullmatch(pub_ref):
        wrong["pub_ref"] = f"Must be 1 to {PUB_REF_LENGTH_MAX} characters of ASCII 0x21 to 0x7E."
    if wrong:
        raise InvalidInput("The link cannot be attributed.", fields=wrong)


def _is_unsafe(text: str) -> bool:
    """Whether it holds blanks, control characters, or what nobody sees."""
    return not text.isprintable() or _BLANK_OR_BACKSLASH.search(text) is not None


def _read_link(told: JsonObject, *, experience: Mapping[str, str]) -> AttributedLink:
    """Raises: NotEnvelope when it holds no link that is safe to open, or another shopper's."""
    row = Fields(told, flags=(flags := Flags()))
    links: Any = told.get("links")
    if not isinstance(links, JsonObject):
        raise NotEnvelope("its answer held no link")
    try:
        link = Fields(links, flags=flags).needed("universal", plain_text)
    except Unreadable:
        raise NotEnvelope("its answer held no link") from None
    if not link.startswith("https://") or _is_unsafe(link):
        raise NotEnvelope("its answer held no link that is safe to open")
    if not _carries(link, experience):
        raise NotEnvelope("its answer held a link of another user or reference")
    return AttributedLink(link=link, merchant_id=row.optional("merchant_id", identifier))


def _carries(link: str, experience: Mapping[str, str]) -> bool:
    """Whether nothing in the link's query is another user or reference than was sent.

    Left out they may be: short links have none. Each spelling that stands for the text will do.
    """
    query = link.partition("?")[2].partition("#")[0]
    for field in query.split("&"):
        name, _, value = field.partition("=")
        sent = experience.get(unquote(name).lower())
        if sent is not None and sent not in {value, unquote(value), unquote_plus(value)}:
            return False
    return True


def _problem(kind: LinkProblemKind) -> LinkProblem:
    return LinkProblem(kind=kind, message=_WORDS[kind])
