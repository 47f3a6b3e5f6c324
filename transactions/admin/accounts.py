"""Button accounts: one decision of ops stands here, the share mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from rewards_site.kernel.admin.columns import link, list_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, ServiceAdmin, Verb
from transactions.button_accounts import set_share_mode
from transactions.models import ButtonAccount, ShareMode, Transaction

APPLIES_FROM_NOW = (
    "The share mode applies to orders first seen from now on. "
    "Orders that are known by now keep the terms they came with."
)


class ShareModeForm(ReasonForm):
    share_mode = forms.ChoiceField(choices=ShareMode.choices, widget=forms.RadioSelect)
    field_order = ["share_mode", "reason"]


def _set_share_mode(attempt: Attempt[ButtonAccount]) -> Done:
    mode = str(attempt.answers["share_mode"])
    set_share_mode(
        account_id=attempt.row.pk, share_mode=mode, actor=attempt.actor, reason=attempt.reason
    )
    return Done(message=f"the share mode is {mode} for orders first seen from now on.")


SET_SHARE_MODE: Verb[ButtonAccount] = Verb(
    name="share-mode",
    label="Change the share mode",
    permission="transactions.change_buttonaccount",
    what_happens=APPLIES_FROM_NOW,
    perform=_set_share_mode,
    form=ShareModeForm,
    is_logged_here=False,
)


@admin.register(ButtonAccount)
class ButtonAccountAdmin(ServiceAdmin[ButtonAccount]):
    verbs = (SET_SHARE_MODE,)
    list_display = ("account_id", "name", "currency", "share_mode", "first_seen_at", "confirmed_at")
    search_fields = ("=account_id", "name")
    search_help_text = "An account id, or part of a name."
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "account_id",
                    "name",
                    "organization",
                    "currency",
                    "first_seen_at",
                    "confirmed_at",
                )
            },
        ),
        ("Who gets the commission", {"fields": ("share_mode",), "description": APPLIES_FROM_NOW}),
    )
    headings = {"confirmed_at": "confirmed by Button"}
    when_empty = (
        "No Button account yet. Set BUTTON_API_KEY and run manage.py sync_accounts; "
        "a webhook of an order makes its account too."
    )

    def initial_answers(self, rows: Sequence[ButtonAccount]) -> dict[str, Any]:
        return {"share_mode": rows[0].share_mode} if len(rows) == 1 else {}

    def confirmation_panels(self, rows: Sequence[ButtonAccount]) -> list[Panel]:
        return [
            Panel(
                title="Button accounts",
                headings=["Account", "Name", "Currency", "Share mode now"],
                rows=[[row.account_id, row.name, row.currency, row.share_mode] for row in rows],
                empty="",
            )
        ]

    def panels(self, request: HttpRequest, row: ButtonAccount) -> list[Panel]:
        url = list_url(Transaction, f"account={row.pk}")
        return [
            Panel(
                title="Orders",
                headings=["Where"],
                rows=[[link("All orders of this account, newest first", url)]],
                empty="",
            )
        ]
