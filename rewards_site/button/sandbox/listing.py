"""Lists of transactions: filters, pages, and cursors that keep both to themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Literal, cast, get_args

from rewards_site.button.sandbox.answers import ApiError
from rewards_site.button.sandbox.clock import in_seconds, read_instant, second_text
from rewards_site.button.sandbox.records import Transaction

PAGE_SIZE_DEFAULT = 50
PAGE_SIZE_MAX = 500
_SEAL_KEY = b"the sandbox's cursors: opaque, not secret"

TimeField = Literal["created_date", "modified_date", "attribution_date"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a caller asked for, and after which row the page begins. Times as RFC 3339 text."""

    path: str
    organization: str
    time_field: TimeField = "created_date"
    start: str | None = None
    end: str | None = None
    country: str | None = None
    page_size: int = PAGE_SIZE_DEFAULT
    after: tuple[str, str] | None = None
    """(time, id) of the last row of the page before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    transactions: list[Transaction]
    cursor: str | None
    """Of the next page; None: this is the last."""


def read_listing(parameters: dict[str, str], *, path: str, organization: str) -> Listing:
    """The query of a caller; with a cursor, what is sealed in it and nothing else.

    Raises: ApiError (400) for what can't be read, or for a cursor of another list or caller.
    """
    if "cursor" in parameters:
        listing = _open(parameters["cursor"])
        if (listing.path, listing.organization) != (path, organization):
            raise ApiError(400, "Invalid cursor")
        return listing
    time_field = parameters.get("time_field", "created_date")
    if time_field not in get_args(TimeField):
        raise ApiError(400, f"Invalid time_field: {time_field}")
    country = parameters.get("country")
    if country is not None and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise ApiError(400, f"Invalid country: {country}")
    return Listing(
        path=path,
        organization=organization,
        time_field=cast(TimeField, time_field),
        start=_time(parameters, "start"),
        end=_time(parameters, "end"),
        country=country,
        page_size=_page_size(parameters),
    )


def page_of(transactions: Iterable[Transaction], listing: Listing) -> Page:
    """The page, ascending by (`time_field`, id), times as they show: in whole seconds."""
    start = None if listing.start is None else read_instant(listing.start)
    end = None if listing.end is None else read_instant(listing.end)
    rows: list[tuple[str, str, Transaction]] = []
    for transaction in transactions:
        at = in_seconds(_time_of(transaction, listing.time_field))
        place = (second_text(at) or "", transaction.id)
        country = transaction.order.purchase.country or ""
        if (
            (start is None or start <= at)
            and (end is None or at < end)
            and (listing.country is None or country.upper() == listing.country.upper())
            and (listing.after is None or place > tuple(listing.after))
        ):
            rows.append((*place, transaction))
    rows.sort(key=lambda row: row[:2])
    shown = rows[: listing.page_size]
    cursor = None
    if len(rows) > len(shown):
        cursor = _seal({**asdict(listing), "after": shown[-1][:2]})
    return Page(transactions=[transaction for _, _, transaction in shown], cursor=cursor)


def _time_of(transaction: Transaction, time_field: TimeField) -> datetime:
    match time_field:
        case "created_date":
            return transaction.created_at
        case "modified_date":
            return transaction.modified_at
        case "attribution_date":
            return transaction.order.purchase.purchased_at


def _time(parameters: dict[str, str], name: str) -> str | None:
    text = parameters.get(name)
    if text is None:
        return None
    try:
        read_instant(text)
    except ValueError as error:
        raise ApiError(400, f"Invalid {name}: {text}") from error
    return text


def _page_size(parameters: dict[str, str]) -> int:
    text = parameters.get("page_size", str(PAGE_SIZE_DEFAULT))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= PAGE_SIZE_MAX:
        raise ApiError(400, f"Invalid page_size: {text}")
    return int(text)


def _seal(content: dict[str, object]) -> str:
    text = json.dumps(content).encode()
    return base64.urlsafe_b64encode(_tag(text) + text).decode().rstrip("=")


def _open(cursor: str) -> Listing:
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ApiError(400, "Invalid cursor") from error
    tag, text = sealed[:16], sealed[16:]
    if not hmac.compare_digest(tag, _tag(text)):
        raise ApiError(400, "Invalid cursor")
    return Listing(**json.loads(text))


def _tag(text: bytes) -> bytes:
    return hmac.new(_SEAL_KEY, text, hashlib.sha256).digest()[:16]
