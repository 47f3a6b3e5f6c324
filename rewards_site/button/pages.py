"""A list of Button's, page after page, to its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from rewards_site.button.address import next_address
from rewards_site.button.errors import LoopingPages
from rewards_site.button.schemas import ButtonAccountRecord

SMALLER_PAGES = (200, 100)
"""What is asked for after a larger `page_size` was refused, before Button's default of 50."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page as told: `rows` are not read yet, so that one bad row harms no other."""

    rows: list[object]
    next_url: str | None
    """For `resume_url`; None on the last page."""
    read_at: datetime
    """When the answer was complete, by our clock."""
    server_at: datetime | None
    """Button's own clock (the Date header, whole seconds); None where it told none."""
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountsPage:
    """The accounts that could be read, and one sentence for each row that could not."""

    accounts: list[ButtonAccountRecord]
    unreadable: list[str]


def walk(
    first: Callable[[], Page],
    follow: Callable[[str], Page],
    *,
    base_url: str,
    pages_max: int,
    started_at: str | None = None,
) -> Iterator[Page]:
    """`first()`, then what each page names as its next, on `base_url`'s host only.

    `started_at` is the address that `first` asks, if that followed a cursor.
    Raises: LoopingPages, and ButtonError for a next page elsewhere; each after the page that named
    it was given out, because its rows are good whatever follows.
    """
    seen = set() if started_at is None else {started_at}
    page = first()
    for _ in range(pages_max):
        yield page
        if page.next_url is None:
            return
        address = next_address(page.next_url, base_url=base_url)
        if address in seen:
            raise LoopingPages("Button's pages lead back to one that was read before.")
        seen.add(address)
        page = follow(address)
    raise LoopingPages(f"Button's list has more than {pages_max} pages.")


def with_smaller_pages(params: dict[str, str]) -> dict[str, str]:
    """The next page size to try, or Button's own: its largest is not documented (sheet, 4.2)."""
    others = {name: value for name, value in params.items() if name != "page_size"}
    size = next((size for size in SMALLER_PAGES if size < int(params["page_size"])), None)
    return others if size is None else others | {"page_size": str(size)}
