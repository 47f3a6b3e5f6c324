"""The same transaction as the API shows it and as a webhook carries it: they differ (sheet, 4.3).

The API has whole seconds, `order_purchased_date` and the organizations' names. A webhook has
milliseconds in two of its times, `order_purchase_date`, `event_date`, pricing references, no names.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.clock import millisecond_text, second_text
from rewards_site.button.sandbox.records import (
    Account,
    Basket,
    Line,
    Oddities,
    Transaction,
    total_of,
)
from rewards_site.button.sandbox.spelling import spell_row, spell_webhook

Json = dict[str, object]
LineSpelling = Callable[[Line], Json]

TAKEN_IN_BEFORE = timedelta(seconds=6)
"""In real payloads `event_date` is six seconds before `created_date`."""


def account_row(account: Account) -> Json:
    return {
        "id": account.id,
        "name": account.name,
        "currency": account.currency,
        "organization": account.organization.id,
    }


def api_row(transaction: Transaction) -> Json:
    """A row of the Transactions API: the latest state, whatever came before."""
    order, purchase = transaction.order, transaction.order.purchase
    publisher, is_order = order.account.organization, not order.is_install
    row: Json = {
        **_shared(transaction),
        "country": purchase.country,
        "order_line_items": None,
        "order_purchased_date": second_text(purchase.purchased_at) if is_order else None,
        "created_date": second_text(transaction.created_at),
        "modified_date": second_text(transaction.modified_at),
        "publisher_organization_name": publisher.name,
        "commerce_organization_name": purchase.brand.name,
    }
    if is_order:
        row["order_line_items"] = _lines(transaction.basket, purchase.oddities, _api_line)
    return spell_row(row, transaction)


def webhook_data(transaction: Transaction) -> Json:
    """`data` of a webhook: the transaction as it stands at this instant."""
    order, purchase = transaction.order, transaction.order.purchase
    is_order, oddities = not order.is_install, purchase.oddities
    earliest = transaction.created_at - TAKEN_IN_BEFORE
    data: Json = {
        **_shared(transaction),
        "customer_order_id": None,
        "order_line_items": None,
        "order_purchase_date": second_text(purchase.purchased_at) if is_order else None,
        "event_date": second_text(
            max(earliest, min(purchase.purchased_at, transaction.created_at))
        ),
        "created_date": millisecond_text(transaction.created_at),
        "modified_date": millisecond_text(transaction.modified_at),
        "campaign_id": make_id("camp", purchase.brand.id),
        "rate_card_id": make_id("ratecard", purchase.brand.id),
        "posting_rule_id": None,
    }
    if is_order and (oddities.has_lines_when_final or not transaction.status.is_final):
        data["order_line_items"] = _lines(transaction.basket, oddities, _webhook_line)
    return spell_webhook(data, transaction)


def _shared(transaction: Transaction) -> Json:
    order, purchase = transaction.order, transaction.order.purchase
    is_order = not order.is_install
    return {
        "id": transaction.id,
        "status": str(transaction.status),
        "category": purchase.category,
        "account_id": order.account.id,
        "amount": transaction.commission,
        "currency": order.account.currency,
        "button_order_id": order.button_order_id,
        "order_id": None,
        "order_total": total_of(transaction.basket) if is_order else None,
        "order_currency": (purchase.order_currency or purchase.currency) if is_order else None,
        "order_click_channel": purchase.channel if is_order else None,
        "validated_date": second_text(transaction.validated_at),
        "attribution_date": second_text(purchase.purchased_at),
        "publisher_organization": order.account.organization.id,
        "commerce_organization": purchase.brand.id,
        "publisher_customer_id": purchase.customer,
        "pub_ref": purchase.pub_ref,
        "btn_ref": purchase.btn_ref,
        "button_id": "static",
        "advertising_id": None,
    }


def _lines(basket: Basket, oddities: Oddities, spell: LineSpelling) -> list[Json]:
    rows = []
    for line in basket:
        row = spell(line)
        if oddities.has_category_lists and line.category is not None:
            row["category"] = [line.category]
        if not oddities.has_line_totals:
            del row["total"]
        rows.append(row)
    return rows


def _api_line(line: Line) -> Json:
    return {
        "identifier": line.identifier,
        "sku": line.identifier,
        "gtin": line.gtin,
        "description": line.description,
        "category": line.category,
        "subcategory1": line.subcategory,
        "amount": line.amount,
        "quantity": line.quantity,
        "total": line.total,
        "publisher_commission": line.commission,
        "attributes": {},
    }


def _webhook_line(line: Line) -> Json:
    return {
        "identifier": line.identifier,
        "gtin": line.gtin,
        "description": line.description,
        "category": line.category,
        "subcategory1": line.subcategory,
        "subcategory2": None,
        "amount": line.amount,
        "quantity": line.quantity,
        "total": line.total,
        "publisher_commission": line.commission,
        "attributes": {},
        "offer": None,
    }
