"""Lists of transactions: filters, pages, and cursors that keep both to themselves."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Literal, cast, get_args

from rewards_site.button.sandbox.answers import ApiError
from rewards_site.button.sandbox.api_switches import ApiSwitches, ListOrder
from rewards_site.button.sandbox.clock import in_seconds, read_instant
from rewards_site.button.sandbox.records import Transaction

PAGE_SIZE_DEFAULT = 50
_SEAL_KEY = b"the sandbox's cursors: opaque, not secret; second kind"

TimeField = Literal["created_date", "modified_date", "attribution_date"]


Place = tuple[int, str]
"""Where a row stands in its list: (what it is ordered by, its id), ascending in every order."""

_FRONT: Place = (-(2**63), "")
_END: Place = (2**63, "")
_LISTS_MAX = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which rows, in which order. Times as RFC 3339 text."""

    path: str
    organization: str
    time_field: TimeField = "created_date"
    start: str | None = None
    end: str | None = None
    country: str | None = None
    order: str = ListOrder.ASCENDING


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a caller asked for, and where its page lies."""

    filter: Filter
    page_size: int = PAGE_SIZE_DEFAULT
    after: Place | None = None
    """The last row of the page before."""
    before: Place | None = None
    """The first row of the page after, on a walk back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    transactions: list[Transaction]
    next_cursor: str | None
    """None: this is the last page."""
    previous_cursor: str | None


class Shelf:
    """Lists in their order, kept until something changes, so that a walk sorts once.

    Use it under the world's lock.
    """

    def __init__(self) -> None:
        self._version = -1
        self._lists: dict[Filter, tuple[list[Place], list[Transaction]]] = {}

    def page_of(
        self, transactions: Callable[[], Iterable[Transaction]], listing: Listing, *, version: int
    ) -> Page:
        """`transactions` is asked only where `version` or the filter is new."""
        if version != self._version or len(self._lists) >= _LISTS_MAX:
            self._lists.clear()
            self._version = version
        if listing.filter not in self._lists:
            self._lists[listing.filter] = _in_order(transactions(), listing.filter)
        return _page(*self._lists[listing.filter], listing)


def read_listing(
    parameters: dict[str, str], *, path: str, organization: str, switches: ApiSwitches
) -> Listing:
    """The query of a caller; with a cursor, what is sealed in it and nothing else.

    Raises: ApiError (400) for what can't be read, or for a cursor of another list or caller.
    """
    if "cursor" in parameters:
        listing = _open(parameters["cursor"])
        if (listing.filter.path, listing.filter.organization) != (path, organization):
            raise ApiError(400, "Invalid cursor")
        return listing
    time_field = parameters.get("time_field", "created_date")
    if time_field not in get_args(TimeField):
        raise ApiError(400, f"Invalid time_field: {time_field}")
    country = parameters.get("country")
    if country is not None and not re.fullmatch(r"[A-Za-z]{2}", country):
        raise ApiError(400, f"Invalid country: {country}")
    rows = Filter(
        path=path,
        organization=organization,
        time_field=cast(TimeField, time_field),
        start=_time(parameters, "start"),
        end=_time(parameters, "end"),
        country=None if country is None else country.upper(),
        order=switches.list_order,
    )
    return Listing(filter=rows, page_size=_page_size(parameters, largest=switches.page_size_max))


def _in_order(
    transactions: Iterable[Transaction], rows: Filter
) -> tuple[list[Place], list[Transaction]]:
    """The rows that pass, times as they show: in whole seconds."""
    start = None if rows.start is None else read_instant(rows.start)
    end = None if rows.end is None else read_instant(rows.end)
    found: dict[Place, Transaction] = {}
    for transaction in transactions:
        at = in_seconds(_time_of(transaction, rows.time_field))
        if (
            (start is None or start <= at)
            and (end is None or at < end)
            and rows.country in {None, (transaction.order.purchase.country or "").upper()}
        ):
            found[_rank(transaction.id, at, rows.order), transaction.id] = transaction
    places = sorted(found)
    return places, [found[place] for place in places]


def _rank(tx_id: str, at: datetime, order: str) -> int:
    seconds = int(at.timestamp())
    match order:
        case ListOrder.SHUFFLED:
            return int.from_bytes(hashlib.sha256(tx_id.encode()).digest()[:7])
        case ListOrder.DESCENDING:
            return -seconds
        case _:
            return seconds


def _page(places: list[Place], transactions: list[Transaction], listing: Listing) -> Page:
    """The page from `after` on, or the one that ends at `before`."""
    if listing.before is not None:
        last = bisect_left(places, listing.before)
        first = max(last - listing.page_size, 0)
    else:
        first = 0 if listing.after is None else bisect_right(places, listing.after)
        last = min(first + listing.page_size, len(places))
    following = preceding = None
    if last < len(places):
        place = places[last - 1] if last else _FRONT
        following = _seal(replace(listing, after=place, before=None))
    if first > 0:
        place = places[first] if first < len(places) else _END
        preceding = _seal(replace(listing, after=None, before=place))
    return Page(
        transactions=transactions[first:last],
        next_cursor=following,
        previous_cursor=preceding,
    )


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


def _page_size(parameters: dict[str, str], *, largest: int) -> int:
    text = parameters.get("page_size", str(min(PAGE_SIZE_DEFAULT, largest)))
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= largest:
        raise ApiError(400, f"Invalid page_size: {text}")
    return int(text)


def _seal(listing: Listing) -> str:
    text = json.dumps(asdict(listing)).encode()
    return base64.urlsafe_b64encode(_tag(text) + text).decode().rstrip("=")


def _open(cursor: str) -> Listing:
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise ApiError(400, "Invalid cursor") from error
    tag, text = sealed[:16], sealed[16:]
    if not hmac.compare_digest(tag, _tag(text)):
        raise ApiError(400, "Invalid cursor")
    content = json.loads(text)
    return Listing(
        filter=Filter(**content["filter"]),
        page_size=content["page_size"],
        after=_place(content["after"]),
        before=_place(content["before"]),
    )


def _place(value: list[Any] | None) -> Place | None:
    return None if value is None else (value[0], value[1])


def _tag(text: bytes) -> bytes:
    return hmac.new(_SEAL_KEY, text, hashlib.sha256).digest()[:16]
