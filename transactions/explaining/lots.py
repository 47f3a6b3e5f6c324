"""Pure: the money of a member as lots, each of one origin, followed through every booking.

A lot is so much of one origin (an order, a line brought along, an adjustment …) in one balance.
What an order books takes from its own lots, and adds to them. What moves money for another reason
takes the oldest first and carries the lots along: a redemption pays out the money that was
available longest, and if it comes back, it is as old as before. So the lots of a balance always
add up to it.

See docs/decisions/0102.
"""

from __future__ import annotations

from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from transactions.ledger.chart import AccountKind, GroupKind

Pot = tuple[int, AccountKind]
"""A member's balance: primary key of the member's row, kind."""
_OWN = ("transaction/", "opening/")
"""What the causes of groups begin with that move nothing but their own money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """A group of entries, as far as it touches the balances that are followed."""

    group_id: int
    cause: str
    kind: GroupKind
    at: datetime
    changes: Mapping[Pot, int]
    """Credits less debits, in minor units."""


@dataclass(frozen=True, slots=True, order=True)
class Lot:
    """Some money of one origin. The oldest is the smallest."""

    since: int
    """The group by which it came into its balance by its own cause."""
    origin: str
    """`transaction/812`, `opening/3/line/7`, or the cause of the group that it came by."""
    held_by: str = field(default="", compare=False)
    """`redemption/7`: for which it was taken from what is available; empty while it is."""
    amount_minor: int = field(default=0, compare=False)
    at: datetime | None = field(default=None, compare=False)
    """When that group was posted."""


Wanted = Callable[[Lot], bool]


@dataclass(slots=True)
class Gone:
    """What of an origin was lost to something else than its own cause."""

    expired_minor: int = 0
    corrected_minor: int = 0
    """Taken by an adjustment, or in another order's stead; below 0: others stand in for it."""


@dataclass(frozen=True, slots=True)
class _Loan:
    """A lot that was taken in place of an order's own, which had been spent."""

    pot: Pot
    lot: Lot


def origin_of(cause: str) -> str:
    """What a group's money is of: `transaction/812/revision/3` is of `transaction/812`."""
    parts = cause.split("/")
    if cause.startswith("transaction/"):
        return "/".join(parts[:2])
    if cause.startswith("opening/"):
        return "/".join(parts[:4])
    return cause


def holder_of(cause: str) -> str:
    """For whom money is set aside: `redemption/7/requested` does it for `redemption/7`."""
    return "/".join(cause.split("/")[:2])


