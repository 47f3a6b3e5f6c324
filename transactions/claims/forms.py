"""What staff fill in about claims."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from rewards_site.kernel.admin.service import ReasonForm
from rewards_site.members.customer_ids import CUSTOMER_ID_LENGTH_MAX, is_customer_id
from transactions.adjustments.forms import AmountField, CurrencyField, minor_of
from transactions.claims.asking import Asked
from transactions.claims.choices import REJECTIONS
from transactions.claims.models import (
    CLICK_ID_LENGTH_MAX,
    NOTE_LENGTH_MAX,
    ORDER_REFERENCE_LENGTH_MAX,
)


class RejectForm(ReasonForm):
    """Which of the answers the member reads; the reason stays with staff."""

    answer = forms.ChoiceField(
        choices=[(answer.value, answer.label) for answer in REJECTIONS],
        help_text="The member reads it as a whole sentence.",
    )
    field_order = ["answer", "reason"]


class FileForm(ReasonForm):
    """A claim, as the member tells it on the telephone."""

    customer_id = forms.CharField(max_length=CUSTOMER_ID_LENGTH_MAX, strip=True)
    click_id = forms.CharField(
        max_length=CLICK_ID_LENGTH_MAX, help_text="Of the visit: the member's page lists them."
    )
    order_reference = forms.CharField(required=False, max_length=ORDER_REFERENCE_LENGTH_MAX)
    amount = AmountField(
        required=False, min_value=0, label="Total", help_text="In major units, such as 79.90."
    )
    currency = CurrencyField(required=False)
    purchased_at = forms.DateTimeField(
        required=False, label="Bought", help_text="In UTC, such as 2026-11-20 14:30."
    )
    note = forms.CharField(
        required=False,
        max_length=NOTE_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="In the member's words.",
    )
    is_insisted = forms.BooleanField(
        required=False,
        label="Look into it all the same",
        help_text="Whatever the facts say at once, it goes into the queue: for members who do not "
        "agree with an answer.",
    )
    field_order = [
        *("customer_id", "click_id", "order_reference", "amount", "currency", "purchased_at"),
        *("note", "is_insisted", "reason"),
    ]

    def clean_customer_id(self) -> str:
        customer_id = str(self.cleaned_data["customer_id"])
        if not is_customer_id(customer_id):
            raise ValidationError("1 to 255 characters of plain ASCII, without blanks.")
        return customer_id

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if (answers.get("amount") is None) != (not answers.get("currency")):
            self.add_error("currency", "A total and its currency go together.")
        elif answers.get("currency"):
            answers["amount_minor"] = minor_of(self, answers["amount"], answers["currency"])
        return answers

    def asked(self) -> Asked:
        answers = self.cleaned_data
        return Asked(
            click_id=answers["click_id"],
            order_reference=answers["order_reference"],
            order_total_minor=answers.get("amount_minor"),
            order_currency=answers["currency"] or "",
            purchased_at=answers["purchased_at"],
            note=answers["note"],
        )
