"""Orders in the JSON of control calls: read from a body, and shown as they truly stand."""

from __future__ import annotations

import dataclasses
from datetime import datetime

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.answers import Json
from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.clock import millisecond_text
from rewards_site.button.sandbox.fields import Fields
from rewards_site.button.sandbox.records import (
    NEW_USER_ORDER,
    Basket,
    Brand,
    Line,
    Oddities,
    Order,
    Organization,
    Purchase,
    Status,
    commission_of,
    total_of,
)
from rewards_site.button.sandbox.taps import Tap, Taps
from rewards_site.button.sandbox.world import World
from rewards_site.kernel.errors import InvalidInput


def read_purchase(fields: Fields, *, world: World, taps: Taps, key: str, at: datetime) -> Purchase:
    """A purchase as a control call tells it; what it leaves out, its tap says.

    Raises: InvalidInput.
    """
    btn_ref = fields.text("btn_ref")
    tap = taps.find(btn_ref)
    return Purchase(
        key=key,
        organization=read_organization(fields, world, tap=tap),
        brand=read_brand(fields, world, tap=tap),
        currency=fields.text("currency") or "USD",
        order_currency=fields.text("order_currency"),
        basket=read_basket(fields, before=()) or (),
        purchased_at=fields.instant("purchased_at", default=at),
        customer=fields.text("customer") or (tap.customer if tap else None),
        pub_ref=fields.text("pub_ref") or (tap.pub_ref if tap else None),
        btn_ref=btn_ref or make_id("srctok", world.seed, key),
        category=fields.text("category") or NEW_USER_ORDER,
        country=fields.text("country") or "US",
        channel=fields.text("channel") or "app",
        oddities=_oddities(fields.object("oddities")),
    )


def _oddities(fields: Fields) -> Oddities:
    plain = Oddities()
    flags = {
        flag.name: fields.yes(flag.name, default=getattr(plain, flag.name))
        for flag in dataclasses.fields(Oddities)
        if flag.name.startswith("has_")
    }
    name = fields.text("purchase_date_name")
    fields.end()
    return Oddities(**flags, purchase_date_name=name)


def read_organization(fields: Fields, world: World, *, tap: Tap | None = None) -> Organization:
    known = {organization.id: organization for organization in world.organizations}
    default = tap.organization if tap else world.organizations[0]
    return known[fields.choice("organization", known, default=default.id)]


def read_brand(fields: Fields, world: World, *, tap: Tap | None = None) -> Brand:
    """By `org-` id or by name; an id not heard of yet becomes a brand named `merchant_name`."""
    wanted, name = fields.text("merchant"), fields.text("merchant_name")
    if wanted is None:
        return tap.brand if tap else catalog.BRANDS[0]
    for brand in world.brands.values():
        if wanted in {brand.id, brand.name}:
            return brand
    if not wanted.startswith("org-"):
        raise InvalidInput(f"merchant: {wanted!r} is neither a known name nor an org- id")
    return world.brand(wanted, name=name)


def read_shares(fields: Fields, *, total: int) -> dict[str, Basket]:
    """`shares`: the commission's parts in other accounts, by currency. Raises: InvalidInput."""
    shares: dict[str, Basket] = {}
    for share in fields.objects("shares"):
        currency, commission = share.text("currency"), share.whole("amount")
        share.end()
        if currency is None or currency in shares:
            raise InvalidInput("shares: each names a currency of its own")
        line = Line(identifier="share", description="Share", amount=total, commission=commission)
        shares[currency] = (line,)
    return shares


def read_basket(fields: Fields, *, before: Basket) -> Basket | None:
    """`lines`, or one line made of `total` and `amount` (the commission); None: nothing is said.

    Of the two, the one that is not given stays as it was `before`. Raises: InvalidInput.
    """
    lines = fields.objects("lines")
    if lines:
        if fields.has("total") or fields.has("amount"):
            raise InvalidInput("lines say total and amount: leave those two out")
        return tuple(_line(line, number) for number, line in enumerate(lines, start=1))
    if not fields.has("total") and not fields.has("amount"):
        return None
    total = fields.whole("total", default=total_of(before))
    amount = fields.whole("amount", default=commission_of(before))
    return (Line(identifier="order", description="Order", amount=total, commission=amount),)


def _line(fields: Fields, number: int) -> Line:
    line = Line(
        identifier=fields.text("identifier") or f"sku-{number}",
        description=fields.text("description"),
        category=fields.text("category"),
        subcategory=fields.text("subcategory1"),
        gtin=fields.text("gtin"),
        amount=fields.whole("amount"),
        quantity=fields.whole("quantity", default=1),
        commission=fields.whole("publisher_commission", default=0),
    )
    fields.end()
    return line


def state_of(order: Order) -> Json:
    """The truth about an order: what its last transaction says, whoever has been told of it."""
    now, purchase = order.now, order.purchase
    return {
        "button_order_id": order.button_order_id,
        "organization": order.account.organization.id,
        "account_id": order.account.id,
        "merchant": purchase.brand.id,
        "merchant_name": purchase.brand.name,
        "customer": purchase.customer,
        "pub_ref": purchase.pub_ref,
        "btn_ref": purchase.btn_ref,
        "category": purchase.category,
        "status": str(now.status),
        "currency": order.account.currency,
        "amount": now.commission,
        "owed": 0 if now.status is Status.DECLINED else now.commission,
        "order_total": None if order.is_install else total_of(now.basket),
        "order_currency": purchase.order_currency or purchase.currency,
        "purchased_at": millisecond_text(purchase.purchased_at),
        "finalizes_at": order.finalizes_at and millisecond_text(order.finalizes_at),
        "transactions": [
            {
                "id": transaction.id,
                "status": str(transaction.status),
                "amount": transaction.commission,
                "created_at": millisecond_text(transaction.created_at),
                "modified_at": millisecond_text(transaction.modified_at),
            }
            for transaction in order.transactions
        ],
    }
