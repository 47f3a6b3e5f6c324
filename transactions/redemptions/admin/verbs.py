"""What staff may do to redemptions. Ops approve and reject; finance say what was paid."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User

from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, Verb
from rewards_site.kernel.errors import Conflict, NotFound
from transactions.redemptions import services
from transactions.redemptions.approving import approve_redemption
from transactions.redemptions.methods import MANUAL
from transactions.redemptions.models import REFERENCE_LENGTH_MAX, TOLD_LENGTH_MAX, Redemption
from transactions.redemptions.services import Moved
from transactions.redemptions.shown import evidence_panel
from transactions.redemptions.states import OPEN, Status


class TellForm(ReasonForm):
    """Why, for us; and what the member is told."""

    told = forms.CharField(
        required=False,
        max_length=TOLD_LENGTH_MAX,
        label="Told to the member",
        help_text="One plain sentence that the member reads. Name nobody. Empty: no reason is "
        "told.",
    )


class PaidForm(ReasonForm):
    """By what it was paid."""

    reference = forms.CharField(
        max_length=REFERENCE_LENGTH_MAX,
        help_text="What stands on the bank's statement, so that it is found again.",
    )
    field_order = ["reference", "reason"]


class FailedForm(TellForm):
    """What did not work."""

    reference = forms.CharField(
        required=False,
        max_length=REFERENCE_LENGTH_MAX,
        help_text="Of the payment, if it has one.",
    )
    field_order = ["reference", "told", "reason"]


def _approve(attempt: Attempt[Redemption]) -> Done:
    approval = approve_redemption(
        redemption_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    if approval.proposal is not None:
        return Done(
            message="above the limit of one person. It was proposed: another person finds it "
            "under «Proposals».",
            level=messages.WARNING,
        )
    return Done(message="approved: it can be paid.")


def _reject(attempt: Attempt[Redemption]) -> Done:
    services.reject_redemption(
        redemption_id=attempt.row.pk,
        actor_id=attempt.actor.pk,
        reason=attempt.reason,
        told=str(attempt.answers.get("told", "")),
        at=attempt.at,
    )
    return Done(message="rejected: the amount is available to the member again.")


def _pay(attempt: Attempt[Redemption]) -> Done:
    done = services.pay_redemptions(
        references={attempt.row.pk: str(attempt.answers["reference"])},
        actor_id=attempt.actor.pk,
        reason=attempt.reason,
        at=attempt.at,
    )
    _must_be_moved(done[attempt.row.pk])
    return Done(message="paid.")


def _fail(attempt: Attempt[Redemption]) -> Done:
    done = services.fail_redemptions(
        references={attempt.row.pk: str(attempt.answers["reference"])},
        actor_id=attempt.actor.pk,
        reason=attempt.reason,
        told=str(attempt.answers["told"]),
        at=attempt.at,
    )
    _must_be_moved(done[attempt.row.pk])
    return Done(message="failed: the amount is available to the member again.")


def _must_be_moved(moved: Moved) -> None:
    if moved.status is None:
        raise NotFound(moved.refusal)
    if moved.refusal:
        raise Conflict(moved.refusal)


def _not_to_approve(row: Redemption) -> str:
    return "" if row.status == Status.REQUESTED else f"it is {row.status} already"


def _not_to_reject(row: Redemption) -> str:
    return "" if row.status in OPEN else f"it is {row.status} already"


def _not_to_pay(row: Redemption) -> str:
    if row.status != Status.APPROVED:
        return f"it is {row.status}; only an approved one can be paid"
    return "" if row.method == MANUAL else f"{row.method} is paid by a payout batch"


def _not_to_fail(row: Redemption) -> str:
    is_possible = row.status in {Status.APPROVED, Status.PAID}
    return "" if is_possible else f"it is {row.status}; only what was approved can fail"


def _evidence(rows: Sequence[Redemption], _actor: User, at: datetime) -> list[Panel]:
    return [evidence_panel(rows, at=at)]


APPROVE: Verb[Redemption] = Verb(
    name="approve",
    label="Approve",
    permission="redemptions.approve_redemption",
    what_happens="It can be paid from then on. Above the limit of one person it is proposed, and "
    "another person approves it.",
    perform=_approve,
    objection=_not_to_approve,
    panels=_evidence,
)
REJECT: Verb[Redemption] = Verb(
    name="reject",
    label="Reject",
    permission="redemptions.approve_redemption",
    what_happens="The amount is available to the member again, and they are told.",
    perform=_reject,
    form=TellForm,
    objection=_not_to_reject,
    panels=_evidence,
)
PAY: Verb[Redemption] = Verb(
    name="pay",
    label="Mark as paid",
    permission="redemptions.pay_redemption",
    what_happens="You have sent the money already. The books say so, and the member is told.",
    perform=_pay,
    form=PaidForm,
    objection=_not_to_pay,
)
FAIL: Verb[Redemption] = Verb(
    name="fail",
    label="Mark as failed",
    permission="redemptions.pay_redemption",
    what_happens="The money could not be sent, or came back to us. It is available to the member "
    "again, and they are told.",
    perform=_fail,
    form=FailedForm,
    objection=_not_to_fail,
)
