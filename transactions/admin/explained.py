"""«Explain»: a member's balances in one currency as parts that add up, each with its story."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from offers.brandrecord.chart import range_text
from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import ROWS_MAX, may_view
from rewards_site.kernel.admin.text import EMPTY, displayable, money_text, utc_text
from rewards_site.kernel.errors import Conflict
from rewards_site.members.models import Member
from rewards_site.members.queries import find_member
from transactions.admin.bookings import Booking, bookings_of
from transactions.admin.reward_story import story_of
from transactions.explaining.lots import Lot
from transactions.explaining.telling import (
    BalancePart,
    Explained,
    explain_balances,
    order_ids,
    tell_parts,
)
from transactions.explaining.words import can_change
from transactions.ledger.models import Account, EntryGroup
from transactions.models import Transaction, TransactionChild, TransactionRevision

BALANCES = {
    "pending": "Pending",
    "available": "Available",
    "redeeming": "Redeeming",
    "paid_out": "Paid out",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderStory:
    """All of an order that a part's details show."""

    story: list[tuple[str, Any]]
    lines: list[list[Any]]
    bookings: list[Booking]
    brand: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PartRow:
    """A part as staff read it."""

    what: Any
    amount: str
    since: str
    why: str
    due: str
    redemption: str
    can_change: list[str]
    order: OrderStory | None


@dataclass(slots=True, kw_only=True)
class BalanceTable:
    """One balance: rows, what is past them, and the total, which they make together."""

    title: str
    total: str
    rows: list[PartRow] = field(default_factory=list)
    more: str = ""


def explain_url(member: Member | None = None, currency: str = "") -> str:
    address = reverse("admin:transactions_transaction_explain")
    if member is None:
        return address
    return f"{address}?{urlencode({'q': member.customer_id, 'currency': currency})}"


def explain_path(site: admin.AdminSite) -> URLPattern:
    return path("explain/", site.admin_view(explain_view), name="transactions_transaction_explain")


def may_explain(request: HttpRequest) -> bool:
    return may_view(request, Member) and may_view(request, Transaction)


def explain_view(request: HttpRequest) -> TemplateResponse:
    """`?q=` a whole customer id, `?currency=`; without one, the first that they have."""
    if not may_explain(request):
        raise PermissionDenied
    asked = request.GET.get("q", "").strip()
    member = find_member(asked) if asked and "\x00" not in asked else None
    currencies = _currencies(member)
    currency = request.GET.get("currency", "")
    if currency not in currencies:
        currency = currencies[0] if currencies else ""
    problem = ""
    tables: list[BalanceTable] = []
    if member is not None and currency:
        try:
            tables = _tables(request, member, currency)
        except Conflict:
            problem = "Its entries do not add up: run manage.py verify_ledger, which says where."
    context = {
        **admin.site.each_context(request),
        "title": f"Balances of {displayable(str(member))} explained" if member else "Explain",
        "opts": Transaction._meta,
        "asked": displayable(asked),
        "member": link(member, page_url(member)) if member else "",
        "currencies": [(each, explain_url(member, each), each == currency) for each in currencies],
        "tables": tables,
        "problem": problem,
        "is_unknown": bool(asked) and member is None,
    }
    request.current_app = admin.site.name
    return TemplateResponse(request, "admin/explained.html", context)


def _currencies(member: Member | None) -> list[str]:
    accounts = Account.objects.filter(member=member, member__isnull=False)
    return sorted(set(accounts.values_list("currency", flat=True)))


