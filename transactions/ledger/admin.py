"""The books, to be read. post() alone writes them; the database refuses the rest."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Case, When
from django.http import HttpRequest

from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.text import EMPTY, money_text, utc_text
from transactions.ledger.chart import AccountKind, GroupKind
from transactions.ledger.models import Account, Entry, EntryGroup, Horizon


def entries_panel(group: EntryGroup) -> Panel:
    """A group's entries, debits first, as an accountant writes them."""
    entries = (
        Entry.objects.filter(group=group)
        .select_related("account__member", "account__merchant")
        .annotate(side=Case(When(debit_minor__gt=0, then=0), default=1))
        .order_by("side", "pk")
    )
    return Panel(
        title="Entries",
        headings=["Account", "Whose", "#Debit", "#Credit", "#Balance after"],
        rows=[entry_cells(entry) for entry in entries[:ROWS_MAX]],
        empty="A group has entries; this one has none. Run manage.py verify_ledger.",
    )


def entry_cells(entry: Entry) -> list[Any]:
    account = entry.account
    return [
        link(account, page_url(account)),
        account.member or account.merchant or "house",
        _amount(entry.debit_minor, account.currency),
        _amount(entry.credit_minor, account.currency),
        money_text(entry.balance_after_minor, account.currency),
    ]


def _amount(minor: int, currency: str) -> str:
    """An entry has one side: the other stays blank, as in any journal."""
    return money_text(minor, currency) if minor else ""


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin[Account]):
    list_display = ("name", "member", "merchant", "balance", "entry_count")
    list_select_related = ("member", "merchant")
    list_filter = (word_filter("kind", sorted(kind.value for kind in AccountKind)),)
    search_fields = ("=member__customer_id", "=merchant__merchant_id")
    search_help_text = "A whole customer id or merchant id."
    linked_by = ("member", "merchant", "currency")
    fieldsets = (
        (None, {"fields": ("kind", "currency", "member", "merchant")}),
        (
            "Totals (members' accounts only)",
            {
                "fields": (
                    "balance",
                    "debited_minor",
                    "credited_minor",
                    "earned_minor",
                    "entry_count",
                )
            },
        ),
    )
    headings: ClassVar[dict[str, str]] = {"entry_count": "entries"}
    when_empty = "No ledger account yet. Accounts open with the first order that moves money."

    @admin.display(description="account")
    def name(self, account: Account) -> str:
        return str(account)

    @admin.display(description="balance")
    def balance(self, account: Account) -> str:
        """House accounts keep no running balance: reports sum them."""
        if account.member_id is None:
            return EMPTY
        return money_text(account.credited_minor - account.debited_minor, account.currency)

    def panels(self, request: HttpRequest, row: Account) -> list[Panel]:
        latest = Entry.objects.filter(account=row).select_related("group").order_by("-pk")
        entries = list(latest[: ROWS_MAX + 1])
        return [
            Panel(
                title="Latest entries",
                headings=["#Number", "Posted", "Group", "#Debit", "#Credit", "#Balance after"],
                rows=[
                    [
                        entry.number or EMPTY,
                        utc_text(entry.group.posted_at),
                        link(entry.group, page_url(entry.group)),
                        _amount(entry.debit_minor, row.currency),
                        _amount(entry.credit_minor, row.currency),
                        money_text(entry.balance_after_minor, row.currency),
                    ]
                    for entry in entries[:ROWS_MAX]
                ],
                empty="Nothing was booked on this account yet.",
                more_url=list_url(Entry, f"account={row.pk}") if len(entries) > ROWS_MAX else "",
            )
        ]


@admin.register(EntryGroup)
class EntryGroupAdmin(ReadOnlyAdmin[EntryGroup]):
    list_display = ("cause", "kind", "posted_at", "entry_count")
    list_filter = (word_filter("kind", [kind.value for kind in GroupKind]),)
    search_fields = ("=cause",)
    search_help_text = "A whole cause, such as transaction/812/revision/3."
    fieldsets = ((None, {"fields": ("cause", "kind", "posted_at", "entry_count")}),)
    headings: ClassVar[dict[str, str]] = {"entry_count": "entries"}
    when_empty = "Nothing is booked yet. The first order that moves money books the first group."

    def panels(self, request: HttpRequest, row: EntryGroup) -> list[Panel]:
        return [entries_panel(row)]


@admin.register(Entry)
class EntryAdmin(ReadOnlyAdmin[Entry]):
    list_display = (
        "id",
        "posted",
        "group",
        "account",
        "whose",
        "debit",
        "credit",
        "balance_after_minor",
    )
    list_select_related = ("group", "account__member", "account__merchant")
    search_fields = ("=group__cause",)
    search_help_text = "A whole cause, such as transaction/812/revision/3."
    linked_by = ("account", "group")
    money_currency = "account.currency"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "posted",
                    "group",
                    "account",
                    "whose",
                    "number",
                    "debit",
                    "credit",
                    "balance_after_minor",
                )
            },
        ),
    )
    when_empty = "No entry yet. Entries are written when an order moves money."

    @admin.display(description="posted")
    def posted(self, entry: Entry) -> str:
        return utc_text(entry.group.posted_at)

    @admin.display(description="debit")
    def debit(self, entry: Entry) -> str:
        return _amount(entry.debit_minor, entry.account.currency)

    @admin.display(description="credit")
    def credit(self, entry: Entry) -> str:
        return _amount(entry.credit_minor, entry.account.currency)

    @admin.display(description="whose")
    def whose(self, entry: Entry) -> str:
        return str(entry.account.member or entry.account.merchant or "house")


@admin.register(Horizon)
class HorizonAdmin(ReadOnlyAdmin[Horizon]):
    intro = "How far reports have looked: nothing can be booked at or before what is settled."
    when_empty = "The horizon's row is missing: run manage.py migrate."
    list_display = ("horizon_at", "settled_at")
    fieldsets = ((None, {"fields": ("horizon_at", "settled_at")}),)
