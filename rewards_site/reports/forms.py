"""The form of the admin's export page; what is typed is read by options.py, as everywhere."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.http import urlencode

from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.errors import InvalidInput, ServiceError
from rewards_site.reports import options, registry
from rewards_site.reports.exporting import settle_query
from rewards_site.reports.writers import Format

_FIELD_OF = {"from": "start", "to": "end"}
_FORMATS = {
    Format.CSV: "CSV: begins at once, however large",
    Format.XLSX: "XLSX: a spreadsheet, sent when it is whole",
    Format.PARQUET: "Parquet: for a data warehouse or a notebook",
    Format.BEANCOUNT: "Beancount: plain-text accounting; the journal alone",
}


class ExportForm(forms.Form):
    """Which report, of when, how. Valid only if the report can be asked for like this."""

    report = forms.ChoiceField()
    as_of = forms.CharField(
        required=False,
        label="As of",
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="An instant such as 2026-11-01T00:00:00Z: what was posted at or before it, the "
        "same for ever. Empty for now.",
    )
    start = forms.CharField(
        required=False,
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    end = forms.CharField(
        required=False,
        label="To",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    currency = forms.CharField(
        required=False, max_length=3, help_text="One currency, such as USD. Empty for all."
    )
    format = forms.ChoiceField(choices=[(one.value, _FORMATS[one]) for one in Format])
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
        whose = "; ".join(
            f"of {one.name}, by {one.period_of}" for one in registry.reports() if one.period_of
        )
        zone = settings.BUSINESS_TIME_ZONE
        self.fields["start"].help_text = f"The first day, in {zone}: {whose}. Empty for all."
        self.fields["end"].help_text = f"The first day that is left out, in {zone}."

    def clean(self) -> dict[str, Any]:
        """Settles the instant, too: what would be refused is refused here, beside its field."""
        cleaned = super().clean() or {}
        if "report" not in cleaned or "format" not in cleaned:
            return cleaned
        report = registry.find(cleaned["report"])
        words = ("as_of", "start", "end", "currency", "format")
        try:
            asked = options.read(report, **{name: cleaned.get(name, "") for name in words})
            cleaned["as_of"] = wire_text(settle_query(report, asked).as_of)
        except InvalidInput as error:
            for name, wrong in error.fields.items():
                self.add_error(_FIELD_OF.get(name, name), f"{wrong}.")
        except ServiceError as error:
            self.add_error(None, str(error))
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
