"""What staff fill in: an amount in major units of a currency."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from rewards_site.kernel.admin.service import ReasonForm
from rewards_site.kernel.currencies import UnknownCurrency, exponent_of
from transactions.adjustments.models import AdjustmentKind

_DIGITS_MAX = 18


class CurrencyField(forms.CharField):
    """A currency that we know, in capital letters; PTS for points."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=3, min_length=3, **kwargs)
        self.widget.attrs |= {"size": 4, "autocomplete": "off", "spellcheck": "false"}

    def clean(self, value: Any) -> str:
        currency = str(super().clean(value)).upper()
        if not currency:
            return currency
        try:
            exponent_of(currency)
        except UnknownCurrency:
            raise ValidationError("An ISO 4217 code such as USD, or PTS for points.") from None
        return currency


class AmountField(forms.DecimalField):
    """An amount in major units, as people write it: 12.50."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=_DIGITS_MAX, **kwargs)
        self.widget.attrs |= {"autocomplete": "off"}


def minor_of(form: forms.Form, amount: Decimal, currency: str) -> int:
    """`amount` in minor units; 0, and the form says why, where it has too many digits."""
    minor = amount.scaleb(exponent_of(currency))
    if minor != minor.to_integral_value():
        digits = exponent_of(currency)
        form.add_error("amount", f"{currency} has {digits} digits after the point.")
        return 0
    return int(minor)


class GivenForm(ReasonForm):
    """So much in that currency."""

    amount = AmountField(help_text="In major units, such as 12.50.", min_value=Decimal(0))
    currency = CurrencyField(initial="USD", help_text="ISO 4217, or PTS for points.")
    field_order = ["amount", "currency", "reason"]

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        if answers.get("amount") is not None and answers.get("currency"):
            answers["amount_minor"] = minor_of(self, answers["amount"], answers["currency"])
        return answers


class AdjustForm(GivenForm):
    """A change of a balance: given, or with a minus sign taken."""

    amount = AmountField(help_text="In major units. Below zero it is taken: -3.00.")
    kind = forms.ChoiceField(
        choices=AdjustmentKind.choices, help_text="The member reads which of the two it is."
    )
    field_order = ["kind", "amount", "currency", "reason"]


class BudgetForm(ReasonForm):
    """How much may be given in a month; left empty, there is no limit."""

    currency = CurrencyField(help_text="ISO 4217, or PTS for points.")
    amount = AmountField(
        required=False,
        min_value=Decimal(0),
        label="For each month",
        help_text="In major units, such as 500.00; 0: nothing. Empty: no limit.",
    )
    field_order = ["currency", "amount", "reason"]

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or {}
        answers["month_minor"] = None
        if answers.get("amount") is not None and answers.get("currency"):
            answers["month_minor"] = minor_of(self, answers["amount"], answers["currency"])
        return answers
