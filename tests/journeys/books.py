"""The members' balances as the entries say, without the product's own arithmetic."""

from __future__ import annotations

from django.db.models import F, Sum

from transactions.ledger.models import Entry

Balances = dict[str, dict[str, dict[str, int]]]
"""customer id → currency → {pending, available}, in minor units, without zeros."""


def member_balances() -> Balances:
    found: Balances = {}
    sums = (
        Entry.objects.filter(account__member__isnull=False)
        .values("account__member__customer_id", "account__currency", "account__kind")
        .annotate(amount=Sum(F("credit_minor") - F("debit_minor")))
    )
    for row in sums:
        if row["amount"]:
            by_currency = found.setdefault(row["account__member__customer_id"], {})
            by_currency.setdefault(row["account__currency"], {})[row["account__kind"]] = row[
                "amount"
            ]
    return found