def _tables(request: HttpRequest, member: Member, currency: str) -> list[BalanceTable]:
    explained = explain_balances(member.customer_id, currency, at=clock.now())
    numbers: dict[str, list[int]] = {balance: [] for balance in BALANCES}
    for number, (balance, _lot) in enumerate(explained.lots, start=1):
        numbers[balance].append(number)
    shown = {balance: some[:ROWS_MAX] for balance, some in numbers.items()}
    wanted = sorted(chain.from_iterable(shown.values()))
    told = {part.number: part for part in tell_parts(explained, numbers=wanted)}
    lots = {number: explained.lots[number - 1][1] for number in told}
    stories = _stories({lot.origin for lot in lots.values()})
    groups = EntryGroup.objects.in_bulk({lot.since for lot in lots.values()})
    may_open_groups = may_view(request, EntryGroup)
    tables = []
    for balance, title in BALANCES.items():
        table = BalanceTable(title=title, total=money_text(explained.totals[balance], currency))
        for number in shown[balance]:
            lot = lots[number]
            url = page_url(groups[lot.since]) if may_open_groups else ""
            table.rows.append(
                _row(explained, told[number], lot, stories.get(lot.origin), group_url=url)
            )
        left = numbers[balance][ROWS_MAX:]
        if left:
            rest = sum(explained.lots[number - 1][1].amount_minor for number in left)
            table.more = f"{len(left):,} more parts: {money_text(rest, currency)}"
        tables.append(table)
    return tables


def _row(
    explained: Explained,
    part: BalancePart,
    lot: Lot,
    story: tuple[Transaction, OrderStory] | None,
    *,
    group_url: str,
) -> PartRow:
    order = story[0] if story is not None else None
    return PartRow(
        what=link(f"order {order}", page_url(order))
        if order is not None
        else link(lot.origin, group_url),
        amount=money_text(lot.amount_minor, explained.currency),
        since=utc_text(lot.at),
        why=part.why,
        due=utc_text(part.expected_available_at) if part.expected_available_at else EMPTY,
        redemption=str(part.redemption or ""),
        can_change=can_change(part.standing) if part.standing is not None else [],
        order=story[1] if story is not None else None,
    )


def _stories(origins: Collection[str]) -> dict[str, tuple[Transaction, OrderStory]]:
    """Origin → the order with its story; as many statements for fifty as for one."""
    wanted = order_ids(origins)
    orders = Transaction.objects.filter(pk__in=wanted).select_related(
        "member", "merchant__record", "click"
    )
    children: dict[int, list[TransactionChild]] = defaultdict(list)
    for child in TransactionChild.objects.filter(transaction__in=wanted).order_by("pk"):
        children[child.transaction_id].append(child)
    revisions: dict[int, list[TransactionRevision]] = defaultdict(list)
    rows = TransactionRevision.objects.filter(transaction__in=wanted, entry_group__isnull=False)
    for revision in rows.select_related("entry_group").defer("raw_row").order_by("number"):
        revisions[revision.transaction_id].append(revision)
    booked = bookings_of(each for some in revisions.values() for each in some)
    return {
        wanted[order.pk]: (
            order,
            OrderStory(
                story=story_of(order, children[order.pk]),
                lines=_lines(order, children[order.pk]),
                bookings=_bookings(revisions[order.pk], booked),
                brand=_brand(order),
            ),
        )
        for order in orders
    }


def _bookings(
    revisions: Sequence[TransactionRevision], booked: Mapping[int, Booking]
) -> list[Booking]:
    groups = [each.entry_group_id for each in revisions if each.entry_group_id is not None]
    return [booked[group_id] for group_id in groups if group_id in booked]


def _lines(order: Transaction, children: Sequence[TransactionChild]) -> list[list[Any]]:
    """The lines last told, by whichever tx id told some."""
    told = [child for child in children if child.told.get("lines")]
    newest = max(told, key=lambda child: (child.created_at, child.modified_at), default=None)
    lines = newest.told["lines"][0] or [] if newest is not None else []
    return [
        [
            displayable(str(line.get("description") or EMPTY)),
            displayable(str(line.get("category") or EMPTY)),
            line.get("quantity") or EMPTY,
            money_text(line.get("total_minor"), order.order_currency or order.currency),
            money_text(line.get("commission_minor"), order.currency),
        ]
        for line in lines
    ]


def _brand(order: Transaction) -> str:
    """The brand's own record of keeping what is expected of it."""
    record = getattr(order.merchant, "record", None) if order.merchant is not None else None
    if record is None:
        return "This brand has no record yet; what is expected goes by its finalization window."
    words = (
        f"Of {record.sample_size:,} earlier orders, half were available within "
        f"{record.median_days} days, eight of ten after "
        f"{range_text(record.low_days, record.high_days)}."
    )
    if not record.judged_count:
        return words
    held = 100 * record.inside_count // record.judged_count
    return f"{words} What was expected held for {held} of 100 later orders."
