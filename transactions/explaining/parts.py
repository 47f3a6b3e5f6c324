"""explain(): of what a member's balances consist, to the cent; now, or as of an instant."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby

from django.utils.translation import gettext as _

from rewards_site.kernel.errors import Conflict
from rewards_site.members.models import Member
from rewards_site.members.queries import rows_of
from transactions.explaining.lots import Booking, Gone, Lot, follow
from transactions.ledger.chart import AccountKind, GroupKind
from transactions.ledger.models import Entry

log = logging.getLogger(__name__)

KINDS = (
    AccountKind.PENDING,
    AccountKind.AVAILABLE,
    AccountKind.REDEEMING,
    AccountKind.PAID_OUT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where the money of one origin is, in minor units; the six add up to what it brought."""

    pending: int = 0
    available: int = 0
    redeeming: int = 0
    paid_out: int = 0
    expired: int = 0
    corrected: int = 0
    """Taken by an adjustment, or in another order's stead; below 0: others stand in for it."""

    @property
    def total(self) -> int:
        return (
            self.pending
            + self.available
            + self.redeeming
            + self.paid_out
            + self.expired
            + self.corrected
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A member's money in one currency, by balance; each balance's parts, the oldest first."""

    member_id: int
    currency: str
    as_of: datetime | None
    parts: dict[AccountKind, list[Lot]] = field(default_factory=dict)
    gone: dict[str, Gone] = field(default_factory=dict)

    def total(self, kind: AccountKind) -> int:
        return sum(part.amount_minor for part in self.parts[kind])

    @property
    def origins(self) -> set[str]:
        """Everything that has some money in a balance."""
        return {part.origin for parts in self.parts.values() for part in parts}

    def where(self, origin: str) -> Where:
        sums = {
            kind.value: sum(part.amount_minor for part in parts if part.origin == origin)
            for kind, parts in self.parts.items()
        }
        gone = self.gone.get(origin, Gone())
        return Where(**sums, expired=gone.expired_minor, corrected=gone.corrected_minor)

    def held_by(self, holder: str) -> list[Lot]:
        """Of what the money of one redemption consists (`redemption/7`), once set aside."""
        return [
            part
            for kind in (AccountKind.REDEEMING, AccountKind.PAID_OUT)
            for part in self.parts[kind]
            if part.held_by == holder
        ]


def explain(member_id: int, currency: str, *, as_of: datetime | None = None) -> Explanation:
    """Of what the balances of this row's member consist: three statements, whatever there is.

    `as_of` includes what was posted at or before it, and tells of this very row, as it stood before
    any later merge. Raises: Conflict, where the books are damaged (verify_ledger says how).
    """
    row = Member.objects.only("pk", "same_as").get(pk=member_id)
    family = rows_of(int(row.same_as_id or row.pk))
    try:
        lots = follow(_bookings(family, currency, as_of))
    except ValueError as error:
        log.error("explaining.damaged", extra={"member": member_id, "reason": str(error)})  # noqa: TRY400  # no trace
        raise Conflict(_("This balance is being checked. Ask again later.")) from error
    return Explanation(
        member_id=member_id,
        currency=currency,
        as_of=as_of,
        parts={kind: lots.of((member_id, kind)) for kind in KINDS},
        gone=dict(lots.gone),
    )


def _bookings(
    member_ids: Sequence[int], currency: str, as_of: datetime | None
) -> Iterator[Booking]:
    """What was booked for these, in order: groups have their keys under the accounts' locks."""
    entries = Entry.objects.filter(account__member__in=member_ids, account__currency=currency)
    if as_of is not None:
        entries = entries.filter(group__posted_at__lte=as_of)
    rows = entries.order_by("group_id").values_list(
        *("group_id", "group__cause", "group__kind", "group__posted_at"),
        *("account__member_id", "account__kind", "credit_minor", "debit_minor"),
    )
    for (group_id, cause, kind, at), entries_of in groupby(rows, key=lambda row: row[:4]):
        yield Booking(
            group_id=group_id,
            cause=cause,
            kind=GroupKind(kind),
            at=at,
            changes={
                (member_id, AccountKind(account)): credit - debit
                for *_group, member_id, account, credit, debit in entries_of
            },
        )
