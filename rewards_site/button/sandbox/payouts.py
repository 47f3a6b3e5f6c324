"""A provider of payouts on the sandbox's port, shaped as PayPal's Payouts API.

POST /v1/oauth2/token              Basic auth, grant_type=client_credentials
POST /v1/payments/payouts          takes a batch; its `sender_batch_id` once in 30 days
GET  /v1/payments/payouts/{id}     a page of its items

A batch is taken whole or refused whole. Control calls stand in payouts_control.py.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import threading
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from urllib.parse import parse_qs

from rewards_site.button.sandbox.answers import Json, Reply, Request, json_reply
from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.clock import Clock, second_text
from rewards_site.button.sandbox.payouts_bank import Bank, BankBatch, BankItem, item_json
from rewards_site.button.sandbox.payouts_faults import PayoutFaults

CLIENT_ID = "sandbox-client"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105  # of a play provider
TOKEN_FOR = timedelta(hours=9)
ITEMS_MAX = 15_000
PAGE_ITEMS_MAX = 1_000
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


class Payouts:
    """One sender's account at the provider."""

    def __init__(self, *, seed: int, clock: Clock) -> None:
        self.bank = Bank(seed)
        self.faults = PayoutFaults()
        self.lock = threading.Lock()
        self.clock = clock
        self.calls: list[str] = []
        """`token`, `send` and `ask`, in the order they came."""
        self._seed = seed
        self._tokens: dict[str, datetime] = {}

    @staticmethod
    def is_mine(path: str) -> bool:
        return path == "/v1/oauth2/token" or path.startswith("/v1/payments/")

    def answer(self, request: Request) -> Reply:
        """Raises: HungUpError."""
        if request.path == "/v1/oauth2/token" and request.method == "POST":
            return self._done("token", request)
        if request.path.rstrip("/") == "/v1/payments/payouts" and request.method == "POST":
            return self._done("send", request)
        if re.fullmatch(r"/v1/payments/payouts/[A-Z0-9]+", request.path):
            return self._done("ask", request)
        return _error(404, "INVALID_RESOURCE_ID", "The requested resource was not found.")

    def expire_tokens(self) -> None:
        with self.lock:
            self._tokens.clear()

    def _done(self, what: str, request: Request) -> Reply:
        with self.lock:
            self.calls.append(what)
        met = self.faults.take(what)
        instead = self.faults.before(met)
        if instead is not None:
            if instead.status == 401:
                self.expire_tokens()
            return instead
        at = self.clock.now()
        with self.lock:
            if what == "token":
                reply = self._token(request, at)
            elif not self._is_known(request, at):
                reply = json_reply({"error": "invalid_token"}, status=401)
            elif what == "send":
                reply = self._send(request, at)
            else:
                reply = self._ask(request, at)
        return self.faults.after(met, reply)

    # The log-in -----------------------------------------------------------------------------------

    def _token(self, request: Request, at: datetime) -> Reply:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            told = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            told = ""
        if scheme.lower() != "basic" or told != f"{CLIENT_ID}:{CLIENT_SECRET}":
            return json_reply({"error": "invalid_client"}, status=401)
        if parse_qs(request.body.decode()).get("grant_type") != ["client_credentials"]:
            return json_reply({"error": "unsupported_grant_type"}, status=400)
        token = make_id("A21AA", self._seed, len(self.calls))
        self._tokens[token] = at + TOKEN_FOR
        seconds = int(TOKEN_FOR.total_seconds())
        return json_reply(
            {"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": "pay"}
        )

    def _is_known(self, request: Request, at: datetime) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and at < self._tokens.get(token, at)

    # Batches --------------------------------------------------------------------------------------

    def _send(self, request: Request, at: datetime) -> Reply:
        try:
            body = json.loads(request.body, parse_float=Decimal)
            header = body["sender_batch_header"]
            sender_batch_id = header["sender_batch_id"]
            told = body["items"]
        except (ValueError, KeyError, TypeError):
            return _error(400, "MALFORMED_REQUEST", "The request is not well-formed.")
        if not isinstance(sender_batch_id, str) or not 0 < len(sender_batch_id) <= 256:
            return _error(400, "VALIDATION_ERROR", "sender_batch_id is missing or too long.")
        known = self.bank.original(sender_batch_id, at)
        if known is not None:
            return self._duplicate(known, request)
        if not isinstance(told, list) or not 0 < len(told) <= ITEMS_MAX:
            return _error(400, "VALIDATION_ERROR", f"items: 1 to {ITEMS_MAX}.")
        items = []
        for position, one in enumerate(told):
            item = _item(one)
            if isinstance(item, str):
                return _error(
                    400,
                    "VALIDATION_ERROR",
                    "Invalid request - see details.",
                    details=[{"field": f"items[{position}]", "issue": item}],
                )
            items.append(item)
        if len({item.currency for item in items}) != 1:
            return _error(422, "CURRENCY_MIX", "All items are of one currency.")
        batch = self.bank.take(sender_batch_id, items, at)
        return json_reply(
            {"batch_header": _header(batch, "PENDING"), "links": [_link(request, batch)]},
            status=201,
        )

    def _duplicate(self, known: BankBatch, request: Request) -> Reply:
        return _error(
            400,
            "USER_BUSINESS_ERROR",
            "User business error.",
            details=[{"field": "SENDER_BATCH_ID", "issue": "Duplicate batch request"}],
            links=[_link(request, known)],
        )

    def _ask(self, request: Request, at: datetime) -> Reply:
        batch = self.bank.batch(request.path.rsplit("/", 1)[1])
        if batch is None:
            return _error(404, "INVALID_RESOURCE_ID", "The requested resource was not found.")
        size = min(int(request.parameters.get("page_size", "1000")), PAGE_ITEMS_MAX)
        page = int(request.parameters.get("page", "1"))
        shown = batch.items[(page - 1) * size : page * size]
        is_pending = any(item.status(at - batch.taken_at) == "PENDING" for item in batch.items)
        return json_reply(
            {
                "total_items": len(batch.items),
                "total_pages": -(-len(batch.items) // size),
                "batch_header": _header(batch, "PROCESSING" if is_pending else "SUCCESS"),
                "items": [item_json(item, batch, at) for item in shown],
                "links": [_link(request, batch)],
            }
        )


def _item(told: object) -> BankItem | str:
    """The payment, or what is wrong with it."""
    if not isinstance(told, dict):
        return "not an object"
    amount = told.get("amount")
    receiver, sender_item_id = told.get("receiver"), told.get("sender_item_id")
    if not isinstance(receiver, str) or not _ADDRESS.fullmatch(receiver):
        return "Receiver is invalid or does not match with type"
    if not isinstance(sender_item_id, str) or not 0 < len(sender_item_id) <= 63:
        return "sender_item_id is missing or too long"
    if not isinstance(amount, dict) or not isinstance(amount.get("value"), str):
        return "amount.value is not a text"
    try:
        value = Decimal(amount["value"])
    except InvalidOperation:
        return "amount.value is no number"
    if not value.is_finite() or value <= 0:
        return "amount.value is not above zero"
    return BankItem(
        payout_item_id="",
        sender_item_id=sender_item_id,
        receiver=receiver,
        amount=value,
        currency=str(amount.get("currency")),
    )


def _header(batch: BankBatch, status: str) -> Json:
    total = sum((item.amount for item in batch.items), Decimal())
    return {
        "payout_batch_id": batch.payout_batch_id,
        "batch_status": status,
        "time_created": second_text(batch.taken_at),
        "sender_batch_header": {"sender_batch_id": batch.sender_batch_id},
        "amount": {"currency": batch.items[0].currency, "value": str(total)},
    }


def _link(request: Request, batch: BankBatch) -> Json:
    return {
        "href": f"{request.base_url}/v1/payments/payouts/{batch.payout_batch_id}",
        "rel": "self",
        "method": "GET",
    }


def _error(
    status: int,
    name: str,
    message: str,
    *,
    details: list[Json] | None = None,
    links: list[Json] | None = None,
) -> Reply:
    body: Json = {
        "name": name,
        "message": message,
        "debug_id": "4854e55f0e1b3",
        "information_link": "https://developer.paypal.com/docs/api/payments.payouts-batch/#errors",
        "details": details or [],
        "links": links or [],
    }
    return json_reply(body, status=status)
