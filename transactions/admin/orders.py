"""Transactions (orders) and their children."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from rewards_site.button.schemas import APP_INSTALL, CATEGORIES, ButtonStatus
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import list_url
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text
from transactions.admin.explained import explain_path
from transactions.admin.moving import MOVE, CustomerIdForm
from transactions.admin.panels import children_of, children_panel
from transactions.admin.rate_audit import audit_url, may_audit, rate_audit_view
from transactions.admin.releasing import RELEASE
from transactions.admin.reward_story import story_of
from transactions.admin.timeline import timeline_of
from transactions.attribution import assign_member
from transactions.freezes.admin import FREEZE_ORDER
from transactions.models import Transaction, TransactionChild
from transactions.told import OutcomeKind

UNATTRIBUTED = Q(member__isnull=True, is_test=False) & ~Q(category=APP_INSTALL)
"""The words of the partial index transaction_unattributed."""


def _name_member(attempt: Attempt[Transaction]) -> Done:
    customer_id = str(attempt.answers["customer_id"])
    outcome = assign_member(
        transaction_id=attempt.row.pk,
        customer_id=customer_id,
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    if outcome.kind is OutcomeKind.APPLIED:
        return Done(message=f"credited to {customer_id}.")
    return Done(message=outcome.reason or outcome.kind.value, level=messages.WARNING)


def _cannot_be_named(row: Transaction) -> str:
    if row.member_id is not None:
        return f"credited to {row.member} already"
    if row.is_test:
        return "test money never reaches a member"
    if row.category == APP_INSTALL:
        return "an app install never earns a reward"
    return ""


NAME_MEMBER: Verb[Transaction] = Verb(
    name="attribute",
    label="Name the member",
    permission="transactions.attribute_transaction",
    what_happens=(
        "The reward leaves the unattributed queue and goes to this member where the order stands "
        "by now: to their pending balance, or straight to available. "
        "Moving it to somebody else later takes back only what they still hold."
    ),
    perform=_name_member,
    form=CustomerIdForm,
    objection=_cannot_be_named,
)


@admin.register(Transaction)
class TransactionAdmin(ServiceAdmin[Transaction]):
    verbs = (NAME_MEMBER, MOVE, FREEZE_ORDER, RELEASE)
    change_form_template = "admin/order_page.html"
    list_display = (
        "order_key",
        "first_seen_at",
        "merchant",
        "whose",
        "status",
        "commission_minor",
        "reward_minor",
        "marks",
    )
    change_list_template = "admin/list_with_tools.html"
    list_select_related = ("member", "merchant")
    list_defer = ("terms",)
    money_currencies: ClassVar[dict[str, str]] = {"reward_minor": "reward_currency"}
    list_filter = (
        choice_filter("member", "unattributed", {"yes": ("unattributed", UNATTRIBUTED)}),
        word_filter("status", [status.value for status in ButtonStatus]),
        word_filter("category", sorted(CATEGORIES)),
        choice_filter("held back", "held", {"yes": ("held back", Q(is_held=True))}),
        choice_filter("test money", "test", {"yes": ("test money", Q(is_test=True))}),
    )
    search_fields = (
        "=button_order_id",
        "=children__tx_id",
        "=member__customer_id",
        "=public_id",
    )
    search_help_text = "A whole order id, tx id, customer id or transaction id."
    linked_by = ("member", "merchant", "account")
    headings: ClassVar[dict[str, str]] = {"order_key": "order", "public_id": "transaction id"}
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "button_order_id",
                    "public_id",
                    "account",
                    "merchant",
                    "whose",
                    "click",
                    "category",
                    "state",
                    "marks",
                )
            },
        ),
        (
            "Money, times, and what Button told of the member",
            {
                "fields": (
                    "order_total",
                    "commission_minor",
                    "reward_minor",
                    "purchased_at",
                    "first_seen_at",
                    "changed_at",
                    "final_at",
                    "released_at",
                    "customer_id_told",
                    "pub_ref",
                )
            },
        ),
    )
    when_empty = (
        "No order yet. Orders come by Button's webhooks (POST /webhooks/button/) and by "
        "manage.py sync_transactions; manage.py check_button says what is missing."
    )

    @admin.display(description="member")
    def whose(self, row: Transaction) -> SafeString | str:
        if row.member is not None:
            return displayable(str(row.member))
        return EMPTY if _cannot_be_named(row) else label("unattributed")

    @admin.display(description="status")
    def state(self, row: Transaction) -> SafeString:
        return label(row.status)

    @admin.display(description="flags")
    def marks(self, row: Transaction) -> SafeString | str:
        marks = [(label("test"),)] if row.is_test else []
        if row.category == APP_INSTALL:
            marks.append((label("install", tone="quiet"),))
        if row.is_held:
            marks.append((label("held back", tone="warn"),))
        if row.click_id is not None:
            marks.append((label("by a tap", tone="quiet"),))
        marks += [(label(displayable(str(flag)), tone="warn"),) for flag in row.flags]
        return format_html_join(" ", "{}", marks) if marks else EMPTY

    @admin.display(description="order total")
    def order_total(self, row: Transaction) -> str:
        return money_text(row.order_total_minor, row.order_currency or row.currency)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        context: dict[str, Any] = {}
        if row is not None and self.has_view_permission(request, row):
            children = children_of(row)
            context["story"] = story_of(row, children)
            context["timeline"] = timeline_of(
                request, row, children, before=_revision_number(request.GET.get("before", ""))
            )
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def get_urls(self) -> list[URLPattern | URLResolver]:  # type: ignore[override]
        audit = path(
            "rate-audit/",
            self.admin_site.admin_view(rate_audit_view),
            name="transactions_transaction_rate_audit",
        )
        return [audit, explain_path(self.admin_site), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = [{"label": "Rate audit", "url": audit_url()}] if may_audit(request) else []
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))

    def panels(self, request: HttpRequest, row: Transaction) -> list[Panel]:
        return [children_panel(row, children_of(row))]

    def confirmation_panels(self, rows: Sequence[Transaction]) -> list[Panel]:
        totals: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0, 0])
        for row in rows:
            total = totals[row.currency, row.reward_currency]
            total[0] += 1
            total[1] += row.commission_minor
            total[2] += row.reward_minor
        return [
            Panel(
                title="Totals per currency",
                headings=["Currency", "#Orders", "#Commission", "#Reward"],
                rows=[
                    [
                        currency,
                        count,
                        money_text(commission, currency),
                        money_text(reward, reward_currency),
                    ]
                    for (currency, reward_currency), (count, commission, reward) in sorted(
                        totals.items()
                    )
                ],
                empty="",
            ),
            Panel(
                title="Orders",
                headings=["Order", "First seen", "Merchant", "Status", "#Commission", "#Reward"],
                rows=[_confirmed_order(row) for row in rows],
                empty="",
            ),
        ]


def _revision_number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 10 else None


def _confirmed_order(row: Transaction) -> list[Any]:
    return [
        row.order_key,
        utc_text(row.first_seen_at),
        row.merchant or EMPTY,
        label(row.status),
        money_text(row.commission_minor, row.currency),
        money_text(row.reward_minor, row.reward_currency),
    ]


@admin.register(TransactionChild)
class TransactionChildAdmin(ReadOnlyAdmin[TransactionChild]):
    list_display = ("tx_id", "transaction", "status", "amount_minor", "modified_at", "source")
    list_select_related = ("transaction",)
    list_defer = ("told",)
    list_filter = (word_filter("status", [status.value for status in ButtonStatus]),)
    search_fields = ("=tx_id", "=transaction__button_order_id")
    search_help_text = "A whole tx id or order id."
    linked_by = ("transaction",)
    money_currency = "transaction.currency"
    headings: ClassVar[dict[str, str]] = {"amount_minor": "commission", "transaction": "order"}
    fieldsets = (
        (None, {"fields": ("tx_id", "transaction", "status", "amount_minor")}),
        ("Times", {"fields": ("created_at", "modified_at", "read_at", "source")}),
        ("Last told, field by field, with the date it was told", {"fields": ("told",)}),
    )
    when_empty = (
        "No tx id yet. They come with Button's webhooks and with manage.py sync_transactions."
    )


def _unattributed() -> attention.Card:
    waiting = Transaction.objects.filter(UNATTRIBUTED)
    return attention.Card(
        title="Orders without a member",
        count=bounded_count(waiting, most=attention.COUNTED_MAX),
        url=list_url(Transaction, "unattributed=yes"),
        what_to_do="Find out whose they are, then name the member: their reward waits.",
        when_none="Every order has its member.",
    )


attention.register_card(
    "unattributed", _unattributed, permission="transactions.view_transaction", order=10
)
