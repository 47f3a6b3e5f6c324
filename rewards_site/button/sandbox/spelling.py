"""Oddities of real payloads laid over a row or a webhook that is written as documented."""

from __future__ import annotations

from rewards_site.button.sandbox.clock import millisecond_text, second_text
from rewards_site.button.sandbox.records import Transaction

Json = dict[str, object]

_PURCHASE_DATES = ("order_purchased_date", "order_purchase_date")


def spell_row(row: Json, transaction: Transaction) -> Json:
    """A row of the API, in whole seconds until now."""
    oddities = transaction.order.purchase.oddities
    if oddities.has_api_milliseconds:
        row["created_date"] = millisecond_text(transaction.created_at)
        row["modified_date"] = millisecond_text(transaction.modified_at)
    return _spell(row, transaction)


def spell_webhook(data: Json, transaction: Transaction) -> Json:
    """`data` of a webhook, two of its times in milliseconds until now."""
    oddities = transaction.order.purchase.oddities
    if not oddities.has_webhook_milliseconds:
        data["created_date"] = second_text(transaction.created_at)
        data["modified_date"] = second_text(transaction.modified_at)
    return _spell(data, transaction)


def _spell(told: Json, transaction: Transaction) -> Json:
    oddities = transaction.order.purchase.oddities
    if oddities.purchase_date_name is not None:
        for name in _PURCHASE_DATES:
            if name in told:
                told[oddities.purchase_date_name] = told.pop(name)
    if oddities.has_unknown_fields:
        told["experience_variant"] = {"name": "control", "weights": [1, 0]}
    lines = told.get("order_line_items")
    for line in lines if isinstance(lines, list) else []:
        if oddities.has_misspelt_commission:
            line["publisher_comission"] = line.pop("publisher_commission")
        if oddities.has_unknown_fields:
            line["margin_band"] = ["b", 2]
    return told
