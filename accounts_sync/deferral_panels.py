"""What accepting something deferred would come to, shown before anybody does it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User

from accounts_sync.decisions import preview_decision
from accounts_sync.deferred_items import ItemRef
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from transactions.ruling import Effect, Side
from transactions.told import Ruling

SHOWN_MAX = 20


def preview_panels(
    items: Sequence[tuple[str, ItemRef]], *, ruling: Ruling, actor: User, at: datetime
) -> list[Panel]:
    """Before → after and the entries of each (name, item), by doing it and taking it back."""
    changes: list[list[Any]] = []
    booked: list[list[Any]] = []
    for name, ref in items[:SHOWN_MAX]:
        try:
            effect = preview_decision(ref, ruling=ruling, actor=actor, at=at)
        except ServiceError as refusal:
            changes.append([name, label("refused", tone="bad"), EMPTY, str(refusal)])
        except DatabaseUnavailable:
            changes.append([name, label("unavailable"), EMPTY, "The database is busy."])
        else:
            changes += [[name, *cells] for cells in _changes(effect)]
            booked += [[name, *cells] for cells in _entries(effect)]
    note = f"The first {SHOWN_MAX} of {len(items)}." if len(items) > SHOWN_MAX else ""
    return [
        Panel(
            title="What it would come to",
            headings=["Item", "What", "Before", "After"],
            rows=changes,
            empty="Nothing of the order changes.",
            note=note,
        ),
        Panel(
            title="What would be booked",
            headings=["Item", "Account", "Whose", "#Debit", "#Credit"],
            rows=booked,
            empty="No money moves.",
        ),
    ]


def decisions_panel(ref: ItemRef) -> Panel:
    """What staff decided about it so far."""
    decisions = ref.decisions.select_related("actor", "approver").order_by("-pk")[:SHOWN_MAX]
    return Panel(
        title="Decisions, newest first",
        headings=["When", "Verdict", "By", "Approved by", "Why", "It had been deferred because"],
        rows=[
            [
                utc_text(decision.decided_at),
                label(decision.verdict),
                decision.actor.get_username(),
                decision.approver.get_username() if decision.approver else EMPTY,
                displayable(decision.reason),
                displayable(decision.deferred_because),
            ]
            for decision in decisions
        ],
        empty="Nobody has decided anything about it.",
    )


def _changes(effect: Effect) -> list[list[Any]]:
    if effect.after is None:
        return [["nothing to change", EMPTY, displayable(effect.outcome.reason)]]
    after = _words(effect.after, effect)
    before = _words(effect.before, effect) if effect.before else {}
    rows: list[list[Any]] = [
        [what, before.get(what, EMPTY), text]
        for what, text in after.items()
        if before.get(what) != text
    ]
    if effect.unrecovered_minor:
        lost = money_text(effect.unrecovered_minor, effect.reward_currency)
        rows.append(["spent, the publisher's loss", EMPTY, lost])
    if effect.needs_two_people:
        stake = money_text(effect.at_stake_minor, effect.reward_currency)
        rows.append(["a second person is asked", EMPTY, f"{stake} leaves its member"])
    return rows


def _words(side: Side, effect: Effect) -> dict[str, str]:
    names = effect.names
    return {
        "member": displayable(names[side.member_id]) if side.member_id is not None else "nobody",
        "brand": displayable(side.merchant_id or EMPTY),
        "category": side.category,
        "state": side.status,
        "commission": money_text(side.commission_minor, effect.currency),
        "reward": money_text(side.reward_minor, effect.reward_currency),
    }


def _entries(effect: Effect) -> list[list[Any]]:
    return [
        [
            line.kind.value,
            displayable(
                effect.names[line.member_id]
                if line.member_id is not None
                else line.merchant_id or "house"
            ),
            money_text(line.debit_minor, line.currency) if line.debit_minor else "",
            money_text(line.credit_minor, line.currency) if line.credit_minor else "",
        ]
        for line in effect.lines
    ]
