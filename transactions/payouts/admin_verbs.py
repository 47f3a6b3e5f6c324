"""What Finance may do to a batch: each verb calls one service."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages

from rewards_site.approvals.models import Proposal
from rewards_site.kernel import clock
from rewards_site.kernel.admin.service import Attempt, ConfirmForm, Done, ReasonForm, Verb
from transactions.payouts import claiming, collecting, deciding, exchange, sending
from transactions.payouts.models import PayoutBatch
from transactions.payouts.providers.manual_file import NAME as MANUAL_FILE
from transactions.payouts.states import BatchStatus

COLLECT, SEND = "payouts.collect_payoutbatch", "payouts.send_payoutbatch"
RECORD = "payouts.record_payoutbatch"


class NameForm(ReasonForm):
    """Under which id the provider has it."""

    provider_batch_id = forms.CharField(
        label="The provider's id of the batch",
        max_length=64,
        help_text="As its own site shows it. It is asked under this id, and believed only if it "
        "answers with this very batch.",
    )


def _must_be(*allowed: BatchStatus) -> Any:
    def objection(batch: PayoutBatch) -> str:
        return "" if batch.status in allowed else f"it is {batch.status}"

    return objection


def _unsure(batch: PayoutBatch) -> str:
    return "" if batch.unsure_since is not None else "it is known what the provider has of it"


def _askable(batch: PayoutBatch) -> str:
    if batch.provider == MANUAL_FILE:
        return "people say what became of it: upload the result"
    return claiming.objection_to_asking(batch, at=clock.now())


def _arguments(attempt: Attempt[PayoutBatch]) -> dict[str, Any]:
    return {
        "batch_id": attempt.row.pk,
        "actor": attempt.actor,
        "reason": attempt.reason,
        "at": attempt.at,
    }


def _close(attempt: Attempt[PayoutBatch]) -> Done:
    collecting.close_batch(**_arguments(attempt))
    return Done(message="closed.")


def _cancel(attempt: Attempt[PayoutBatch]) -> Done:
    collecting.cancel_batch(**_arguments(attempt))
    return Done(message="cancelled. Its redemptions wait for another batch.")


def _send(attempt: Attempt[PayoutBatch]) -> Done:
    done = sending.send_batch(**_arguments(attempt))
    if isinstance(done, Proposal):
        return Done(
            message=f"it is above the limit of one person. Proposal {done.pk} waits for another "
            "person, who did not close it.",
            level=messages.WARNING,
        )
    if done.status == BatchStatus.SENT:
        return Done(message="sent. Export its file and pay by it; then upload the result.")
    return Done(message="it is being sent by the worker.")


def _ask(attempt: Attempt[PayoutBatch]) -> Done:
    done = exchange.attend(attempt.row.pk, at=attempt.at)
    batch = PayoutBatch.objects.get(pk=attempt.row.pk)
    return Done(message=f"{done}. {batch.last_answer}", level=messages.INFO)


def _settle(attempt: Attempt[PayoutBatch]) -> Done:
    deciding.settle_batch(**_arguments(attempt))
    return Done(message="settled.")


def _name(attempt: Attempt[PayoutBatch]) -> Done:
    deciding.name_at_provider(
        provider_batch_id=attempt.answers["provider_batch_id"], **_arguments(attempt)
    )
    return Done(message="entered. The worker asks for it.")


def _never_arrived(attempt: Attempt[PayoutBatch]) -> Done:
    proposal = deciding.propose_never_arrived(**_arguments(attempt))
    return Done(message=f"proposal {proposal.pk} waits for another person.", level=messages.WARNING)


VERBS = (
    Verb(
        name="close",
        label="Close",
        permission=COLLECT,
        what_happens="Nothing is put in or taken out any more. Nothing is paid by that.",
        perform=_close,
        objection=_must_be(BatchStatus.OPEN),
    ),
    Verb(
        name="send",
        label="Send",
        permission=SEND,
        what_happens="The provider is given the batch, and pays. Of a batch that people pay, "
        "the file may be taken from then on. Above the limit of one person it is proposed to a "
        "second.",
        perform=_send,
        objection=_must_be(BatchStatus.CLOSED),
    ),
    Verb(
        name="cancel",
        label="Cancel",
        permission=COLLECT,
        what_happens="Nothing of it is paid; its redemptions wait for another batch. Nobody "
        "can cancel it any more once a provider, or a person, may have been given it.",
        perform=_cancel,
        objection=collecting.objection_to_cancelling,
    ),
    Verb(
        name="ask",
        label="Ask now",
        permission=RECORD,
        what_happens="The provider is asked what became of it. Nothing is paid twice by that.",
        perform=_ask,
        form=ConfirmForm,
        objection=_askable,
    ),
    Verb(
        name="settle",
        label="Settle",
        permission=RECORD,
        what_happens="It is over, if it is known of every payment what became of it.",
        perform=_settle,
        objection=_must_be(BatchStatus.SENT),
    ),
    Verb(
        name="name",
        label="Enter the provider's id",
        permission=RECORD,
        what_happens="You looked it up at the provider's own site, and it has the batch.",
        perform=_name,
        form=NameForm,
        objection=_unsure,
    ),
    Verb(
        name="never-arrived",
        label="It never arrived",
        permission=RECORD,
        what_happens="You looked at the provider's own site, and it has nothing of the batch: "
        "another person has to look, too, and to approve. Then its redemptions wait for "
        "another batch. If the provider has it after all, people are paid twice.",
        perform=_never_arrived,
        objection=_unsure,
    ),
)
