"""What two members have, as whoever merges them must see it first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rewards_site.approvals.registry import has_perm
from rewards_site.kernel.admin.attention import Reader
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.text import displayable, money_text
from rewards_site.members.models import Member
from transactions.ledger.chart import AccountKind
from transactions.merging.seen import Seen, changes_since, held_by, seen_now
from transactions.models import Transaction

_STALE = "It is not what was proposed any more."
_WHAT_TO_DO = "It cannot be approved: reject it, look at both members and propose it again."


def what_they_have(row: Member, reader: Reader) -> Panel:
    """A member's money by currency, and how many orders are theirs, now."""
    held = held_by(row.pk)
    name = str(row) if has_perm(reader, "members.view_member") else f"member {row.public_id}"
    return Panel(
        title=f"What {displayable(name)} has now",
        headings=["Currency", "#Pending", "#Available", "#Paid out", "#Earned ever"],
        rows=[
            [
                currency,
                money_text(kinds.get(AccountKind.PENDING, 0), currency),
                money_text(kinds.get(AccountKind.AVAILABLE, 0), currency),
                money_text(kinds.get(AccountKind.PAID_OUT, 0), currency),
                money_text(held.earned[currency], currency),
            ]
            for currency, kinds in held.balances.items()
        ],
        empty="No money.",
        note=f"Orders: {Transaction.objects.filter(member=row).count()}",
    )


def merge_panels(payload: Mapping[str, Any], reader: Reader) -> list[Panel]:
    """Both members of a proposed merge, and what is not as its proposer saw it."""
    source_id, target_id = int(payload["member_id"]), int(payload["into_member_id"])
    people = Member.objects.in_bulk([source_id, target_id])
    panels = [what_they_have(people[pk], reader) for pk in (source_id, target_id)]
    changes = _changes(payload)
    return [_changed(changes), *panels] if changes else panels


def is_stale(payload: Mapping[str, Any]) -> str:
    """Why a proposed merge cannot be approved any more; else empty."""
    return f"{_STALE} {_WHAT_TO_DO}" if _changes(payload) else ""


def _changes(payload: Mapping[str, Any]) -> list[str]:
    """What is not as its proposer saw it, each in words."""
    if "seen" not in payload:
        return []
    source_id, target_id = int(payload["member_id"]), int(payload["into_member_id"])
    now = seen_now(source_id, target_id, held_by(source_id))
    return changes_since(Seen.from_json(payload["seen"]), now)


def _changed(changes: list[str]) -> Panel:
    return Panel(
        title=_STALE.rstrip("."),
        headings=["What changed since"],
        rows=[[change] for change in changes],
        empty="",
        note=_WHAT_TO_DO,
    )
