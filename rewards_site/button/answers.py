"""One HTTP answer of Button's → a page, an error, or the wish to ask again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from rewards_site.button.address import has_cursor
from rewards_site.button.backoff import http_date, retry_after_seconds
from rewards_site.button.envelope import NotEnvelope, read_list, read_object
from rewards_site.button.errors import ButtonError, is_retried, refusal
from rewards_site.button.pages import Page
from rewards_site.button.wirejson import JsonObject

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer whose body is complete. `read_at` is when that was."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    url: str
    read_at: datetime


class AskAgainError(Exception):
    """This attempt failed, the next may not; not before `after_seconds` if Button said so."""

    def __init__(self, why: str, *, after_seconds: float | None = None, status: int = 0) -> None:
        super().__init__(why)
        self.after_seconds = after_seconds
        self.status = status
        """Of HTTP; 0 where there was none, or it was 2xx."""


def read_page(
    answer: Answer, *, has_followed_cursor: bool, api_key: str, may_be_one: bool = False
) -> Page:
    """`may_be_one`: a lone `object` is a list of one.

    Raises: AskAgainError; ButtonError for what will not change by asking again."""
    _refuse_faults(
        answer,
        has_followed_cursor=has_followed_cursor,
        api_key=api_key,
        setting="BUTTON_API_URL",
    )
    try:
        rows, told_next = read_list(answer.body, may_be_one=may_be_one)
    except NotEnvelope as error:
        raise AskAgainError(str(error)) from None
    return Page(
        rows=rows,
        next_url=told_next if told_next and has_cursor(told_next) else None,
        read_at=answer.read_at,
        server_at=http_date(answer.headers.get("Date")),
        url=answer.url,
    )


def read_one(answer: Answer, read: Callable[[JsonObject], T], *, api_key: str, setting: str) -> T:
    """What `read` makes of the answer's `object`; it raises NotEnvelope for what is not whole.

    `setting` says where the host comes from. Raises: AskAgainError, ButtonError, as read_page.
    """
    _refuse_faults(answer, has_followed_cursor=False, api_key=api_key, setting=setting)
    try:
        return read(read_object(answer.body))
    except NotEnvelope as error:
        raise AskAgainError(str(error)) from None


def _refuse_faults(
    answer: Answer, *, has_followed_cursor: bool, api_key: str, setting: str
) -> None:
    """Raises: AskAgainError, ButtonError for every status but 2xx."""
    if is_retried(answer.status):
        server_at = http_date(answer.headers.get("Date"))
        raise AskAgainError(
            f"it answered {answer.status}",
            after_seconds=retry_after_seconds(
                answer.headers.get("Retry-After"), at=server_at or answer.read_at
            ),
            status=answer.status,
        )
    if answer.status >= 400:
        raise refusal(
            status=answer.status,
            reason=answer.reason,
            body=answer.body,
            has_followed_cursor=has_followed_cursor,
            api_key=api_key,
        )
    if answer.status >= 300:
        raise ButtonError(
            f"Button answered with a redirect ({answer.status}), which is not followed: "
            f"look at {setting}."
        )
