"""The one place that asks whether a member, or their orders, are frozen (transactions/freezes)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db.models import F, Q, Sum

from rewards_site.kernel.money import decimal_text
from rewards_site.members.queries import holders
from transactions.freezes import queries as freezes
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account
from transactions.redemptions.batches import carried
from transactions.redemptions.models import Redemption
from transactions.redemptions.states import OPEN, Status

_Pot = tuple[int, str]
"""(member, currency)."""


def spendable_minor(member_id: int, currency: str, available_minor: int, *, at: datetime) -> int:
    """What of the available balance may be redeemed, in minor units."""
    return freezes.spendable_minor(member_id, currency, available_minor, at=at)


def frozen_reasons(member_ids: Collection[int], *, at: datetime) -> dict[int, str]:
    """member → why they redeem nothing at `at`; who may is left out."""
    return freezes.frozen_reasons(member_ids, at=at)


def uncovered(rows: Sequence[Redemption], *, at: datetime) -> dict[int, str]:
    """redemption → why it may not go on: it would take what a frozen order earned.

    Of the open ones among `rows`. What the member has, held for redemptions or not, less what is
    frozen goes to those that a batch carries, to the approved, and to those asked for, in this
    order and the oldest first. One statement while no order is frozen, else at most seven.
    """
    if not rows or not freezes.is_any_order_frozen(at):
        return {}
    people = holders({row.member_id for row in rows})
    frozen = freezes.frozen_minors(set(people.values()), at=at)
    asked = [row for row in rows if row.status in OPEN]
    hit = {
        (people[row.member_id], row.currency)
        for row in asked
        if frozen.get((people[row.member_id], row.currency), 0)
    }
    if not hit:
        return {}
    left = _held_by(hit)
    for pot in hit:
        left[pot] = left.get(pot, 0) - frozen[pot]
    found = {}
    for pot, row in _in_turn(asked, hit, people):
        if row.amount_minor <= left[pot]:
            left[pot] -= row.amount_minor
        else:
            found[row.pk] = (
                f"money of a frozen order: {decimal_text(frozen[pot], row.currency)} "
                f"{row.currency} of what the member has is on hold"
            )
    return {row.pk: found[row.pk] for row in asked if row.pk in found}


def _held_by(pots: Collection[_Pot]) -> dict[_Pot, int]:
    """What is available, and held for redemptions that are open; read at one instant."""
    accounts = Account.objects.filter(
        member__in={member_id for member_id, _currency in pots},
        kind__in=[AccountKind.AVAILABLE, AccountKind.REDEEMING],
    )
    told = accounts.values_list("member_id", "currency")
    minor = Sum(F("credited_minor") - F("debited_minor"))
    return {(pk, currency): total for pk, currency, total in told.annotate(total=minor)}


def _in_turn(
    asked: Sequence[Redemption], pots: Collection[_Pot], people: Mapping[int, int]
) -> list[tuple[_Pot, Redemption]]:
    """Those `asked` for and whatever else of theirs is approved, in the order they are served."""
    member_ids = {member_id for member_id, _currency in pots}
    others = Redemption.objects.filter(
        Q(member__in=member_ids) | Q(member__same_as__in=member_ids), status=Status.APPROVED
    ).exclude(pk__in=[row.pk for row in asked])
    told = [*asked, *others]
    whose = {**people, **holders({row.member_id for row in others})}
    batches = carried([row.pk for row in told])
    told.sort(key=lambda row: (row.pk not in batches, row.status != Status.APPROVED, row.pk))
    found = [((whose[row.member_id], row.currency), row) for row in told]
    return [(pot, row) for pot, row in found if pot in pots]
