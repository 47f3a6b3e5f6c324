"""When final rewards become available, and which brands have paid: lists, and the verbs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from offers.admin.merchants import add_verbs
from offers.models import Merchant
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import utc_text
from transactions.releases.choices import ReleaseMode
from transactions.releases.models import (
    DELAY_DAYS_MAX,
    BrandPayment,
    PaymentWithdrawal,
    ReleasePolicy,
    ReleasePolicyChange,
)
from transactions.releases.services import record_payment, set_release, withdraw_payment

_SETS = "releases.change_release"


class ReleaseForm(ReasonForm):
    """When final rewards become available."""

    mode = forms.ChoiceField(choices=ReleaseMode.choices, label="Final rewards become available")
    delay_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=DELAY_DAYS_MAX,
        label="Days",
        help_text="After the order was validated. Only where it is «some days after».",
    )
    field_order = ["mode", "delay_days", "reason"]

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if told.get("mode") == ReleaseMode.DELAY and not told.get("delay_days"):
            self.add_error("delay_days", "Say how many days.")
        return told


class PaymentForm(ReasonForm):
    """What the brand has paid."""

    validated_through = forms.DateTimeField(
        label="Validated through",
        help_text="UTC, as 2026-10-31 23:59. All orders that were validated here at or before it.",
        widget=forms.DateTimeInput(attrs={"placeholder": "YYYY-MM-DD HH:MM"}),
    )
    reference = forms.CharField(
        required=False, max_length=255, help_text="Of the payment, in your own books."
    )
    field_order = ["validated_through", "reference", "reason"]


def _set(merchant_id: str | None, attempt: Attempt[Any]) -> Done:
    change = set_release(
        merchant_id=merchant_id,
        mode=ReleaseMode(attempt.answers["mode"]),
        delay_days=attempt.answers["delay_days"] or 0,
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(message=f"final rewards become available {_words(change)}.")


def _set_for_brand(attempt: Attempt[Merchant]) -> Done:
    return _set(attempt.row.pk, attempt)


def _set_for_row(attempt: Attempt[ReleasePolicy]) -> Done:
    return _set(attempt.row.merchant_id, attempt)


def _record(attempt: Attempt[Merchant]) -> Done:
    paid = record_payment(
        merchant_id=attempt.row.pk,
        validated_through=attempt.answers["validated_through"],
        reference=attempt.answers["reference"],
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(
        message=f"paid for all that was validated through {utc_text(paid.validated_through)}."
    )


def _words(row: ReleasePolicy | ReleasePolicyChange) -> str:
    if row.mode == ReleaseMode.DELAY:
        return f"{row.delay_days} days after the order was validated"
    return str(row.get_mode_display())


_WHAT_HAPPENS = (
    "Counts for rewards that become final from now on, and for those that are held back already. "
    "What is available to members stays so."
)
SET_FOR_BRAND: Verb[Merchant] = Verb(
    name="release",
    label="Set when its rewards become available",
    permission=_SETS,
    what_happens=_WHAT_HAPPENS,
    perform=_set_for_brand,
    form=ReleaseForm,
)
SET_FOR_ROW: Verb[ReleasePolicy] = Verb(
    name="release",
    label="Change it",
    permission=_SETS,
    what_happens=_WHAT_HAPPENS,
    perform=_set_for_row,
    form=ReleaseForm,
)
RECORD: Verb[Merchant] = Verb(
    name="paid",
    label="Record that it has paid us",
    permission="releases.record_brandpayment",
    what_happens=(
        "Rewards of its orders that are held back until it has paid become available an hour from "
        "now, as far as those orders were validated by then. Until then a mistake can be withdrawn."
    ),
    perform=_record,
    form=PaymentForm,
)


@admin.register(ReleasePolicy)
class ReleasePolicyAdmin(ServiceAdmin[ReleasePolicy]):
    verbs = (SET_FOR_ROW,)
    list_display = ("whose", "when", "changed_at")
    list_select_related = ("merchant",)
    linked_by = ("merchant",)
    search_fields = ("=merchant__merchant_id", "merchant__name")
    search_help_text = "A merchant id, or part of a name."
    fieldsets = ((None, {"fields": ("whose", "when", "changed_at")}),)
    intro = (
        "When final rewards become available: of brands with a setting of their own, and of all "
        "others. A brand gets one by «Set when its rewards become available» on its own page."
    )
    when_empty = "Nothing is set: final rewards are available at once."

    def title_of(self, row: ReleasePolicy) -> str:
        return f"Rewards of {self.whose(row)}"

    @admin.display(description="brand")
    def whose(self, row: ReleasePolicy) -> str:
        return str(row.merchant) if row.merchant_id else "all other brands"

    @admin.display(description="final rewards become available")
    def when(self, row: ReleasePolicy) -> str:
        return _words(row)


@admin.register(ReleasePolicyChange)
class ReleasePolicyChangeAdmin(ReadOnlyAdmin[ReleasePolicyChange]):
    list_display = ("at", "merchant", "mode", "delay_days", "actor", "reason")
    list_select_related = ("merchant", "actor")
    linked_by = ("merchant",)
    fieldsets = (
        (None, {"fields": ("merchant", "mode", "delay_days")}),
        ("Who and why", {"fields": ("actor", "reason", "at")}),
    )
    intro = "Every change of when final rewards become available. No merchant: all other brands."
    when_empty = "Nothing was changed yet."


def _withdraw(attempt: Attempt[BrandPayment]) -> Done:
    withdraw_payment(
        payment_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="withdrawn: it lets nothing go any more.")


WITHDRAW: Verb[BrandPayment] = Verb(
    name="withdraw",
    label="Withdraw it",
    permission="releases.record_brandpayment",
    what_happens=(
        "It was recorded by mistake: it lets nothing go from now on. What it has let go already "
        "stays available to members."
    ),
    perform=_withdraw,
    objection=lambda row: "it was withdrawn already" if hasattr(row, "withdrawal") else "",
)


@admin.register(BrandPayment)
class BrandPaymentAdmin(ServiceAdmin[BrandPayment]):
    verbs = (WITHDRAW,)
    list_display = ("at", "merchant", "validated_through", "reference", "actor", "counts")
    list_select_related = ("merchant", "actor", "withdrawal")
    linked_by = ("merchant",)
    search_fields = ("=merchant__merchant_id", "=reference")
    search_help_text = "A merchant id, or a whole reference."
    fieldsets = (
        (None, {"fields": ("merchant", "validated_through", "reference")}),
        ("Who and why", {"fields": ("actor", "reason", "at")}),
    )
    headings: ClassVar[dict[str, str]] = {"validated_through": "for all validated through"}
    intro = "What brands have paid us for. It lets go of rewards that wait for it."
    when_empty = (
        "No payment is on record. «Record that it has paid us» stands on a merchant's page; it "
        "matters only where rewards are held back until the brand has paid."
    )

    @admin.display(description="counts")
    def counts(self, row: BrandPayment) -> str:
        return "withdrawn" if hasattr(row, "withdrawal") else "yes"


@admin.register(PaymentWithdrawal)
class PaymentWithdrawalAdmin(ReadOnlyAdmin[PaymentWithdrawal]):
    list_display = ("at", "payment", "actor", "reason")
    list_select_related = ("payment", "actor")
    fieldsets = (
        (None, {"fields": ("payment",)}),
        ("Who and why", {"fields": ("actor", "reason", "at")}),
    )
    intro = "Payments of brands that were recorded by mistake."
    when_empty = "No payment was withdrawn. «Withdraw it» stands on a payment's page."


def _merchant_panels(request: HttpRequest, merchant: Merchant) -> Iterator[Panel]:
    if not may_view(request, ReleasePolicy):
        return
    own = ReleasePolicy.objects.filter(merchant=merchant).first()
    row = own or ReleasePolicy.objects.filter(is_default=True).first()
    payments = BrandPayment.objects.filter(merchant=merchant, withdrawal__isnull=True)
    paid = payments.order_by("-validated_through").first()
    yield Panel(
        title="When its final rewards become available",
        headings=["Final rewards become available", "Set for", "Paid us through"],
        rows=[
            [
                _words(row) if row else "at once",
                "this brand" if own else "all brands without a setting of their own",
                utc_text(paid.validated_through) if paid else "no payment on record",
            ]
        ],
        empty="",
    )


add_verbs(SET_FOR_BRAND, RECORD)
panels.register(Merchant, _merchant_panels)
