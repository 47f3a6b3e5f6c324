"""What staff are asked about a subscription."""

from __future__ import annotations

from django import forms

from rewards_site.kernel.admin.service import ReasonForm
from rewards_site.outward.events import CHOICES, EVERYTHING
from rewards_site.outward.models import NAME_LENGTH_MAX, URL_LENGTH_MAX
from rewards_site.outward.services import OLD_SECRET_HOURS_MAX, url_problem


def _words(chosen: str) -> str:
    if chosen == EVERYTHING:
        return "everything, and what is added later"
    if chosen.endswith(".*"):
        return f"{chosen} (all of this family)"
    return chosen


class SubscriptionForm(ReasonForm):
    """Who is told what, and where."""

    name = forms.CharField(
        max_length=NAME_LENGTH_MAX, help_text="The system that listens, such as «customer app»."
    )
    url = forms.CharField(
        max_length=URL_LENGTH_MAX,
        label="Address",
        widget=forms.TextInput(attrs={"class": "vTextField", "spellcheck": "false"}),
        help_text="Where events are POSTed to, such as https://hooks.example.com/rewards.",
    )
    event_types = forms.MultipleChoiceField(
        label="Events",
        choices=[(chosen, _words(chosen)) for chosen in CHOICES],
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("name", "url", "event_types", "reason")

    def clean_url(self) -> str:
        url = str(self.cleaned_data["url"]).strip()
        problem = url_problem(url)
        if problem:
            raise forms.ValidationError(problem)
        return url


class RotateForm(ReasonForm):
    """How long the old secret signs beside the new one."""

    old_hours = forms.IntegerField(
        label="Hours for the old one",
        min_value=0,
        max_value=OLD_SECRET_HOURS_MAX,
        initial=24,
        help_text="Both sign for so long, so that the receiver can change over without losing one. "
        "0: the old one counts no more from now on, as when it has leaked.",
    )
    field_order = ("old_hours", "reason")
