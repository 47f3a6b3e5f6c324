"""The form of the admin's export page; what is typed is read by options.py, as everywhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.http import urlencode

from rewards_site.kernel.errors import ServiceError
from rewards_site.reports import options, registry
from rewards_site.reports.writers import Format

_FIELD_OF = {"from": "start", "to": "end"}
_OFFERED = (Format.CSV, Format.XLSX, Format.BEANCOUNT)


class ExportForm(forms.Form):
    """Which report, of when, how. Valid only if the report can be asked for like this."""

    report = forms.ChoiceField()
    as_of = forms.CharField(
        required=False,
        label="As of",
        help_text="An instant such as 2026-11-01T00:00:00Z: what was posted at or before it, the "
        "same for ever. Empty for now.",
    )
    start = forms.CharField(
        required=False,
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The first day; not for the liability, which is of one instant.",
    )
    end = forms.CharField(
        required=False,
        label="To",
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text="The first day that is left out.",
    )
    currency = forms.CharField(
        required=False, max_length=3, help_text="One currency, such as USD. Empty for all."
    )
    format = forms.ChoiceField(choices=[(one.value, one.value) for one in _OFFERED])
    with_customer_ids = forms.BooleanField(
        required=False,
        label="With customer ids",
        help_text="Adds customer_id. Such a file cannot be made again once a member is forgotten.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["report"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(one.name, f"{one.title}: {one.what}") for one in registry.reports()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "report" not in cleaned or "format" not in cleaned:
            return cleaned
        try:
            options.read(
                registry.find(cleaned["report"]),
                **{
                    name: cleaned.get(name, "")
                    for name in ("as_of", "start", "end", "currency", "format")
                },
            )
        except ServiceError as error:
            for name, wrong in getattr(error, "fields", {}).items():
                self.add_error(_FIELD_OF.get(name, name), f"{wrong}.")
        return cleaned

    def query_string(self) -> str:
        """What a valid form asks of `/reports/NAME.FORMAT`."""
        asked = {
            "as_of": self.cleaned_data["as_of"],
            "from": self.cleaned_data["start"],
            "to": self.cleaned_data["end"],
            "currency": self.cleaned_data["currency"],
            "with_customer_ids": "1" if self.cleaned_data.get("with_customer_ids") else "",
        }
        return urlencode({name: text for name, text in asked.items() if text})
