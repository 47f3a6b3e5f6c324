"""What a member has; and what a merge was proposed on, which is what a second person approves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Max

from rewards_site.kernel.errors import Conflict
from rewards_site.kernel.money import decimal_text
from rewards_site.members.models import CustomerIdChange
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account
from transactions.models import Transaction


@dataclass(slots=True)
class Held:
    """What a member has, by currency, in its minor units."""

    balances: dict[str, dict[AccountKind, int]] = field(default_factory=dict)
    earned: dict[str, int] = field(default_factory=dict)

    @property
    def is_redeeming(self) -> bool:
        return any(kinds.get(AccountKind.REDEEMING) for kinds in self.balances.values())


def held_by(member_id: int) -> Held:
    """Every account of a member, as it stands now; nothing is locked."""
    held = Held()
    for row in Account.objects.filter(member=member_id).order_by("currency", "kind"):
        kinds = held.balances.setdefault(row.currency, {})
        kinds[AccountKind(row.kind)] = row.credited_minor - row.debited_minor
        held.earned[row.currency] = held.earned.get(row.currency, 0) + row.earned_minor
    return held


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the proposer of a merge saw: all that goes, and who the two members were."""

    balances: Mapping[str, int]
    """`USD available` → minor units, where not zero."""
    order_count: int
    source_change: int
    """The last change of the one's customer ids; 0 where there was none."""
    target_change: int

    def as_json(self) -> dict[str, Any]:
        return {
            "balances": dict(self.balances),
            "order_count": self.order_count,
            "source_change": self.source_change,
            "target_change": self.target_change,
        }

    @staticmethod
    def from_json(stored: Mapping[str, Any]) -> Seen:
        return Seen(
            balances={str(key): int(minor) for key, minor in stored["balances"].items()},
            order_count=int(stored["order_count"]),
            source_change=int(stored["source_change"]),
            target_change=int(stored["target_change"]),
        )


def seen_now(source_id: int, target_id: int, held: Held) -> Seen:
    """What a proposal to merge these two would be about now; `held` is what the one has."""
    changes = CustomerIdChange.objects.filter(member__in=[source_id, target_id])
    last = dict(changes.values_list("member").annotate(Max("pk")))
    return Seen(
        balances={
            f"{currency} {kind}": minor
            for currency, kinds in held.balances.items()
            for kind, minor in kinds.items()
            if minor
        },
        order_count=Transaction.objects.filter(member=source_id).count(),
        source_change=last.get(source_id, 0),
        target_change=last.get(target_id, 0),
    )


def changes_since(seen: Seen, now: Seen) -> list[str]:
    """What is not as it was seen, each in words: `orders: 3 then, 4 now`."""
    found = []
    for key in sorted({*seen.balances, *now.balances}):
        currency = key.split()[0]
        then, later = (
            decimal_text(minors.get(key, 0), currency) for minors in (seen.balances, now.balances)
        )
        if then != later:
            found.append(f"{key.replace('_', ' ')}: {then} then, {later} now")
    if seen.order_count != now.order_count:
        found.append(f"orders: {seen.order_count} then, {now.order_count} now")
    if seen.source_change != now.source_change:
        found.append("the member to be merged got another customer id, or was merged with")
    if seen.target_change != now.target_change:
        found.append("the other member got another customer id, or was merged with")
    return found


def must_be_unchanged(seen: Seen, now: Seen) -> None:
    """Raises: Conflict, which says what changed."""
    changes = changes_since(seen, now)
    if changes:
        raise Conflict(
            f"This is not what was proposed any more ({'; '.join(changes)}). Nothing was changed. "
            "Reject it, look at both members and propose it again."
        )
