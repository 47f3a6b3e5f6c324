"""What a draft says, as ops type it: percent, major units, local times → Promise."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import available_timezones

from django import forms
from django.conf import settings

from offers.rules.admin.fields import LocalTimeField, SuggestingInput
from offers.rules.limits import PROMOTION_BPS_MAX
from offers.rules.models import CATEGORY_LENGTH_MAX, NAME_LENGTH_MAX, RuleKind, RuleVersion
from offers.rules.promise import NOTE_LENGTH_MAX, PRIORITY_MOST, Promise, check
from offers.rules.store import promise_of
from offers.rules.terms import TermsKind
from offers.rules.words import cap_currency
from rewards_site.kernel.currencies import EXPONENTS, POINTS, exponent_of
from rewards_site.kernel.errors import InvalidInput
from rewards_site.kernel.money import decimal_text

_MERCHANTS_SUGGESTED_MAX = 2_000
_DIGITS_MAX = 18


def _merchants() -> Iterable[tuple[str, str]]:
    model: Any = RuleVersion._meta.get_field("merchant").related_model
    rows = model.objects.order_by("name").values_list("merchant_id", "name")
    return [(merchant_id, name) for merchant_id, name in rows[:_MERCHANTS_SUGGESTED_MAX]]


def _zones() -> Iterable[tuple[str, str]]:
    names = sorted(name for name in available_timezones() if "/" in name or name == "UTC")
    return [(name, name.replace("_", " ")) for name in names]


def _currencies() -> Iterable[tuple[str, str]]:
    return [(code, "") for code in sorted(EXPONENTS)]


def _amount(help_text: str, *, label: str) -> forms.DecimalField:
    return forms.DecimalField(
        required=False,
        max_digits=_DIGITS_MAX,
        min_value=Decimal(0),
        label=label,
        help_text=help_text,
    )


def _currency(help_text: str, *, label: str) -> forms.CharField:
    return forms.CharField(
        required=False,
        max_length=3,
        label=label,
        help_text=help_text,
        widget=SuggestingInput(_currencies, size=6),
    )


class DraftForm(forms.Form):
    """Everything that a version says. What may not be promised, the service says by field."""

    kind = forms.ChoiceField(label="Pays", choices=RuleKind.choices)
    share = forms.DecimalField(
        required=False,
        max_digits=6,
        decimal_places=2,
        min_value=Decimal(0),
        max_value=Decimal(PROMOTION_BPS_MAX) / 100,
        label="Share, percent",
        help_text="Of the commission: 60 is 60 %. Above 100 only as a promotion.",
    )
    fixed = _amount("In whole units with decimals, such as 2.50.", label="Amount an order")
    points = forms.DecimalField(
        required=False,
        max_digits=14,
        decimal_places=4,
        min_value=Decimal(0),
        label="Points",
        help_text="An order, or for each unit of the commission: 10 for 1 USD is 10.",
    )
    currency = _currency(
        "Of the commission that it pays for, such as USD. Empty: any; an amount, a cap, points per "
        "unit and a promotion need it.",
        label="Currency",
    )
    cap = _amount(
        "The most it pays of one order, in the currency above, or in points. Empty: no cap.",
        label="At most an order",
    )
    minimum_order = _amount(
        "Pays only from this order total on. Empty: any order.", label="Minimum order"
    )
    minimum_currency = _currency("Empty: the currency above.", label="Minimum in")
    merchant = forms.CharField(
        required=False,
        max_length=255,
        widget=SuggestingInput(_merchants),
        help_text="A merchant id (org-…); type a name to be offered it. Empty: every merchant.",
    )
    category = forms.CharField(
        required=False,
        max_length=CATEGORY_LENGTH_MAX,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="Of products, as lines of orders tell it. Empty: the whole order. Only a share.",
    )
    starts = LocalTimeField(required=False, help_text="Empty: from its publication on.")
    ends = LocalTimeField(required=False, help_text="No more from then on. Empty: no end.")
    zone = forms.CharField(
        label="By the clocks of",
        widget=SuggestingInput(_zones),
        help_text="Such as Europe/Berlin; type a city to be offered its zone.",
    )
    priority = forms.IntegerField(
        min_value=-PRIORITY_MOST,
        max_value=PRIORITY_MOST,
        initial=0,
        help_text="The greater goes first, whatever is more specific. Leave 0 unless it must.",
    )
    is_promotion = forms.BooleanField(
        required=False,
        label="Promotion",
        help_text="May pay more than the commission. It needs a budget, and a second person.",
    )
    budget = _amount(
        "Of the rule over all its versions, in the currency above, or in points. Once it is used "
        "up, later clicks no longer get it.",
        label="Budget",
    )
    note = forms.CharField(
        required=False,
        max_length=NOTE_LENGTH_MAX,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="For colleagues; decides nothing.",
    )
    seen_hash = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Why you draft it so; kept for ever, with your name.",
    )

    SECTIONS: ClassVar[tuple[tuple[str, tuple[str, ...]], ...]] = (
        ("What it pays", ("kind", "share", "fixed", "points", "currency", "cap")),
        ("For which orders", ("merchant", "category", "minimum_order", "minimum_currency")),
        ("When", ("starts", "ends", "zone", "priority")),
        ("More than the commission", ("is_promotion", "budget")),
        ("On the record", ("note", "reason")),
    )

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        return [(title, [self[name] for name in names]) for title, names in self.SECTIONS]

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).strip().upper()

    def clean_minimum_currency(self) -> str:
        return str(self.cleaned_data["minimum_currency"]).strip().upper()

    def promise(self) -> Promise:
        """Of a form that is valid. Raises: InvalidInput, by field of Promise: all that is wrong."""
        said = self.cleaned_data
        kind, currency = TermsKind(said["kind"]), said["currency"]
        is_points = kind in {TermsKind.POINTS_FIXED, TermsKind.POINTS_PER_UNIT}
        paid_in = POINTS if is_points else currency
        wrong: dict[str, str] = {}
        promise = Promise(
            zone=said["zone"].strip(),
            kind=kind,
            share_bps=int((said["share"] or Decimal(0)) * 100),
            fixed_minor=_minor(said["fixed"], currency, "fixed_minor", wrong) or 0,
            points=said["points"] or Decimal(0),
            currency=currency,
            cap_minor=_minor(said["cap"], paid_in, "cap_minor", wrong),
            minimum_order_minor=_minor(
                said["minimum_order"],
                said["minimum_currency"] or currency,
                "minimum_order_minor",
                wrong,
            ),
            minimum_currency=said["minimum_currency"],
            is_promotion=bool(said["is_promotion"]),
            budget_minor=_minor(said["budget"], paid_in, "budget_minor", wrong),
            budget_currency=paid_in if said["is_promotion"] else "",
            priority=said["priority"],
            merchant_id=said["merchant"].strip() or None,
            category=said["category"],
            starts=said["starts"],
            ends=said["ends"],
            note=said["note"].replace("\r\n", "\n"),
        )
        if wrong:
            raise InvalidInput(" ".join(wrong.values()), fields=_all_wrong(promise) | wrong)
        return promise

    def take(self, refusal: InvalidInput) -> None:
        """Show each sentence at the field it is about."""
        for field, sentence in refusal.fields.items():
            name = FIELD_OF.get(field, field)
            self.add_error(name if name in self.fields else None, sentence)
        if not refusal.fields:
            self.add_error(None, str(refusal))


class NewRuleForm(DraftForm):
    """A draft, and the name of its rule."""

    name = forms.CharField(
        max_length=NAME_LENGTH_MAX,
        widget=forms.TextInput(attrs={"class": "vTextField", "autofocus": True}),
        help_text="Such as «Spring: 60 % everywhere». It stands with every order that goes by it, "
        "and never changes.",
    )
    SECTIONS = (("The rule", ("name",)), *DraftForm.SECTIONS)


FIELD_OF = {
    "share_bps": "share",
    "fixed_minor": "fixed",
    "cap_minor": "cap",
    "minimum_order_minor": "minimum_order",
    "merchant_id": "merchant",
    "budget_minor": "budget",
    "budget_currency": "budget",
}
"""Field of Promise → field of the form, where they differ."""


def initial_of(version: RuleVersion | None) -> dict[str, Any]:
    """What the form shows at first: an empty one, or the draft as it stands."""
    if version is None:
        return {"kind": TermsKind.SHARE.value, "zone": str(settings.BUSINESS_TIME_ZONE)}
    promise = promise_of(version)
    paid_in = cap_currency(promise)
    minimum_in = promise.minimum_currency or promise.currency
    is_share = promise.kind is TermsKind.SHARE
    return {
        "kind": promise.kind.value,
        "share": f"{promise.share_bps / Decimal(100):.2f}" if is_share else None,
        "fixed": _major(promise.fixed_minor or None, promise.currency),
        "points": promise.points or None,
        "currency": promise.currency,
        "cap": _major(promise.cap_minor, paid_in),
        "minimum_order": _major(promise.minimum_order_minor, minimum_in),
        "minimum_currency": promise.minimum_currency,
        "merchant": promise.merchant_id,
        "category": promise.category,
        "starts": promise.starts,
        "ends": promise.ends,
        "zone": promise.zone,
        "priority": promise.priority,
        "is_promotion": promise.is_promotion,
        "budget": _major(promise.budget_minor, promise.budget_currency),
        "note": promise.note,
        "seen_hash": version.content_hash,
    }


def _minor(amount: Decimal | None, currency: str, field: str, wrong: dict[str, str]) -> int | None:
    """Major units → minor ones, exactly; where the currency has no such, `wrong` says why."""
    if amount is None:
        return None
    if currency != POINTS and currency not in EXPONENTS:
        name = "minimum_currency" if field == "minimum_order_minor" else "currency"
        wrong[name] = "Say in which currency, such as USD."
        return None
    exponent = exponent_of(currency)
    minor = amount.scaleb(exponent)
    if minor != minor.to_integral_value():
        wrong[field] = f"{currency} has {exponent} digits after the point."
        if exponent == 0:
            has_none = f"{currency} has no decimals."
            wrong[field] = "Points are whole." if currency == POINTS else has_none
        return None
    return int(minor)


def _all_wrong(promise: Promise) -> dict[str, str]:
    """What else is wrong, so that nobody is told one thing at a time."""
    try:
        check(promise)
    except InvalidInput as refusal:
        return refusal.fields
    return {}


def _major(minor: int | None, currency: str) -> str | None:
    return None if minor is None else decimal_text(minor, currency)
