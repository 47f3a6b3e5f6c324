"""What PayPal's answers mean. The one table from its words to ours; closed.

Source: PayPal's reference of Payouts v1 (`transaction_enum`, `batch_enum`, «Create batch payout»).
A `sender_item_id` is not what PayPal refuses twice: only the `sender_batch_id` is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from rewards_site.kernel.money import decimal_text
from transactions.payouts.providers import redacting
from transactions.payouts.providers.protocol import Payment, Told
from transactions.payouts.states import Outcome

OUTCOMES: Mapping[str, Outcome] = {
    "SUCCESS": Outcome.PAID,
    "FAILED": Outcome.FAILED,
    "BLOCKED": Outcome.FAILED,
    "PENDING": Outcome.WAITING,
    "UNCLAIMED": Outcome.WAITING,
    "ONHOLD": Outcome.WAITING,
    "RETURNED": Outcome.RETURNED,
    "REFUNDED": Outcome.RETURNED,
    "REVERSED": Outcome.RETURNED,
}
DENIED = frozenset({"DENIED", "CANCELED"})
"""Of a batch: none of its payments was made, nor will be."""
_LINK = re.compile(r"/v1/payments/payouts/([A-Za-z0-9_-]{1,64})")
_WORD_LENGTH_MAX = 40
_REASON_LENGTH_MAX = 255


def parsed(body: bytes) -> dict[str, Any] | None:
    """The JSON object; None where it is none."""
    try:
        found = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def batch_id_told(body: Mapping[str, Any]) -> tuple[str, str]:
    """(PayPal's id, our id) of the header; empty where not told."""
    header = _object(body.get("batch_header"))
    ours = _object(header.get("sender_batch_header")).get("sender_batch_id")
    theirs = header.get("payout_batch_id")
    return (
        theirs if isinstance(theirs, str) and len(theirs) <= 64 else "",
        ours if isinstance(ours, str) else "",
    )


def is_duplicate(body: Mapping[str, Any]) -> bool:
    """Whether it has this `sender_batch_id` already. PayPal words it in more than one way."""
    text = json.dumps(body, default=str).lower()
    return (
        "duplicate batch" in text
        or "already been processed" in text
        or ("sender_batch_id" in text and "duplicate" in text)
    )


def linked_batch_id(body: Mapping[str, Any]) -> str:
    """The id in a link to the original batch; empty where there is none."""
    found = (_LINK.search(text) for text in _texts(body))
    return next((match[1] for match in found if match), "")


def refusal(body: Mapping[str, Any] | None, status: int) -> str:
    """What it says is wrong, without addresses."""
    if body is None:
        return f"HTTP {status}"
    parts = [str(body.get("name") or body.get("error") or f"HTTP {status}")]
    parts.append(str(body.get("message") or body.get("error_description") or ""))
    for detail in body.get("details") or []:
        told = _object(detail)
        parts.append(f"{told.get('field', '')}: {told.get('issue', '')}".strip(": "))
    return redacting.words(" ".join(part for part in parts if part))[:_REASON_LENGTH_MAX]


def told_items(body: Mapping[str, Any], payments: Mapping[str, Payment]) -> list[Told]:
    """What a page says of our items; what is no item of ours is left out."""
    items = body.get("items")
    status = _object(body.get("batch_header")).get("batch_status")
    found = [_told(_object(item), payments) for item in items] if isinstance(items, list) else []
    told = [one for one in found if one is not None]
    if status in DENIED:
        told = [_denied(one.item_id, str(status), one) for one in told]
    return told


def denied_items(body: Mapping[str, Any], payments: Mapping[str, Payment]) -> list[Told]:
    """Of a batch that was denied as a whole: each item, listed or not."""
    status = _object(body.get("batch_header")).get("batch_status")
    return [_denied(key, str(status), None) for key in payments] if status in DENIED else []


def _denied(item_id: str, word: str, told: Told | None) -> Told:
    if told is not None and told.outcome in (Outcome.PAID, Outcome.RETURNED):
        return told
    return Told(
        item_id=item_id,
        outcome=Outcome.FAILED,
        word=word,
        reference=told.reference if told else "",
        reason=(told.reason if told else "") or "The whole batch was denied.",
        evidence=told.evidence if told else "",
    )


def _told(item: Mapping[str, Any], payments: Mapping[str, Payment]) -> Told | None:
    paid = _object(item.get("payout_item"))
    payment = payments.get(str(paid.get("sender_item_id", "")))
    if payment is None:
        return None
    word = str(item.get("transaction_status", ""))[:_WORD_LENGTH_MAX]
    outcome = OUTCOMES.get(word, Outcome.UNKNOWN)
    errors = _object(item.get("errors"))
    reason = " ".join(str(errors[key]) for key in ("name", "message") if errors.get(key))
    if not _is_the_amount(_object(paid.get("amount")), payment):
        outcome = Outcome.UNKNOWN
        due = f"{decimal_text(payment.amount_minor, payment.currency)} {payment.currency}"
        reason = f"It tells of another amount than {due}."
    return Told(
        item_id=payment.item_id,
        outcome=outcome,
        word=redacting.words(word, destination=payment.destination),
        reference=str(item.get("payout_item_id", ""))[:64],
        reason=redacting.words(reason, destination=payment.destination)[:_REASON_LENGTH_MAX],
        evidence=redacting.evidence_of(item, destination=payment.destination),
    )


def _is_the_amount(told: Mapping[str, Any], payment: Payment) -> bool:
    try:
        value = Decimal(str(told.get("value")))
    except InvalidOperation:
        return False
    due = Decimal(decimal_text(payment.amount_minor, payment.currency))
    return told.get("currency") == payment.currency and value.is_finite() and value == due


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
