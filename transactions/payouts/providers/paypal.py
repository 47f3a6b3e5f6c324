"""`paypal`: PayPal's Payouts API.

It cannot be asked for a batch by our id. What it documents instead: the same batch, given once more
under the same `sender_batch_id` within 30 days, is refused with a link to the one it has, and is
taken if it has none. That is how a batch is asked for whose answer was lost (docs/decisions/0092).
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from rewards_site.kernel.money import decimal_text
from transactions.payouts.providers import paypal_reading as reading
from transactions.payouts.providers import redacting
from transactions.payouts.providers.http import HttpAnswer, UnsentError, UnsureError, exchange
from transactions.payouts.providers.protocol import Answer, Order, Payment, Reply, Told

NAME = METHOD = "paypal"
ITEMS_MAX = 15_000
PAGE_ITEMS = 1_000
CURRENCIES = frozenset(
    [
        "AUD",
        "BRL",
        "CAD",
        "CHF",
        "CZK",
        "DKK",
        "EUR",
        "GBP",
        "HKD",
        "HUF",
        "ILS",
        "JPY",
        "MXN",
        "MYR",
        "NOK",
        "NZD",
        "PHP",
        "PLN",
        "SEK",
        "SGD",
        "THB",
        "TWD",
        "USD",
    ]
)
WHOLE_UNITS_ONLY = frozenset({"HUF", "TWD"})
"""Two decimal digits in ISO 4217, and PayPal takes none."""
_TOKEN_SECONDS_SPARE = 60
_TOKEN_TRIES = 2


class _NoTokenError(Exception):
    """The log-in failed: nothing was asked."""


class PayPal:
    name = NAME
    label = "PayPal Payouts"
    is_by_hand = False
    items_max = ITEMS_MAX
    remembers_for = timedelta(days=30)

    def __init__(self, *, base_url: str, client_id: str, secret: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._client_id = client_id
        self._secret = secret

    def pays(self, method: str) -> bool:
        return method == METHOD

    def objection(self, amount_minor: int, currency: str) -> str:
        if currency not in CURRENCIES:
            return f"PayPal pays no {currency}"
        if currency in WHOLE_UNITS_ONLY and amount_minor % 100:
            return f"PayPal pays whole {currency} only"
        return ""

    def send(self, order: Order) -> Answer:
        """A batch that PayPal has already is found again, and not paid twice."""
        try:
            answer = self._asked("POST", "/v1/payments/payouts", body=_body(order))
        except (_NoTokenError, UnsentError) as error:
            return Answer(reply=Reply.UNTOUCHED, why=f"Nothing was sent: {error}.")
        except UnsureError as error:
            return Answer(reply=Reply.UNKNOWN, why=f"PayPal may have it: {error}.")
        return self._read_taken(order, answer)

    def ask(self, order: Order) -> Answer:
        if not order.provider_batch_id:
            return self.send(order)
        return self._state(order, order.provider_batch_id)

    def _read_taken(self, order: Order, answer: HttpAnswer) -> Answer:
        body = reading.parsed(answer.body)
        evidence = redacting.evidence_of(body) if body is not None else ""
        if 200 <= answer.status < 300:
            theirs, ours = reading.batch_id_told(body or {})
            if theirs and ours in ("", order.batch_id):
                return Answer(reply=Reply.ACCEPTED, provider_batch_id=theirs, evidence=evidence)
            why = f"PayPal answered {answer.status} with something else than the batch."
            return Answer(reply=Reply.UNKNOWN, why=why, evidence=evidence)
        if body is not None and answer.status < 500 and reading.is_duplicate(body):
            return self._find_original(order, body, evidence)
        if answer.status in (401, 403, 429):
            said = reading.refusal(body, answer.status)
            why = f"PayPal turned it away: {said}."
            return Answer(reply=Reply.UNTOUCHED, why=why, evidence=evidence)
        if answer.status in (400, 404, 405, 413, 415, 422) and body is not None:
            why = f"PayPal refuses it: {reading.refusal(body, answer.status)}."
            return Answer(reply=Reply.REFUSED, why=why, evidence=evidence)
        why = f"PayPal may have it: it answered {answer.status}."
        return Answer(reply=Reply.UNKNOWN, why=why, evidence=evidence)

    def _find_original(self, order: Order, body: Mapping[str, Any], evidence: str) -> Answer:
        found = reading.linked_batch_id(body)
        if not found:
            why = "PayPal has it already and does not say under which id: enter that by hand."
            return Answer(reply=Reply.UNKNOWN, why=why, evidence=evidence)
        state = self._state(order, found)
        if state.reply is Reply.UNTOUCHED:  # it could not be read now; the link is an answer
            return Answer(reply=Reply.ACCEPTED, provider_batch_id=found, evidence=evidence)
        return state

    def _state(self, order: Order, provider_batch_id: str) -> Answer:
        """The batch and all its items, page after page."""
        payments = {payment.item_id: payment for payment in order.payments}
        told: dict[str, Told] = {}
        first: Mapping[str, Any] = {}
        page, pages = 1, 1
        while page <= pages:
            body, why = self._page(provider_batch_id, page)
            if body is None:
                return Answer(reply=Reply.UNTOUCHED, why=why, told=tuple(told.values()))
            theirs, ours = reading.batch_id_told(body)
            if theirs != provider_batch_id or ours != order.batch_id:
                why = f"PayPal's {provider_batch_id} is another batch: {ours or 'no id of ours'}."
                return Answer(
                    reply=Reply.UNKNOWN, why=why, evidence=redacting.evidence_of(_head(body))
                )
            first = first or body
            told |= {one.item_id: one for one in reading.told_items(body, payments)}
            pages = _pages(body)
            page += 1
        for one in reading.denied_items(first, payments):
            told.setdefault(one.item_id, one)
        return Answer(
            reply=Reply.ACCEPTED,
            provider_batch_id=provider_batch_id,
            told=tuple(told.values()),
            evidence=redacting.evidence_of(_head(first)),
        )

    def _page(self, provider_batch_id: str, page: int) -> tuple[dict[str, Any] | None, str]:
        params = {"page": str(page), "page_size": str(PAGE_ITEMS), "total_required": "true"}
        try:
            answer = self._asked("GET", f"/v1/payments/payouts/{provider_batch_id}", params=params)
        except (_NoTokenError, UnsentError, UnsureError) as error:
            return None, f"PayPal did not say: {error}."
        body = reading.parsed(answer.body)
        if answer.status != 200 or body is None:
            return None, f"PayPal did not say: {reading.refusal(body, answer.status)}."
        return body, ""

    # The log-in -----------------------------------------------------------------------------------

    def _asked(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        params: Mapping[str, str] | None = None,
    ) -> HttpAnswer:
        """One request; once more with a new token where PayPal did not know ours, and so did
        nothing. Raises: _NoTokenError, UnsentError, UnsureError.
        """
        for attempt in range(_TOKEN_TRIES):
            answer = exchange(
                method,
                self._base_url + path,
                authorization=f"Bearer {self._token(is_new=attempt > 0)}",
                headers={"Content-Type": "application/json"} if body is not None else {},
                body=body,
                params=params,
            )
            if answer.status != 401:
                break
        return answer

    def _token(self, *, is_new: bool) -> str:
        key = (self._base_url, self._client_id)
        known = _TOKENS.get(key)
        if known is not None and not is_new and time.monotonic() < known[1]:
            return known[0]
        with _TOKENS_LOCK:
            token, seconds = self._log_in()
            _TOKENS[key] = (token, time.monotonic() + seconds - _TOKEN_SECONDS_SPARE)
        return token

    def _log_in(self) -> tuple[str, float]:
        basic = base64.b64encode(f"{self._client_id}:{self._secret}".encode()).decode()
        try:
            answer = exchange(
                "POST",
                f"{self._base_url}/v1/oauth2/token",
                authorization=f"Basic {basic}",
                headers={"Content-Type": "application/x-www-form-urlencoded"},
                body=b"grant_type=client_credentials",
            )
        except (UnsentError, UnsureError) as error:
            raise _NoTokenError(f"the log-in failed, {error}") from error
        body = reading.parsed(answer.body) or {}
        token, seconds = body.get("access_token"), body.get("expires_in")
        if answer.status != 200 or not isinstance(token, str) or not token:
            raise _NoTokenError(f"the log-in was answered {answer.status}")
        return token, float(seconds) if isinstance(seconds, int) else 0.0


_TOKENS: dict[tuple[str, str], tuple[str, float]] = {}
_TOKENS_LOCK = threading.Lock()


def _body(order: Order) -> bytes:
    return json.dumps(
        {
            "sender_batch_header": {
                "sender_batch_id": order.batch_id,
                "recipient_type": "EMAIL",
                "email_subject": "Your rewards are paid out",
            },
            "items": [
                {
                    "recipient_type": "EMAIL",
                    "receiver": payment.destination,
                    "sender_item_id": payment.item_id,
                    "amount": {"value": amount_text(payment), "currency": payment.currency},
                }
                for payment in order.payments
            ],
        },
        ensure_ascii=False,
    ).encode()


def amount_text(payment: Payment) -> str:
    """Exact, in major units; without decimals where PayPal takes none."""
    text = decimal_text(payment.amount_minor, payment.currency)
    return text.partition(".")[0] if payment.currency in WHOLE_UNITS_ONLY else text


def _head(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: body[name] for name in ("batch_header", "total_items") if name in body}


def _pages(body: Mapping[str, Any]) -> int:
    pages = body.get("total_pages")
    return min(pages, ITEMS_MAX) if isinstance(pages, int) else 1
