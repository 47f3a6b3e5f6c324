"""What Button sends, as frozen dataclasses. After this line nobody knows which way a fact came.

Money is in minor units of its currency, signed. Times are aware and in UTC. Field names are ours;
docs/glossary.md says how each is spelled on the wire. Reading the wire is `reading.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any


class ButtonStatus(StrEnum):
    """Button's three states of a transaction; the last two are final."""

    PENDING = "pending"
    VALIDATED = "validated"
    DECLINED = "declined"

    @property
    def is_final(self) -> bool:
        return self is not ButtonStatus.PENDING


APP_INSTALL = "app-install"
ORDER_CATEGORIES = frozenset({"new-user-order", "existing-user-order"})
CATEGORIES = ORDER_CATEGORIES | {APP_INSTALL}
"""Categories that may be booked; orders alike whether of new or existing users (sheet, C4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonAccountRecord:
    """One billing account of the Accounts API: one currency of one publisher."""

    account_id: str
    name: str
    currency: str
    organization: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """A line of an order. `amount_minor` is the unit price; amounts may be 0 or negative."""

    identifier: str | None = None
    description: str | None = None
    category: str | None = None
    quantity: int | None = None
    amount_minor: int | None = None
    total_minor: int | None = None
    commission_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionObservation:
    """What Button told once about one `tx` id: by a webhook or by a row of the API."""

    tx_id: str
    status: ButtonStatus
    category: str
    account_id: str
    amount_minor: int
    """Commission in minor units of `currency`; may be 0 or negative."""
    currency: str
    """Upper-cased as told; whether it is ISO 4217 is decided where it is booked."""
    created_at: datetime
    modified_at: datetime
    button_order_id: str | None = None
    publisher_customer_id: str | None = None
    pub_ref: str | None = None
    btn_ref: str | None = None
    merchant_id: str | None = None
    """`commerce_organization` on the wire."""
    merchant_name: str | None = None
    order_total_minor: int | None = None
    order_currency: str | None = None
    lines: tuple[LineItem, ...] | None = None
    purchased_at: datetime | None = None
    """`order_purchased_date` (API) or `order_purchase_date` (webhooks of 2018); sheet, C7."""
    attribution_at: datetime | None = None
    event_at: datetime | None = None
    validated_at: datetime | None = None
    order_reference: str | None = None
    """`customer_order_id`, else the brand's own `order_id`."""
    country: str | None = None
    channel: str | None = None
    flags: tuple[str, ...] = field(default=())
    """Optional fields that were dropped, each as one plain sentence for ops."""

    def as_json(self) -> dict[str, Any]:
        """This observation as JSON-ready evidence; `from_json` reads it back unchanged."""
        told = ((name, getattr(self, name)) for name in _NAMES)
        return {name: _plain(value) for name, value in told if value is not None}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> TransactionObservation:
        values = dict(stored)
        for name in _TIMES:
            if values.get(name) is not None:
                values[name] = datetime.fromisoformat(values[name])
        if values.get("lines") is not None:
            values["lines"] = tuple(LineItem(**line) for line in values["lines"])
        values["flags"] = tuple(values.get("flags", ()))
        values["status"] = ButtonStatus(values["status"])
        return cls(**values)


_NAMES = tuple(item.name for item in fields(TransactionObservation))
_LINE_NAMES = tuple(item.name for item in fields(LineItem))
_TIMES = tuple(item.name for item in fields(TransactionObservation) if item.name.endswith("_at"))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, LineItem):
        told = ((name, getattr(value, name)) for name in _LINE_NAMES)
        return {name: item for name, item in told if item is not None}
    return value