class Lots:
    """Balances as lots, after the bookings so far, which come in the order they were booked."""

    def __init__(self) -> None:
        self._pots: defaultdict[Pot, list[Lot]] = defaultdict(list)
        self._loans: defaultdict[str, list[_Loan]] = defaultdict(list)
        self.gone: defaultdict[str, Gone] = defaultdict(Gone)

    def of(self, pot: Pot) -> list[Lot]:
        """The lots of one balance, the oldest first; lots of one origin that are alike as one."""
        first: dict[tuple[str, str], Lot] = {}
        for lot in self._pots.get(pot, ()):
            key = lot.origin, lot.held_by
            amount = first[key].amount_minor if key in first else 0
            first[key] = replace(first.get(key, lot), amount_minor=amount + lot.amount_minor)
        return list(first.values())

    def book(self, booking: Booking) -> None:
        """Raises: ValueError, if a balance has less than is taken: the books are damaged."""
        outs = {pot: -change for pot, change in booking.changes.items() if change < 0}
        ins = {pot: change for pot, change in booking.changes.items() if change > 0}
        if booking.cause.startswith(_OWN):
            self._book_own(booking, outs, ins)
        else:
            self._carry(booking, outs, ins)

    def _book_own(self, booking: Booking, outs: Mapping[Pot, int], ins: Mapping[Pot, int]) -> None:
        origin = origin_of(booking.cause)
        for pot, amount in sorted(outs.items()):
            own = self._take(pot, amount, is_wanted=lambda lot: lot.origin == origin)
            missing = amount - _sum(own)
            for lot in self._take(pot, missing):
                self._loans[origin].append(_Loan(pot, lot))
                self.gone[lot.origin].corrected_minor += lot.amount_minor
                self.gone[origin].corrected_minor -= lot.amount_minor
                missing -= lot.amount_minor
            _must_be_nothing(missing, booking)
        for pot, amount in sorted(ins.items()):
            left = self._give_back(origin, pot, amount)
            self._put(pot, _new(booking, origin, left))

    def _give_back(self, origin: str, pot: Pot, amount: int) -> int:
        """What others lent to `origin` goes back to them first; what is left for itself."""
        loans = self._loans.pop(origin, []) if pot[1] is AccountKind.AVAILABLE else []
        still: list[_Loan] = []
        for loan in loans:
            back = min(amount, loan.lot.amount_minor)
            rest = loan.lot.amount_minor - back
            amount -= back
            self._put(pot, replace(loan.lot, amount_minor=back))
            self.gone[loan.lot.origin].corrected_minor -= back
            self.gone[origin].corrected_minor += back
            if rest:
                still.append(_Loan(loan.pot, replace(loan.lot, amount_minor=rest)))
        if still:
            self._loans[origin] = still
        return amount

    def _carry(self, booking: Booking, outs: Mapping[Pot, int], ins: Mapping[Pot, int]) -> None:
        holder = holder_of(booking.cause)
        taken: dict[Pot, list[Lot]] = {}
        for pot, amount in sorted(outs.items()):
            lots = self._take(pot, amount, is_wanted=lambda lot: lot.held_by == holder)
            lots += self._take(pot, amount - _sum(lots))
            _must_be_nothing(amount - _sum(lots), booking)
            taken[pot] = lots
        is_merge = booking.kind is GroupKind.MERGE
        for pot, amount in sorted(ins.items()):
            missing = amount
            # A merge moves each balance as it is; else there is one that gives
            for giver in [giver for giver in taken if not is_merge or giver[1] is pot[1]]:
                moved, taken[giver] = _split(taken[giver], missing)
                missing -= _sum(moved)
                for lot in moved:
                    is_free = pot[1] is AccountKind.AVAILABLE
                    held_by = lot.held_by if is_merge else "" if is_free else holder
                    self._put(pot, replace(lot, held_by=held_by))
            self._put(pot, _new(booking, booking.cause, missing))
        for lots in taken.values():
            for lot in lots:
                gone = self.gone[lot.origin]
                if booking.kind is GroupKind.EXPIRY:
                    gone.expired_minor += lot.amount_minor
                else:
                    gone.corrected_minor += lot.amount_minor

    def _take(self, pot: Pot, amount: int, *, is_wanted: Wanted | None = None) -> list[Lot]:
        """So much of it, or what there is; the oldest of those that are wanted."""
        taken: list[Lot] = []
        left: list[Lot] = []
        for lot in self._pots[pot]:
            if amount <= 0 or (is_wanted is not None and not is_wanted(lot)):
                left.append(lot)
                continue
            some, rest = _split([lot], amount)
            taken += some
            left += rest
            amount -= _sum(some)
        self._pots[pot] = left
        return taken

    def _put(self, pot: Pot, lot: Lot) -> None:
        if lot.amount_minor:
            insort(self._pots[pot], lot)


def follow(bookings: Iterable[Booking]) -> Lots:
    """The lots after all of these, which are in the order they were booked."""
    lots = Lots()
    for booking in bookings:
        lots.book(booking)
    return lots


def _new(booking: Booking, origin: str, amount: int) -> Lot:
    return Lot(booking.group_id, origin, amount_minor=amount, at=booking.at)


def _sum(lots: Iterable[Lot]) -> int:
    return sum(lot.amount_minor for lot in lots)


def _split(lots: Iterable[Lot], amount: int) -> tuple[list[Lot], list[Lot]]:
    """The first `amount` of these, and the rest."""
    some: list[Lot] = []
    rest: list[Lot] = []
    for lot in lots:
        first = min(amount, lot.amount_minor)
        amount -= first
        if first:
            some.append(replace(lot, amount_minor=first))
        if lot.amount_minor - first:
            rest.append(replace(lot, amount_minor=lot.amount_minor - first))
    return some, rest


def _must_be_nothing(missing: int, booking: Booking) -> None:
    if missing:
        raise ValueError(f"{booking.cause} takes {missing} more than there was")
