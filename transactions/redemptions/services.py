"""What becomes of redemptions: approved, paid, rejected, cancelled, failed. The only writer of it.

`request_redemption()` stands in requesting.py.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from rewards_site.kernel import rows
from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.db import atomic, in_transaction, retry_deadlocks
from rewards_site.kernel.errors import Conflict, NotFound
from rewards_site.members.queries import held_members, holder_id
from transactions.redemptions.batches import carried
from transactions.redemptions.brakes import frozen_reasons, uncovered
from transactions.redemptions.models import Redemption, RedemptionStep
from transactions.redemptions.queries import limits_in_force
from transactions.redemptions.recording import Step, record
from transactions.redemptions.states import Cause, Status, Verdict, decide

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One redemption, to be brought into another state."""

    redemption_id: int
    to: Status
    reason: str = ""
    """For us. At most 500 characters."""
    told: str = ""
    """Why, in words for the member; nothing that names a person. At most 200 characters."""
    reference: str = ""
    """The provider's. With who acts it makes a repeat known: at most 255 characters."""
    approver_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What came of one move."""

    redemption_id: int
    status: Status | None
    """As it is now; None: there is no such redemption."""
    is_new: bool = False
    """False: it was so already, by the same cause; or it was refused."""
    refusal: str = ""
    """Why it was not moved, in a sentence; then nothing of it was written."""
    at: datetime | None = None
    """When it was recorded, if it is new."""


Objections = Callable[[Collection[int]], Mapping[int, str]]


def move_redemptions(
    moves: Sequence[Move], *, actor_id: int | None, at: datetime
) -> dict[int, Moved]:
    """Move any number of redemptions, one move each, in a fixed number of statements.

    In the caller's transaction, called last and once. Locks: members held, redemptions by pk, then
    what record() locks. Idempotent: one that is in its state already, brought there by the same
    actor with the same reference, is no refusal, and nothing is written. Each is refused alone.
    """
    return _move(moves, actor_id=actor_id, at=at, objections=lambda _ids: {})


def reject_redemption(
    *, redemption_id: int, actor_id: int, reason: str, told: str = "", at: datetime
) -> Moved:
    """The money goes back to what is available. Idempotent. Raises: NotFound, Conflict."""
    move = Move(redemption_id=redemption_id, to=Status.REJECTED, reason=reason, told=told)
    return _one(move, actor_id=actor_id, at=at)


def cancel_redemption(*, redemption_id: int, reference: str = "", at: datetime) -> Moved:
    """By its member, while it is requested; cancelled already is no refusal.

    Raises: NotFound, Conflict.
    """
    move = Move(redemption_id=redemption_id, to=Status.CANCELLED, reference=reference)
    moved = _by_hand([move], actor_id=None, at=at)[redemption_id]
    return moved if moved.status is Status.CANCELLED else _taken(moved)


def pay_redemptions(
    *, references: Mapping[int, str], actor_id: int, reason: str, at: datetime
) -> dict[int, Moved]:
    """A person says that these were paid. redemption → reference, such as the bank's.

    One that a payout batch carries is refused: the batch says what became of it.
    """
    moves = [
        Move(redemption_id=pk, to=Status.PAID, reason=reason, reference=reference)
        for pk, reference in references.items()
    ]
    return _by_hand(moves, actor_id=actor_id, at=at)


def fail_redemptions(
    *, references: Mapping[int, str], actor_id: int, reason: str, told: str = "", at: datetime
) -> dict[int, Moved]:
    """A person says that these could not be paid, or came back. As pay_redemptions()."""
    moves = [
        Move(redemption_id=pk, to=Status.FAILED, reason=reason, told=told, reference=reference)
        for pk, reference in references.items()
    ]
    return _by_hand(moves, actor_id=actor_id, at=at)


def approve_alone(*, redemption_id: int, actor_id: int, reason: str, at: datetime) -> Moved:
    """By one person; above the second-person limit it is refused (approving.py proposes it)."""
    move = Move(redemption_id=redemption_id, to=Status.APPROVED, reason=reason)
    return _one(move, actor_id=actor_id, at=at)


def _one(move: Move, *, actor_id: int, at: datetime) -> Moved:
    return _taken(_by_hand([move], actor_id=actor_id, at=at)[move.redemption_id])


def _taken(moved: Moved) -> Moved:
    if moved.status is None:
        raise NotFound("There is no such redemption.")
    if moved.refusal:
        raise Conflict(moved.refusal)
    return moved


def _by_hand(moves: Sequence[Move], *, actor_id: int | None, at: datetime) -> dict[int, Moved]:
    """A whole commit; what a payout batch is about to pay is not moved past it."""

    def objections(redemption_ids: Collection[int]) -> dict[int, str]:
        return {
            pk: f"Payout batch {batch} carries it: what became of it is said there."
            for pk, batch in carried(redemption_ids).items()
        }

    def work() -> dict[int, Moved]:
        with atomic():
            return _move(moves, actor_id=actor_id, at=at, objections=objections)

    done = retry_deadlocks(work)
    for pk, moved in done.items():
        if moved.is_new:
            log.info("redemption.moved", extra={"redemption": pk, "status": moved.status})
    return done


def _move(
    moves: Sequence[Move], *, actor_id: int | None, at: datetime, objections: Objections
) -> dict[int, Moved]:
    assert in_transaction()
    wanted = {move.redemption_id: move for move in moves}
    assert len(wanted) == len(moves), "one move a redemption"
    locked, holders = _locked(wanted)
    last = _last_steps(locked.values())
    objected = objections(locked.keys())
    brakes = _Brakes([locked[pk] for pk in locked if wanted[pk].to is Status.APPROVED], holders, at)
    done: dict[int, Moved] = {}
    steps: list[Step] = []
    for pk, move in wanted.items():
        row = locked.get(pk)
        if row is None:
            done[pk] = Moved(redemption_id=pk, status=None, refusal="There is no such redemption.")
            continue
        now = Status(row.status)
        cause_of_now = Cause(last[pk].actor_id, last[pk].reference)
        verdict = decide(
            now, move.to, cause=Cause(actor_id, move.reference), cause_of_now=cause_of_now
        )
        refusal = ""
        if verdict is Verdict.IMPOSSIBLE:
            refusal = f"It is {now}: it cannot become {move.to}."
        elif verdict is Verdict.APPLIES:
            refusal = objected.get(pk, "") or brakes.objection(row, move)
        if refusal or verdict is Verdict.ALREADY:
            done[pk] = Moved(redemption_id=pk, status=now, refusal=refusal)
            continue
        steps.append(_step(row, move, holder_id=holders[row.member_id], actor_id=actor_id))
    if steps:
        done |= _record(steps, after=max(last[step.row.pk].at for step in steps))
    return done


def _record(steps: Sequence[Step], *, after: datetime) -> dict[int, Moved]:
    recorded = record(steps, after=after)
    done = {}
    for step in steps:
        pk = step.row.pk
        refusal = recorded.refused.get(pk, "")
        done[pk] = (
            Moved(redemption_id=pk, status=step.before, refusal=refusal)
            if refusal
            else Moved(redemption_id=pk, status=step.to, is_new=True, at=recorded.at)
        )
    return done


def _step(row: Redemption, move: Move, *, holder_id: int, actor_id: int | None) -> Step:
    return Step(
        row=row,
        before=Status(row.status),
        to=move.to,
        holder_id=holder_id,
        actor_id=actor_id,
        approver_id=move.approver_id,
        reason=move.reason,
        told=move.told,
        reference=move.reference,
    )


def _locked(wanted: Collection[int]) -> tuple[dict[int, Redemption], dict[int, int]]:
    """The rows, locked; and whom each member who asked stands for, held until the commit."""
    seen = rows.find(Redemption, {"id": wanted})
    holders = hold_holders({row.member_id for row in seen})
    locked = rows.find(Redemption, {"id": [row.pk for row in seen]}, is_locked=True)
    return {row.pk: row for row in locked}, holders


def hold_holders(member_ids: Collection[int]) -> dict[int, int]:
    """member → whom it stands for; all of them are held, so that nobody is merged meanwhile."""
    held = dict(held_members(member_ids)) if member_ids else {}
    while missing := {holder_id(row) for row in held.values()} - held.keys():
        held |= held_members(missing)
    found = {}
    for pk in member_ids:
        holder = pk
        while holder_id(held[holder]) != holder:
            holder = holder_id(held[holder])
        found[pk] = holder
    return found


def _last_steps(found: Collection[Redemption]) -> dict[int, RedemptionStep]:
    counts = {row.pk: row.step_count for row in found}
    steps = rows.find(RedemptionStep, {"redemption_id": list(counts)}) if counts else []
    return {step.redemption_id: step for step in steps if step.number == counts[step.redemption_id]}


class _Brakes:
    """What speaks against an approval, asked once for all that are to be approved."""

    def __init__(
        self, found: Sequence[Redemption], holders: Mapping[int, int], at: datetime
    ) -> None:
        self.at = at
        self.holders = holders
        self.limits = limits_in_force({row.currency for row in found}) if found else {}
        people = {holders[row.member_id] for row in found}
        self.frozen = frozen_reasons(people, at=at) if people else {}
        self.uncovered = uncovered(found, at=at)

    def objection(self, row: Redemption, move: Move) -> str:
        if move.to is not Status.APPROVED:
            return ""
        if row.held_until is not None and row.held_until > self.at:
            return (
                f"Its destination is new: it can be approved from {wire_text(row.held_until)} on."
            )
        frozen = self.frozen.get(self.holders[row.member_id])
        if frozen is not None:
            return f"The member is frozen: {frozen}"
        if row.pk in self.uncovered:
            return f"It would take {self.uncovered[row.pk]}."
        limit = self.limits[row.currency].second_person_minor
        if limit is not None and row.amount_minor > limit and move.approver_id is None:
            return "It is above the limit of one person: propose it, and a second one approves."
        return ""
