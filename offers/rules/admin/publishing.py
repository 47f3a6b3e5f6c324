"""The page on which a draft is published: what it comes to, what is in the way, then the reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from offers.rules.models import RuleVersion
from rewards_site.kernel.admin.service import ReasonForm

_CHANGED = "The conflicts are not the same any more: read them anew."


class PublishForm(ReasonForm):
    """The draft as it was looked at, each conflict accepted in its very words, and the reason."""

    content_hash = forms.CharField(widget=forms.HiddenInput)
    acknowledged = forms.MultipleChoiceField(
        required=False,
        label="I accept that",
        widget=forms.CheckboxSelectMultiple,
        help_text="Each has to be accepted, or the draft edited. Kept with your name.",
        error_messages={"invalid_choice": _CHANGED, "invalid_list": _CHANGED},
    )
    field_order = ("content_hash", "acknowledged", "reason")

    def __init__(self, data: Any, *, version: RuleVersion, conflicts: Sequence[str]) -> None:
        super().__init__(data, initial={"content_hash": version.content_hash})
        self._conflicts = conflicts
        if not conflicts:
            del self.fields["acknowledged"]
            return
        field = self.fields["acknowledged"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(sentence, sentence) for sentence in conflicts]

    def clean_acknowledged(self) -> list[str]:
        accepted: list[str] = self.cleaned_data["acknowledged"]
        if set(accepted) != set(self._conflicts):
            raise forms.ValidationError("Accept each of these, or edit the draft first.")
        return accepted
