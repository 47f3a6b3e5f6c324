"""The verb that moves an order from its member to another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from rewards_site.approvals.models import Proposal
from rewards_site.button.schemas import APP_INSTALL
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, Verb
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text
from rewards_site.members.customer_ids import CUSTOMER_ID_LENGTH_MAX, is_customer_id
from transactions.attribution import move_order, needs_two_people
from transactions.ledger.balances import available_balances
from transactions.models import Transaction
from transactions.told import OutcomeKind


class CustomerIdForm(ReasonForm):
    """Whose the order is, as the publisher's own system knows them."""

    customer_id = forms.CharField(
        label="Customer id",
        max_length=CUSTOMER_ID_LENGTH_MAX,
        strip=True,
        help_text="As your own system knows them. A member is made if it was never seen before.",
        widget=forms.TextInput(attrs={"size": 50, "autocomplete": "off", "autofocus": True}),
    )
    field_order = ["customer_id", "reason"]

    def clean_customer_id(self) -> str:
        customer_id = str(self.cleaned_data["customer_id"])
        if not is_customer_id(customer_id):
            raise ValidationError("1 to 255 characters of plain ASCII, without blanks.")
        return customer_id


def _move(attempt: Attempt[Transaction]) -> Done:
    customer_id = str(attempt.answers["customer_id"])
    moved = move_order(
        transaction_id=attempt.row.pk,
        customer_id=customer_id,
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    if isinstance(moved, Proposal):
        return Done(
            message=f"a second person has to approve it (proposal {moved.pk}); nothing was moved.",
            level=messages.WARNING,
        )
    if moved.kind is OutcomeKind.APPLIED:
        return Done(message=f"moved to {customer_id}.")
    return Done(message=moved.reason or moved.kind.value, level=messages.WARNING)


def _cannot_be_moved(row: Transaction) -> str:
    if row.is_test:
        return "test money never reaches a member"
    if row.category == APP_INSTALL:
        return "an app install never earns a reward"
    return "" if row.member_id is not None else "it has no member yet: name one instead"


def _panels(rows: Sequence[Transaction], _actor: User, _at: datetime) -> list[Panel]:
    """What would be taken back as things stand; more orders of one member share one balance."""
    has = available_balances({row.member_id for row in rows if row.member_id is not None})
    return [
        Panel(
            title="What would be taken back now",
            headings=[
                "Order",
                "From",
                "#Reward",
                "#Taken back",
                "#Our loss",
                "Who decides",
            ],
            rows=[_cells(row, has) for row in rows],
            empty="",
            note=(
                "A pending reward goes whole. Of an available one no more is taken back than the "
                "member has left; who gets it is credited in full."
            ),
        )
    ]


def _cells(row: Transaction, has: dict[tuple[int, str], int]) -> list[Any]:
    assert row.member_id is not None
    key = (row.member_id, row.reward_currency)
    taken = row.reward_minor
    if row.status == "validated":
        taken = min(taken, has.get(key, 0))
        has[key] = has.get(key, 0) - taken
    two = needs_two_people(row.reward_minor, row.reward_currency)
    return [
        row.order_key,
        displayable(str(row.member)) if row.member else EMPTY,
        *(
            money_text(minor, row.reward_currency)
            for minor in (row.reward_minor, taken, row.reward_minor - taken)
        ),
        label("two people", tone="warn") if two else "you",
    ]


MOVE: Verb[Transaction] = Verb(
    name="move",
    label="Move to another member",
    permission="transactions.move_transaction",
    what_happens=(
        "The order leaves its member for the one you name, with its reward where the order stands "
        "by now. It is on the record of both; what is earned for a lifetime is never reduced. "
        "From a limit on (MOVE_APPROVAL_LIMITS) a second person has to approve it."
    ),
    perform=_move,
    form=CustomerIdForm,
    objection=_cannot_be_moved,
    panels=_panels,
)
