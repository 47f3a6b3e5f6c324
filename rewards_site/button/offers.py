"""The Offers API: what one user would earn at each brand now (sheet, sections 2 and 7).

A member waits, so the deadline is short. Nothing is cached, and without an answer there is no rate.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings

from rewards_site.button.answers import AskAgainError, read_one
from rewards_site.button.errors import (
    ButtonBusy,
    ButtonError,
    ButtonUnavailable,
    OffersRateLimited,
    OffersUnavailable,
)
from rewards_site.button.fields import Wrong, identifier
from rewards_site.button.identifiers import Shopper
from rewards_site.button.limits import Limits
from rewards_site.button.offers_reading import read_offers
from rewards_site.button.offers_schemas import OffersAnswer
from rewards_site.button.ratelimit.budget import offers_budget
from rewards_site.button.transport import Request, Transport
from rewards_site.button.waiting import waiting_for_button
from rewards_site.kernel import clock
from rewards_site.kernel.errors import InvalidInput

log = logging.getLogger(__name__)

OFFERS_LIMITS = Limits(
    connect_seconds=1,
    read_seconds=1.5,
    total_seconds=3,
    attempts_max=2,
    body_bytes_max=16 * 1024 * 1024,
)
"""Button answers in 100 ms on average; half of the time is left for a second attempt."""
REFUSED_RETRY_AFTER_SECONDS = 60
"""Button would say no again; somebody of ours has to look first."""
_SETTING = "BUTTON_OFFERS_URL"


class OffersClient:
    """The Offers API for one key. Cheap to make: the connections belong to the process."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        sleep: Callable[[float], object] | None = None,
        clock: Callable[[], datetime] = clock.now,
        draw: Callable[[], float] = random.random,
        limits: Limits = OFFERS_LIMITS,
        before_each: Callable[[], object] | None = None,
    ) -> None:
        """`before_each` attempt: takes it from a budget, or raises OffersRateLimited.

        Raises: ButtonMisconfigured.
        """
        self._transport = Transport(
            api_key=api_key,
            base_url=base_url,
            pool="offers",
            clock=clock,
            draw=draw,
            limits=limits,
            sleep=sleep,
            setting=_SETTING,
        )
        self._before_each = before_each

    def offers_for(self, shopper: Shopper, *, merchant_id: str | None = None) -> OffersAnswer:
        """One fresh answer; not inside a database transaction, whose connection is given back.

        Raises: OffersUnavailable (of its kinds, OffersRateLimited) whatever the cause is;
        InvalidInput for a `merchant_id` that is no id.
        """
        request = Request(
            url=f"{self._transport.base_url}/v1/offers",
            body=_body(shopper, merchant_id=merchant_id),
        )
        read = partial(
            read_one,
            read=partial(read_offers, merchant_id=merchant_id),
            api_key=self._transport.key,
            setting=_SETTING,
        )
        try:
            with place_for_offers():
                answer = self._transport.ask(request, read, before_each=self._before_each)
        except OffersUnavailable:
            raise
        except ButtonUnavailable as error:
            raise _unavailable(error) from error
        except ButtonError as error:
            # Without Button's words: they may repeat an identifier.
            log.warning("offers.refused", extra={"status": getattr(error, "status", None)})
            raise OffersUnavailable(
                "Button does not give out offers at the moment.",
                retry_after=REFUSED_RETRY_AFTER_SECONDS,
            ) from error
        if answer.flags:
            log.warning("offers.flagged", extra={"flags": answer.flags})
        return answer


@contextmanager
def place_for_offers() -> Iterator[None]:
    """As waiting_for_button(), also around what is made of an answer. Raises: OffersUnavailable."""
    with ExitStack() as held:
        try:
            held.enter_context(waiting_for_button())
        except ButtonBusy as error:
            raise OffersUnavailable(str(error), retry_after=error.retry_after) from error
        yield


def offers_client() -> OffersClient:
    """The client that the settings describe. Raises: ButtonMisconfigured."""
    return OffersClient(
        api_key=settings.BUTTON_API_KEY,
        base_url=settings.BUTTON_OFFERS_URL,
        before_each=offers_budget().take,
    )


def _body(shopper: Shopper, *, merchant_id: str | None) -> bytes:
    body: dict[str, Any] = {"user_id": shopper.user_id}
    if shopper.device_ids:
        body["device_ids"] = shopper.device_ids
    if shopper.email_sha256s:
        body["email_sha256s"] = shopper.email_sha256s
    if merchant_id is not None:
        body["merchant_id"] = _checked_merchant_id(merchant_id)
    return json.dumps(body).encode()


def _checked_merchant_id(merchant_id: str) -> str:
    try:
        if merchant_id:
            return identifier(merchant_id)
    except Wrong:
        pass
    raise InvalidInput(
        "There is no such merchant.",
        fields={"merchant_id": "Must be the id of a merchant, or left out."},
    )


def _unavailable(error: ButtonUnavailable) -> OffersUnavailable:
    """As 429 only where Button's last word was 429."""
    failure = error.__cause__
    if isinstance(failure, AskAgainError) and failure.status == 429:
        return OffersRateLimited(
            "Button takes no more requests for offers at the moment.",
            retry_after=error.retry_after,
        )
    return OffersUnavailable(
        "Button does not give out offers at the moment.", retry_after=error.retry_after
    )
