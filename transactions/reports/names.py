"""The name of a ledger account in the journal, in CSV and in Beancount alike.

`Liabilities:…` is what is owed: its accounts add up to the `liability` report. Money that was paid
out has left our bank: it stands below zero under `Assets:`. The publisher's own part is income.
"""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache

from transactions.ledger.chart import ASSET_KINDS, MEMBER_KINDS, AccountKind

_PLAIN = re.compile(r"[A-Za-z0-9-]{1,200}")
_HEADS = {
    AccountKind.COMMISSION_PENDING: "Assets:Commission:Pending",
    AccountKind.COMMISSION_RECEIVABLE: "Assets:Commission:Receivable",
    AccountKind.PENDING: "Liabilities:Members:Pending",
    AccountKind.AVAILABLE: "Liabilities:Members:Available",
    AccountKind.REDEEMING: "Liabilities:Members:Redeeming",
    AccountKind.PAID_OUT: "Assets:PaidOut",
    AccountKind.UNATTRIBUTED_PENDING: "Liabilities:Unattributed:Pending",
    AccountKind.UNATTRIBUTED_AVAILABLE: "Liabilities:Unattributed:Available",
    AccountKind.MARGIN_PENDING: "Income:Margin:Pending",
    AccountKind.MARGIN_EARNED: "Income:Margin:Earned",
    AccountKind.OPENING_BALANCES: "Equity:OpeningBalances",
    AccountKind.ADJUSTMENTS: "Expenses:Adjustments",
    AccountKind.EXPIRED: "Income:Expired",
}


def head(kind: str) -> str:
    """Where accounts of this kind stand. Kinds that nobody placed are equity, or an asset."""
    known = AccountKind(kind)
    if known in _HEADS:
        return _HEADS[known]
    root = "Assets" if known in ASSET_KINDS else "Equity"
    assert known not in MEMBER_KINDS, f"{kind} is owed to members or is not: place it"
    return f"{root}:{known.value.title().replace('_', '')}"


@lru_cache(maxsize=4096)
def account_name(kind: str, *, member_id: str = "", merchant_id: str = "") -> str:
    """`Liabilities:Members:Pending:M-3f2a…`: the member's opaque id, or the brand's `org-…`.

    A brand's id that cannot stand in a Beancount name is told by its digest; the file's `open`
    directive says which it is.
    """
    if member_id:
        return f"{head(kind)}:M-{member_id}"
    if not merchant_id:
        return head(kind)
    if _PLAIN.fullmatch(merchant_id):
        return f"{head(kind)}:B-{merchant_id}"
    digest = hashlib.sha256(merchant_id.encode()).hexdigest()
    return f"{head(kind)}:X-{digest[:32]}"
