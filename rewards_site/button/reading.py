"""Button's JSON → our frozen dataclasses. The tolerant reader: strict on what we need only.

Names on the wire are spelled here and in no room above. Rules: contract, section 3; sheet, 4.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from rewards_site.button import fields
from rewards_site.button.fields import Fields, Flags, Unreadable, Wrong
from rewards_site.button.schemas import (
    ButtonAccountRecord,
    ButtonStatus,
    LineItem,
    TransactionObservation,
)
from rewards_site.kernel.money import BIGINT_MAX

__all__ = ["Unreadable", "read_account", "read_transaction"]

PUB_REF_LENGTH_MAX = 1024
"""Twice what Button lets pass today (sheet, C21)."""
DESCRIPTION_LENGTH_MAX = 1000


def read_transaction(data: object) -> TransactionObservation:
    """A row of the Transactions API, or `data` of a `tx-*` webhook: they differ in optional names.

    Raises: Unreadable, and nothing else whatever `data` is.
    """
    if not isinstance(data, dict):
        raise Unreadable("data", "is missing" if data is None else "is not an object")
    flags = Flags()
    row = Fields(data, flags=flags)
    tx_id = row.needed("id", fields.identifier)
    status = row.needed("status", _status)
    category = row.needed("category", fields.identifier)
    account_id = row.needed("account_id", fields.identifier)
    modified_at = row.needed("modified_date", fields.time)
    currency = row.needed("currency", fields.currency)
    amount_minor = row.decisive("amount", fields.amount) or 0
    # It decides which order the money is of: without it the `tx` id would stand in for the order.
    button_order_id = row.decisive("button_order_id", fields.identifier)
    order_total_minor = row.optional("order_total", fields.integer)
    lines = _lines(row, flags, amount_minor=amount_minor, order_total_minor=order_total_minor)
    return TransactionObservation(
        tx_id=tx_id,
        status=status,
        category=category,
        account_id=account_id,
        amount_minor=amount_minor,
        currency=currency,
        created_at=row.optional("created_date", fields.time) or modified_at,
        modified_at=modified_at,
        button_order_id=button_order_id,
        publisher_customer_id=row.optional("publisher_customer_id", fields.customer_id),
        pub_ref=row.optional("pub_ref", partial(fields.reference, length_max=PUB_REF_LENGTH_MAX)),
        btn_ref=row.optional("btn_ref", fields.identifier),
        merchant_id=row.optional("commerce_organization", fields.identifier),
        merchant_name=row.text("commerce_organization_name"),
        order_total_minor=order_total_minor,
        order_currency=row.optional("order_currency", fields.currency),
        lines=lines,
        purchased_at=_purchased_at(row),
        attribution_at=row.optional("attribution_date", fields.time),
        event_at=row.optional("event_date", fields.time),
        validated_at=row.optional("validated_date", fields.time),
        order_reference=_order_reference(row),
        country=row.optional("country", fields.country),
        channel=row.text("order_click_channel"),
        flags=flags.sentences(),
    )


def read_account(row: object) -> ButtonAccountRecord:
    """A row of the Accounts API. Raises: Unreadable when it lacks a usable id or currency."""
    if not isinstance(row, dict):
        raise Unreadable("account", "is not an object")
    account = Fields(row, flags=Flags())
    return ButtonAccountRecord(
        account_id=account.needed("id", fields.identifier),
        currency=account.needed("currency", fields.currency),
        name=account.text("name") or "",
        organization=account.optional("organization", fields.identifier) or "",
    )


def _status(value: Any) -> ButtonStatus:
    told = fields.plain_text(value)
    if told not in set(ButtonStatus):
        raise Wrong("not pending, validated or declined")
    return ButtonStatus(told)


def _purchased_at(row: Fields) -> datetime | None:
    """The webhooks of 2018 spell it differently (sheet, C7)."""
    return row.optional("order_purchased_date", fields.time) or row.optional(
        "order_purchase_date", fields.time
    )


def _order_reference(row: Fields) -> str | None:
    """The order number that the shopper sees, else the brand's internal one."""
    return row.optional("customer_order_id", fields.identifier) or row.optional(
        "order_id", fields.identifier
    )


def _lines(
    row: Fields, flags: Flags, *, amount_minor: int, order_total_minor: int | None
) -> tuple[LineItem, ...] | None:
    told = row.optional("order_line_items", _array)
    if told is None:
        return None
    lines = tuple(
        _line(Fields(item, flags=flags, where=f"line {number}: "))
        for number, item in enumerate(told, start=1)
        if isinstance(item, dict)
    )
    dropped_count = len(told) - len(lines)
    if dropped_count:
        row.flag(f"`order_line_items`: {dropped_count} dropped: not an object")
    elif lines:
        _check_sums(row, lines, amount_minor=amount_minor, order_total_minor=order_total_minor)
    return lines


def _check_sums(
    row: Fields,
    lines: tuple[LineItem, ...],
    *,
    amount_minor: int,
    order_total_minor: int | None,
) -> None:
    """The top level is trusted whatever the lines come to (sheet, 4.4)."""
    commission_minor = sum(line.commission_minor for line in lines)
    if commission_minor != amount_minor:
        row.flag(f"the lines' commissions add up to {commission_minor}, `amount` is {amount_minor}")
    totals = [line.total_minor for line in lines if line.total_minor is not None]
    if order_total_minor is None or len(totals) < len(lines):
        return
    if sum(totals) != order_total_minor:
        row.flag(f"the lines' totals add up to {sum(totals)}, `order_total` is {order_total_minor}")


def _line(line: Fields) -> LineItem:
    quantity = line.optional("quantity", fields.integer)
    amount_minor = line.optional("amount", fields.integer)
    return LineItem(
        identifier=line.text("identifier"),
        description=line.text("description", length_max=DESCRIPTION_LENGTH_MAX),
        category=line.text("category", _text_or_array),
        quantity=quantity,
        amount_minor=amount_minor,
        total_minor=_line_total(line, quantity=quantity, amount_minor=amount_minor),
        commission_minor=_line_commission(line),
    )


def _line_total(line: Fields, *, quantity: int | None, amount_minor: int | None) -> int | None:
    """The total of a line; some real payloads have none, so it is computed."""
    total_minor = line.optional("total", fields.integer)
    if total_minor is not None or amount_minor is None:
        return total_minor
    if quantity is None:
        if line.is_told("quantity"):
            return None  # unreadable: taking it for 1 would be a guess
        quantity = 1
    total_minor = amount_minor * quantity
    if abs(total_minor) > BIGINT_MAX:
        line.flag("`amount` times `quantity` dropped: a number past 64 bits")
        return None
    return total_minor


def _line_commission(line: Fields) -> int:
    """Two of Button's own samples misspell the name."""
    for name in ("publisher_commission", "publisher_comission"):
        told = line.optional(name, fields.integer)
        if told is not None:
            return told
    return 0


def _array(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong("not an array")
    return value


def _text_or_array(value: Any) -> str:
    """An array of text in the payloads of 2017, text since."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ", ".join(item for item in value if item)
    if not isinstance(value, str):
        raise Wrong("neither text nor an array of text")
    return value
