"""What a member's page shows of this floor: balances and orders."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest

from offers.models import Merchant
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.text import EMPTY, label, money_text, utc_text
from rewards_site.members.models import Member
from transactions.admin.explained import explain_url, may_explain
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account
from transactions.models import Transaction

_LATEST = 20
_SHOWN = (AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.REDEEMING, AccountKind.PAID_OUT)


def member_panels(request: HttpRequest, member: Member) -> Iterator[Panel]:
    yield _balances(member, may_open=may_explain(request))
    if may_view(request, Transaction):
        yield _orders("member", member)


def merchant_panels(request: HttpRequest, merchant: Merchant) -> Iterator[Panel]:
    if may_view(request, Transaction):
        yield _orders("merchant", merchant)


def _balances(member: Member, *, may_open: bool) -> Panel:
    amounts: dict[str, dict[str, int]] = defaultdict(dict)
    earned: dict[str, int] = defaultdict(int)
    for account in Account.objects.filter(member=member).order_by("currency", "kind"):
        amounts[account.currency][account.kind] = account.credited_minor - account.debited_minor
        earned[account.currency] += account.earned_minor
    return Panel(
        title="Balances",
        headings=["Currency", "#Pending", "#Available", "#Redeeming", "#Paid out", "#Earned ever"],
        rows=[
            [
                link(f"{currency}: explain", explain_url(member, currency))
                if may_open
                else currency,
                *(money_text(kinds.get(kind, 0), currency) for kind in _SHOWN),
                money_text(earned[currency], currency),
            ]
            for currency, kinds in amounts.items()
        ],
        empty="Nothing earned yet: no order of this member has moved money.",
    )


def _orders(key: str, owner: Member | Merchant) -> Panel:
    other = "Merchant" if key == "member" else "Member"
    orders = Transaction.objects.filter(**{key: owner}).select_related("member", "merchant")
    latest = list(orders.defer("terms").order_by("-public_id")[: _LATEST + 1])
    return Panel(
        title="Orders, newest first",
        headings=["Order", "First seen", other, "Status", "#Commission", "#Reward"],
        rows=[_order_cells(order, other) for order in latest[:_LATEST]],
        empty="No order yet.",
        more_url=list_url(Transaction, f"{key}={owner.pk}") if len(latest) > _LATEST else "",
    )


def _order_cells(order: Transaction, other: str) -> list[Any]:
    return [
        link(order, page_url(order)),
        utc_text(order.first_seen_at),
        (order.merchant if other == "Merchant" else order.member) or EMPTY,
        label(order.status),
        money_text(order.commission_minor, order.currency),
        money_text(order.reward_minor, order.reward_currency),
    ]


panels.register(Member, member_panels)
panels.register(Merchant, merchant_panels)
