"""Payments: their list and page; one can be taken out of an open batch."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest

from rewards_site.kernel import clock
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.filters import choice_filter, word_filter
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY, displayable, label, utc_text
from transactions.payouts import admin_panels, collecting, judging
from transactions.payouts.models import PayoutItem, ProviderAnswer
from transactions.payouts.states import BatchStatus, ItemStatus, Outcome

_RECORD = "payouts.record_payoutbatch"
_LOOK = {"yes": ("a person has to look", ~Q(problem=""))}


def _removable(item: PayoutItem) -> str:
    if item.status == ItemStatus.REMOVED:
        return "it was taken out already"
    if item.batch.status != BatchStatus.OPEN:
        return f"its batch is {item.batch.status}"
    return ""


def _remove(attempt: Attempt[PayoutItem]) -> Done:
    collecting.remove_item(
        item_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="taken out. Its redemption waits for another batch.")


class PaidForm(ReasonForm):
    """By which payment."""

    reference = forms.CharField(
        label="Reference of the payment",
        max_length=judging.REFERENCE_LENGTH_MAX,
        help_text="As who paid shows it: the provider's id of the payment, or the bank's.",
    )


class NotPaidForm(ReasonForm):
    """Where there is one, the reference of what did not go through."""

    reference = forms.CharField(
        label="Reference, if there is one",
        max_length=judging.REFERENCE_LENGTH_MAX,
        required=False,
    )


def _judgeable(item: PayoutItem) -> str:
    return judging.objection_to_judging(item, at=clock.now())


def _judge(attempt: Attempt[PayoutItem], outcome: Outcome) -> Done:
    proposal = judging.propose_outcome(
        item_id=attempt.row.pk,
        outcome=outcome,
        reference=attempt.answers["reference"],
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(message=f"proposal {proposal.pk} waits for another person.", level=messages.WARNING)


def _look(attempt: Attempt[PayoutItem]) -> Done:
    judging.note_looked(
        item_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="noted. It is to be looked at no more.")


@admin.register(PayoutItem)
class PayoutItemAdmin(ServiceAdmin[PayoutItem]):
    list_display = (
        *("public_id", "batch", "redemption", "amount_minor", "status", "word", "problem"),
    )
    list_select_related = ("batch", "redemption")
    list_filter = (
        word_filter("status", list(ItemStatus)),
        choice_filter("problem", "look", _LOOK),
    )
    linked_by = ("batch", "redemption")
    search_fields = ("=public_id", "=provider_item_id", "=redemption__public_id")
    search_help_text = "The id of a payment, ours or the provider's, or of a redemption."
    intro = "Each pays one redemption."
    when_empty = "No payment yet: payments are made by collecting a payout batch."
    headings: ClassVar[dict[str, str]] = {
        "public_id": "payment",
        "word": "provider says",
        "problem": "look at",
        "provider_item_id": "provider's id",
    }
    fieldsets = (
        (None, {"fields": ("public_id", "batch", "redemption", "amount_minor", "attempt")}),
        (
            "How it stands",
            {"fields": ("status", "word", "provider_item_id", "problem", "told_at")},
        ),
        ("In the batch", {"fields": ("added_at", "removed_at")}),
    )
    verbs = (
        Verb(
            name="remove",
            label="Take out of the batch",
            permission="payouts.collect_payoutbatch",
            what_happens="It is not paid by this batch; its redemption waits for another.",
            perform=_remove,
            objection=_removable,
        ),
        Verb(
            name="was-paid",
            label="It was paid",
            permission=_RECORD,
            what_happens="You looked at the provider's own site, or the bank's, and the money went "
            "out: another person has to look, too, and to approve. Then it is paid.",
            perform=lambda attempt: _judge(attempt, Outcome.PAID),
            form=PaidForm,
            objection=_judgeable,
        ),
        Verb(
            name="was-not-paid",
            label="It was not paid",
            permission=_RECORD,
            what_happens="You looked at the provider's own site, or the bank's, and the money did "
            "not go out and never will: another person has to look, too, and to approve. Then it "
            "goes back to the member. If it was paid after all, they have it twice.",
            perform=lambda attempt: _judge(attempt, Outcome.FAILED),
            form=NotPaidForm,
            objection=_judgeable,
        ),
        Verb(
            name="looked",
            label="I have looked",
            permission=_RECORD,
            what_happens="Nothing is booked. It is to be looked at no more, until the provider "
            "says something new; say what you found.",
            perform=_look,
            objection=judging.objection_to_looking,
        ),
    )

    def panels(self, request: HttpRequest, row: PayoutItem) -> list[Panel]:
        answers = ProviderAnswer.objects.filter(item=row.pk).order_by("-pk").defer("evidence")
        cells: list[list[Any]] = [
            [
                link(utc_text(answer.at), page_url(answer)),
                displayable(answer.word) or EMPTY,
                label(answer.outcome),
                displayable(answer.why) or EMPTY,
            ]
            for answer in answers[:ROWS_MAX]
        ]
        return [
            Panel(
                title="What the provider said of it",
                headings=["When", "Its word", "In ours", "Why"],
                rows=cells,
                empty="Nothing yet.",
            ),
            admin_panels.steps_of(row),
        ]
