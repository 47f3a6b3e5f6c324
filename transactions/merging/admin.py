"""What staff may propose about a member's customer ids, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from rewards_site.approvals.models import Proposal
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, Verb
from rewards_site.members.admin import add_verbs
from rewards_site.members.customer_ids import CUSTOMER_ID_LENGTH_MAX, is_customer_id
from rewards_site.members.models import Member
from transactions.merging.models import MergedBalance
from transactions.merging.panels import what_they_have
from transactions.merging.proposals import propose_merge, propose_rename


@admin.register(MergedBalance)
class MergedBalanceAdmin(ReadOnlyAdmin[MergedBalance]):
    list_display = (
        *("change", "pending_minor", "available_minor", "paid_out_minor", "earned_minor"),
        "entry_group",
    )
    list_select_related = ("change", "entry_group")
    linked_by = ("change",)
    fieldsets = (
        (None, {"fields": ("change", "currency", "entry_group")}),
        (
            "What went along",
            {"fields": ("pending_minor", "available_minor", "paid_out_minor", "earned_minor")},
        ),
    )
    when_empty = "No members were merged. It is a verb on a member's page, for two people."


class OtherIdForm(ReasonForm):
    """Another customer id, as the publisher's own system has it."""

    customer_id = forms.CharField(
        label="Customer id",
        max_length=CUSTOMER_ID_LENGTH_MAX,
        strip=True,
        widget=forms.TextInput(attrs={"size": 50, "autocomplete": "off", "autofocus": True}),
    )
    field_order = ["customer_id", "reason"]

    def clean_customer_id(self) -> str:
        customer_id = str(self.cleaned_data["customer_id"])
        if not is_customer_id(customer_id):
            raise ValidationError("1 to 255 characters of plain ASCII, without blanks.")
        return customer_id


def _rename(attempt: Attempt[Member]) -> Done:
    return _proposed(
        propose_rename(
            member_id=attempt.row.pk,
            customer_id=str(attempt.answers["customer_id"]),
            actor=attempt.actor,
            reason=attempt.reason,
            at=attempt.at,
        )
    )


def _merge(attempt: Attempt[Member]) -> Done:
    return _proposed(
        propose_merge(
            member_id=attempt.row.pk,
            customer_id=str(attempt.answers["customer_id"]),
            actor=attempt.actor,
            reason=attempt.reason,
            at=attempt.at,
        )
    )


def _proposed(proposal: Proposal) -> Done:
    return Done(
        message=f"a second person has to approve it (proposal {proposal.pk}); nothing was changed. "
        f"{proposal.summary}.",
        level=messages.WARNING,
    )


def _objection(row: Member) -> str:
    return "it stands for another member: go to that one" if row.same_as_id is not None else ""


def _panels(rows: Sequence[Member], actor: User, _at: datetime) -> list[Panel]:
    """What the member has now: all of it is the other's afterwards, and theirs is nothing."""
    return [what_they_have(row, actor) for row in rows]


RENAME: Verb[Member] = Verb(
    name="rename",
    label="Give another customer id",
    permission="members.rename_member",
    what_happens=(
        "For an id that nobody has yet. The member keeps everything; the old id goes on naming "
        "them, in Button's orders and in tokens. A second person has to approve it."
    ),
    perform=_rename,
    form=OtherIdForm,
    objection=_objection,
    panels=_panels,
)
MERGE: Verb[Member] = Verb(
    name="merge",
    label="Merge into another member",
    permission="members.merge_member",
    what_happens=(
        "All that this member has, and every order of theirs, goes to the member of the customer "
        "id you name; both ids name that member from then on. What was earned for a lifetime is "
        "added, an order that both had counts once. It cannot be undone. A second person has to "
        "approve it, sees what both have, and can do so only while this one has what it has now."
    ),
    perform=_merge,
    form=OtherIdForm,
    objection=_objection,
    panels=_panels,
)
add_verbs(RENAME, MERGE)
