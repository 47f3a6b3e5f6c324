"""What a proposal to change a balance is about, as it is now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards_site.approvals.registry import has_perm
from rewards_site.kernel import clock
from rewards_site.kernel.admin.attention import Reader
from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, money_text
from rewards_site.members.models import Member
from transactions.adjustments.budgets import Budget, budget_at
from transactions.adjustments.models import Adjustment
from transactions.adjustments.proposals import available_of, objection_now, wanted_of
from transactions.adjustments.services import Wanted

LATEST = 10


def adjustment_panels(payload: Mapping[str, Any], reader: Reader) -> list[Panel]:
    """The member and their balance before and after, the budget, what they were given before."""
    wanted = wanted_of(payload)
    member = Member.objects.select_related("same_as").get(pk=wanted.member_id)
    member = member.same_as or member
    is_shown = has_perm(reader, "members.view_member")
    at = clock.now()
    wanted = Wanted(
        kind=wanted.kind,
        member_id=member.pk,
        currency=wanted.currency,
        amount_minor=wanted.amount_minor,
    )
    return [
        _what_changes(wanted, member, is_shown=is_shown, objection=objection_now(wanted, at=at)),
        budget_panel(budget_at(wanted.currency, at), after=max(0, wanted.amount_minor)),
        earlier_panel(member),
    ]


def _what_changes(wanted: Wanted, member: Member, *, is_shown: bool, objection: str) -> Panel:
    has = available_of(member.pk, wanted.currency)
    name = link(member, page_url(member)) if is_shown else f"member {member.public_id}"
    return Panel(
        title="What changes",
        headings=["Member", "Kind", "#Available now", "#Change", "#Afterwards"],
        rows=[
            [
                name,
                wanted.kind.label,
                money_text(has, wanted.currency),
                money_text(wanted.amount_minor, wanted.currency),
                money_text(has + wanted.amount_minor, wanted.currency),
            ]
        ],
        empty="",
        note=f"As things stand it would be refused: {objection}." if objection else "",
    )


def budget_panel(budget: Budget, *, after: int = 0) -> Panel:
    """`after`: what would be given in addition."""
    limit, left = budget.limit_minor, budget.left_minor
    return Panel(
        title=f"Budget of {budget.month:%Y-%m}",
        headings=["Currency", "#Budget", "#Given", "#Left", "#Left afterwards"],
        rows=[
            [
                budget.currency,
                EMPTY if limit is None else money_text(limit, budget.currency),
                money_text(budget.used_minor, budget.currency),
                EMPTY if left is None else money_text(left, budget.currency),
                EMPTY if left is None else money_text(left - after, budget.currency),
            ]
        ],
        empty="",
        note="No limit is set: finance sets one under «Adjustment budgets»."
        if limit is None
        else "",
    )


def earlier_panel(member: Member) -> Panel:
    """What people gave or took before: whoever was given something lately asks again sooner."""
    rows = Adjustment.objects.filter(member=member) | Adjustment.objects.filter(
        member__same_as=member
    )
    latest = rows.select_related("approved_by", "proposed_by").order_by("-pk")[:LATEST]
    return Panel(
        title="Adjustments of this member, newest first",
        headings=["Adjustment", "When", "Kind", "#Amount", "Proposed by", "Approved by", "Why"],
        rows=[
            [
                link(row, page_url(row)),
                f"{row.approved_at:%Y-%m-%d}",
                row.kind,
                money_text(row.amount_minor, row.currency),
                str(row.proposed_by),
                str(row.approved_by),
                row.reason,
            ]
            for row in latest
        ],
        empty="Nobody ever changed this member's balance by hand.",
    )
