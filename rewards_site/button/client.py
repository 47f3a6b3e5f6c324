"""The client of Button's lists: accounts, brands and transactions.

What members wait for stands beside it: offers.py and links.py. Every call has time-outs, a total
deadline and a bounded number of attempts (transport.py). Hold no database connection while it
waits.
"""

from __future__ import annotations

import functools
import logging
import random
from collections.abc import Callable, Iterator
from datetime import datetime
from urllib.parse import quote

from django.conf import settings

from rewards_site.button.address import has_cursor, next_address
from rewards_site.button.answers import read_page
from rewards_site.button.brands import BrandsPage, read_brands
from rewards_site.button.errors import BadCursor, ButtonError, ButtonRefused
from rewards_site.button.limits import DEFAULT_LIMITS, Limits
from rewards_site.button.pages import AccountsPage, Page, walk, with_smaller_pages
from rewards_site.button.reading import Unreadable, read_account
from rewards_site.button.transport import Request, Transport
from rewards_site.kernel import clock

__all__ = ["AccountsPage", "ButtonClient", "Limits", "Page", "button_client"]

log = logging.getLogger(__name__)


class ButtonClient:
    """Button's API for one key. Cheap to make: the connections belong to the process."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], datetime] = clock.now,
        draw: Callable[[], float] = random.random,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        """Raises: ButtonMisconfigured. `draw` gives the jitter's random numbers of 0 to 1."""
        self._transport = Transport(
            api_key=api_key,
            base_url=base_url,
            pool="api",
            clock=clock,
            draw=draw,
            limits=limits,
            sleep=sleep,
        )
        self._base_url = self._transport.base_url
        self._limits = limits

    def accounts(self) -> AccountsPage:
        """Every billing account, one per currency. Raises: ButtonError."""
        page = AccountsPage(accounts=[], unreadable=[])
        for told in self._pages("/v1/affiliation/accounts", params={}):
            for row in told.rows:
                try:
                    page.accounts.append(read_account(row))
                except Unreadable as error:
                    page.unreadable.append(str(error))
        return page

    def brands(self) -> BrandsPage:
        """Every brand; static data, never to be asked for while a member waits (sheet, 3.4)."""
        return read_brands(self._pages("/v1/brands", params={}, may_be_one=True))

    def transaction_pages(
        self,
        *,
        account_id: str,
        start: datetime | None,
        end: datetime | None,
        page_size: int | None,
        resume_url: str | None = None,
        time_field: str = "modified_date",
    ) -> Iterator[Page]:
        """The transactions whose `time_field` is in [start, end), in no order to rely on.

        `resume_url` goes on where an earlier walk stopped; its cursor remembers the filters. A page
        size that Button refuses falls back to smaller ones, in the end to Button's own.
        Raises, between pages: ButtonError; of its kinds, BadCursor and LoopingPages mean that
        `next_url` of the last page must not be kept.
        """
        if account_id in ("", ".", ".."):  # as a part of the path it would name another resource
            raise ButtonError("This is not the id of a Button account.")
        params = {"time_field": time_field}
        if start is not None:
            params["start"] = clock.wire_text(start)
        if end is not None:
            params["end"] = clock.wire_text(end)
        if page_size is not None:
            params["page_size"] = str(page_size)
        path = f"/v1/affiliation/accounts/{quote(account_id, safe='')}/transactions"
        return self._pages(path, params=params, resume_url=resume_url)

    def _pages(
        self,
        path: str,
        *,
        params: dict[str, str],
        resume_url: str | None = None,
        may_be_one: bool = False,
    ) -> Iterator[Page]:
        started_at = None if resume_url is None else self._resumed(resume_url)
        follow = functools.partial(self._page, has_followed_cursor=True, may_be_one=may_be_one)
        yield from walk(
            functools.partial(
                self._first_page, self._base_url + path, params, may_be_one=may_be_one
            )
            if started_at is None
            else functools.partial(follow, started_at),
            follow,
            base_url=self._base_url,
            pages_max=self._limits.pages_max,
            started_at=started_at,
        )

    def _first_page(self, url: str, params: dict[str, str], *, may_be_one: bool) -> Page:
        while True:
            try:
                return self._page(url, params=params, may_be_one=may_be_one)
            except ButtonRefused as error:
                if error.status != 400 or "page_size" not in params:
                    raise
            log.warning("button.page_size_refused", extra={"page_size": params["page_size"]})
            params = with_smaller_pages(params)

    def _resumed(self, url: str) -> str:
        try:
            if has_cursor(url):
                return next_address(url, base_url=self._base_url)
        except ButtonError:
            log.warning("button.cursor_of_another_host")
        # Kept while BUTTON_API_URL was another, or after a page that led elsewhere.
        raise BadCursor(status=0, message="the cursor that was kept is not of this Button")

    def _page(
        self,
        url: str,
        *,
        params: dict[str, str] | None = None,
        has_followed_cursor: bool = False,
        may_be_one: bool = False,
    ) -> Page:
        return self._transport.ask(
            Request(url=url, params=params or {}),
            functools.partial(
                read_page,
                has_followed_cursor=has_followed_cursor,
                may_be_one=may_be_one,
                api_key=self._transport.key,
            ),
        )


def button_client() -> ButtonClient:
    """The client that the settings describe. Raises: ButtonMisconfigured."""
    return ButtonClient(api_key=settings.BUTTON_API_KEY, base_url=settings.BUTTON_API_URL)
