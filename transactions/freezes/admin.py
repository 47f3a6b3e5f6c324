"""Freezes, and the verbs that make and lift them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest

from rewards_site.kernel import clock
from rewards_site.kernel.admin import attention, panels
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.paging import bounded_count
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY, utc_text
from rewards_site.members.admin import add_verbs
from rewards_site.members.models import Member
from rewards_site.members.queries import rows_of
from transactions.freezes.models import Freeze
from transactions.freezes.queries import frozen_reason, in_force
from transactions.freezes.services import freeze_member, freeze_order, lift
from transactions.models import Transaction


class FreezeForm(ReasonForm):
    """Why, and until when."""

    until = forms.DateTimeField(
        required=False,
        help_text="UTC, as 2026-12-31 00:00. Empty: until somebody lifts it.",
        widget=forms.DateTimeInput(attrs={"placeholder": "YYYY-MM-DD HH:MM"}),
    )
    field_order = ["until", "reason"]


def _freeze_member(attempt: Attempt[Member]) -> Done:
    made = freeze_member(
        member_id=attempt.row.pk,
        until=attempt.answers["until"],
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(message=f"frozen {_until(made.until)}; earns on, redeems nothing.")


def _freeze_order(attempt: Attempt[Transaction]) -> Done:
    made = freeze_order(
        transaction_id=attempt.row.pk,
        until=attempt.answers["until"],
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(message=f"frozen {_until(made.until)}; its reward is not redeemed.")


def _lift(attempt: Attempt[Freeze]) -> Done:
    lift(freeze_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at)
    return Done(message="lifted.")


def _until(until: datetime | None) -> str:
    return f"until {utc_text(until)}" if until is not None else "until it is lifted"


def _no_freeze(row: Member) -> str:
    if row.same_as_id:
        return "it stands for another member"
    return "it is frozen already" if frozen_reason(row.pk, clock.now()) else ""


FREEZE_MEMBER: Verb[Member] = Verb(
    name="freeze",
    label="Freeze redemptions",
    permission="freezes.freeze",
    what_happens=(
        "The member earns on and redeems nothing: no request, no approval, no payout. "
        "They read that redemptions are on hold, and not why."
    ),
    perform=_freeze_member,
    form=FreezeForm,
    objection=_no_freeze,
)
FREEZE_ORDER: Verb[Transaction] = Verb(
    name="freeze",
    label="Freeze its reward",
    permission="freezes.freeze",
    what_happens=(
        "The order goes on as before: pending, validated, declined. What it earned stays in the "
        "member's balance and is not redeemed; everything else they have may be."
    ),
    perform=_freeze_order,
    form=FreezeForm,
)
LIFT: Verb[Freeze] = Verb(
    name="lift",
    label="Lift the freeze",
    permission="freezes.freeze",
    what_happens="Redemptions are possible again at once.",
    perform=_lift,
    objection=lambda row: "it was lifted already" if row.lifted_at is not None else "",
)


@admin.register(Freeze)
class FreezeAdmin(ServiceAdmin[Freeze]):
    verbs = (LIFT,)
    list_display = ("frozen_at", "member", "transaction", "until", "frozen_by", "lifted_at")
    list_select_related = ("member", "transaction", "frozen_by", "lifted_by")
    list_filter = (
        choice_filter("State", "state", {"open": ("not lifted", Q(lifted_at__isnull=True))}),
    )
    linked_by = ("member", "transaction")
    search_fields = ("=member__customer_id", "=transaction__button_order_id")
    search_help_text = "A whole customer id, or a whole Button order id."
    fieldsets = (
        (None, {"fields": ("member", "transaction", "reason", "frozen_by", "frozen_at", "until")}),
        ("Lifted", {"fields": ("lifted_by", "lifted_at", "lift_reason")}),
    )
    intro = "Who earns on and redeems nothing: members, and single orders."
    when_empty = (
        "Nothing is frozen. «Freeze redemptions» stands on a member's page, «Freeze its reward» on "
        "an order's."
    )


def _member_panels(request: HttpRequest, member: Member) -> Iterator[Panel]:
    if may_view(request, Freeze):
        found = Freeze.objects.filter(member__in=rows_of(member.pk))
        yield _panel(list(found.select_related("frozen_by").order_by("-pk")[:10]))


def _order_panels(request: HttpRequest, order: Transaction) -> Iterator[Panel]:
    if may_view(request, Freeze):
        found = Freeze.objects.filter(transaction=order)
        yield _panel(list(found.select_related("frozen_by").order_by("-pk")[:10]))


def _panel(rows: list[Freeze]) -> Panel:
    return Panel(
        title="Freezes",
        headings=["Frozen", "By", "Why", "Until", "Lifted"],
        rows=[
            [
                link(utc_text(row.frozen_at), page_url(row)),
                row.frozen_by,
                row.reason,
                utc_text(row.until) if row.until else "it is lifted",
                utc_text(row.lifted_at) if row.lifted_at else EMPTY,
            ]
            for row in rows
        ],
        empty="Not frozen: redemptions are possible.",
    )


def _card() -> attention.Card:
    return attention.Card(
        title="Frozen",
        count=bounded_count(in_force(clock.now()), most=attention.COUNTED_MAX),
        url=list_url(Freeze, "state=open"),
        what_to_do="Look into each, then lift it or decline what was redeemed.",
        when_none="No member and no order is frozen.",
        tone="note",
    )


add_verbs(FREEZE_MEMBER)
panels.register(Member, _member_panels)
panels.register(Transaction, _order_panels)
attention.register_card("freezes", _card, permission="freezes.view_freeze", order=80)
