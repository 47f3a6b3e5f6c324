"""What ops look at before they approve: who asks, since when, and what speaks against it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Min

from rewards_site.members.models import Member
from rewards_site.members.queries import holders
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account
from transactions.redemptions.brakes import frozen_reasons, uncovered
from transactions.redemptions.models import Redemption
from transactions.redemptions.queries import limits_in_force
from transactions.redemptions.states import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of one redemption, as it is now. Minor units of its currency."""

    member_days: int
    """How long we have known the member."""
    earned_minor: int
    is_first: bool
    """They never asked for money before."""
    other_members: int
    """How many others named the same destination."""
    against: tuple[str, ...]
    """Why it cannot, or should not, be approved now; each in words."""


def evidence_of(rows: Sequence[Redemption], *, at: datetime) -> dict[int, Evidence]:
    """In a fixed number of statements, however many rows there are."""
    people = holders({row.member_id for row in rows})
    known = dict(Member.objects.filter(pk__in=people.values()).values_list("pk", "created_at"))
    earned = _earned(set(people.values()))
    first = _first_of(set(people.values()))
    sharing = _sharing(rows)
    frozen = frozen_reasons(set(people.values()), at=at) if people else {}
    on_hold = uncovered(rows, at=at)
    limits = limits_in_force({row.currency for row in rows})
    found = {}
    for row in rows:
        holder = people[row.member_id]
        mine = {person for person, stands_for in people.items() if stands_for == holder}
        others = len(sharing.get(row.destination_digest, set()) - mine - {holder})
        is_first = first.get(holder, row.pk) == row.pk
        limit = limits[row.currency].second_person_minor
        against = []
        if row.status == Status.REQUESTED:
            if row.held_until is not None and row.held_until > at:
                against.append(f"new destination: held until {row.held_until:%Y-%m-%d %H:%M} UTC")
            if holder in frozen:
                against.append(f"frozen: {frozen[holder]}")
            if limit is not None and row.amount_minor > limit:
                against.append("needs a second person")
        if row.pk in on_hold:
            against.append(on_hold[row.pk])
        if others:
            against.append(f"destination of {others} other member{'' if others == 1 else 's'}")
        found[row.pk] = Evidence(
            member_days=max(0, (at - known[holder]).days),
            earned_minor=earned.get((holder, row.currency), 0),
            is_first=is_first,
            other_members=others,
            against=tuple(against),
        )
    return found


def _earned(member_ids: set[int]) -> Mapping[tuple[int, str], int]:
    rows = Account.objects.filter(member__in=member_ids, kind=AccountKind.AVAILABLE)
    told = rows.values_list("member_id", "currency", "earned_minor")
    return {(member_id, currency): minor for member_id, currency, minor in told}


def _first_of(member_ids: set[int]) -> dict[int, int]:
    """member → the first redemption under any of their customer ids."""
    found: dict[int, int] = {}
    ids = dict.fromkeys(member_ids, 0) | dict(
        Member.objects.filter(same_as__in=member_ids).values_list("pk", "same_as")
    )
    rows = Redemption.objects.filter(member__in=ids).values_list("member")
    for member_id, first in rows.annotate(first=Min("pk")):
        holder = ids[member_id] or member_id
        found[holder] = min(first, found.get(holder, first))
    return found


def _sharing(rows: Sequence[Redemption]) -> Mapping[str, set[int]]:
    """Keyed hash of a destination → the members who named it."""
    digests = {row.destination_digest for row in rows} - {""}
    found: defaultdict[str, set[int]] = defaultdict(set)
    named = Redemption.objects.filter(destination_digest__in=digests)
    told = list(named.values_list("destination_digest", "member").distinct())
    people = holders({member_id for _digest, member_id in told})
    for digest, member_id in told:
        found[digest].add(people[member_id])
    return found
