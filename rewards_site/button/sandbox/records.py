"""What Button knows: plain records, no behaviour beyond sums. Money in minor units."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    PENDING = "pending"
    VALIDATED = "validated"
    DECLINED = "declined"

    @property
    def is_final(self) -> bool:
        return self is not Status.PENDING


class TxIds(StrEnum):
    """What an adjustment does to the `tx` id: the readings R1 and R2 of the docs (sheet, C1)."""

    SAME = "same"
    """R1: the same id, updated in place."""
    NEW_DECLINED = "new-declined"
    """R2: a new id; the one before is declined."""
    NEW_PENDING = "new-pending"
    """R2: a new id; the one before stays pending for ever."""


APP_INSTALL = "app-install"
NEW_USER_ORDER = "new-user-order"
EXISTING_USER_ORDER = "existing-user-order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """Who calls: a publisher, or a brand with a key of its own. `keys.py` knows the keys."""

    id: str
    name: str
    is_publisher: bool = True
    is_test: bool = False
    """In Button's sandbox mode: there is the test merchant and nothing else (sheet, 6.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Goods:
    """Something a brand sells; `cents` is its price in US cents, `bps` what it pays."""

    sku: str
    description: str
    category: str
    subcategory: str | None
    cents: int
    bps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    id: str
    name: str
    goods: tuple[Goods, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A billing account: one currency of one publisher."""

    id: str
    name: str
    currency: str
    organization: Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of an order: `amount` is the unit price and may be 0 or negative."""

    identifier: str | None
    description: str | None = None
    category: str | None = None
    subcategory: str | None = None
    gtin: str | None = None
    amount: int
    quantity: int = 1
    commission: int = 0

    @property
    def total(self) -> int:
        return self.amount * self.quantity

    def of(self, quantity: int) -> Line:
        """The same line with another quantity, its commission in proportion, cut towards zero."""
        if not self.quantity:
            return self
        share = abs(self.commission) * quantity // self.quantity
        return replace(self, quantity=quantity, commission=share if self.commission > 0 else -share)


Basket = tuple[Line, ...]


def commission_of(basket: Basket) -> int:
    return sum(line.commission for line in basket)


def total_of(basket: Basket) -> int:
    return sum(line.total for line in basket)


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddities:
    """Harmless differences of spelling that real payloads show, per order."""

    has_category_lists: bool = False
    """A line's `category` is an array of text (2017 shape)."""
    has_line_totals: bool = True
    has_lines_when_final: bool = True
    """Off: the webhook of a final state carries `order_line_items` null (sheet, 5.7)."""
    has_unknown_fields: bool = False
    has_api_milliseconds: bool = False
    has_webhook_milliseconds: bool = True
    has_misspelt_commission: bool = False
    purchase_date_name: str | None = None
    """What both the API and webhooks call it; None: each as it is documented."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What a shopper did, before Button hears of it. `key` names it: ids come from it."""

    key: str
    organization: Organization
    brand: Brand
    currency: str
    basket: Basket
    purchased_at: datetime
    customer: str | None = None
    order_currency: str | None = None
    """Of the order's total where it is not the commission's."""
    pub_ref: str | None = None
    btn_ref: str | None = None
    category: str = NEW_USER_ORDER
    country: str | None = "US"
    channel: str | None = "app"
    oddities: Oddities = Oddities()


@dataclass(slots=True, kw_only=True)
class Transaction:
    """One `tx` id: Button's record of a commission, as it stands now."""

    id: str
    order: Order
    status: Status
    basket: Basket
    created_at: datetime
    modified_at: datetime
    validated_at: datetime | None = None
    event_count: int = 0
    """How many events have told of it; names the next event's id."""

    @property
    def commission(self) -> int:
        return commission_of(self.basket)


@dataclass(slots=True, kw_only=True)
class Order:
    """One purchase (or app install); of its transactions, oldest first, the last is the truth."""

    purchase: Purchase
    account: Account
    button_order_id: str | None
    transactions: list[Transaction] = field(default_factory=list)
    shares: list[Order] = field(default_factory=list)
    """Where its commission is split: its parts in other accounts, under the same order id."""
    finalizes_at: datetime | None = None
    """When its window is over; None where nobody said."""

    @property
    def now(self) -> Transaction:
        return self.transactions[-1]

    @property
    def is_install(self) -> bool:
        return self.purchase.category == APP_INSTALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something a webhook tells: the transaction as it stood at that instant."""

    hook_id: str
    event_type: str
    tx_id: str
    data: dict[str, object]
