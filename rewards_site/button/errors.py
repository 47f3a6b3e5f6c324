"""The closed table: wire error → our error. What is not in it is `ButtonError` itself.

| on the wire                                                    | retried | our error         |
|----------------------------------------------------------------|---------|-------------------|
| no connection, time-out, TLS failure, body cut short           | yes     | ButtonUnavailable |
| 408, 425, 429, 5xx                                             | yes     | ButtonUnavailable |
| 2xx that is not Button's envelope (HTML, empty, status not ok) | yes     | ButtonUnavailable |
| 400, 404, 410 to a request that followed a cursor              | no      | BadCursor         |
| any other 4xx                                                  | no      | ButtonRefused     |
| 3xx; a next page on another host; a body past the limit        | no      | ButtonError       |
| a next page seen before; more pages than the limit             | no      | LoopingPages      |

For offers, each of these is `OffersUnavailable` to the caller (offers.py).

Nothing is documented for 429, 5xx and the billing calls, so the retried ones follow HTTP's own
meaning (sheet, 1.4). No message holds the API key.
"""

from __future__ import annotations

from rewards_site.button.envelope import told_error
from rewards_site.kernel.errors import ServiceError, TooMany, Unavailable

_RETRIED = frozenset({408, 425, 429})
_CURSOR_IS_DEAD = frozenset({400, 404, 410})
_MESSAGE_LENGTH_MAX = 500


class ButtonError(ServiceError):
    """Button could not be used. The message is one sentence for ops."""

    code = "button_error"


class ButtonMisconfigured(ButtonError):
    """The settings cannot work, so nothing was sent."""

    code = "button_misconfigured"


class ButtonUnavailable(ButtonError, Unavailable):
    """No usable answer after retries; `retry_after` seconds from now it may go."""

    code = "button_unavailable"


class ButtonBusy(ButtonUnavailable):
    """So many of our own requests wait for Button that this one was not sent."""

    code = "button_busy"


class OffersUnavailable(ButtonUnavailable):
    """No offers now, and none may be made up. What Button refused stands in `__cause__`."""

    code = "rates_unavailable"


class OffersRateLimited(OffersUnavailable, TooMany):
    """More requests than Button, or our own budget, allows: 429 rather than 503."""

    code = "offers_rate_limited"


class ButtonRefused(ButtonError):
    """Button said no, and would say it again: 4xx. `message` and `error_type` are Button's."""

    code = "button_refused"

    def __init__(self, *, status: int, message: str, error_type: str | None = None) -> None:
        super().__init__(f"Button refused with {status}: {message}")
        self.status = status
        self.message = message
        self.error_type = error_type


class BadCursor(ButtonRefused):
    """The cursor is dead, or not of this Button: the window has to be read again from its start."""

    code = "button_bad_cursor"


class LoopingPages(ButtonError):
    """The pages come to no end: one led back to an earlier one, or there were too many."""

    code = "button_looping_pages"


def is_retried(status: int) -> bool:
    """Whether the same request may get another answer to an answer of this HTTP `status`."""
    return status in _RETRIED or status >= 500


def refusal(
    *, status: int, reason: str, body: bytes, has_followed_cursor: bool, api_key: str
) -> ButtonRefused:
    """The error for a final 4xx. `reason` is HTTP's phrase, where the body has none."""
    kind = BadCursor if has_followed_cursor and status in _CURSOR_IS_DEAD else ButtonRefused
    message, error_type = told_error(body)
    return kind(
        status=status,
        message=_safe(message or f"{status} {reason}".strip(), api_key=api_key),
        error_type=None if error_type is None else _safe(error_type, api_key=api_key),
    )


def _safe(text: str, *, api_key: str) -> str:
    """Fit for a log and a text column: without the key, on one line, and not endless."""
    text = text.replace(api_key, "[redacted]")
    text = "".join(character if character.isprintable() else " " for character in text)
    return text[:_MESSAGE_LENGTH_MAX]
