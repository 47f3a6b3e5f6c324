"""A change of a balance: proposed by one person, carried out when another approves it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User

from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.approvals.services import propose
from rewards_site.kernel.currencies import UnknownCurrency, exponent_of
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from rewards_site.kernel.money import decimal_text
from rewards_site.members.models import Member
from transactions.adjustments.budgets import budget_at
from transactions.adjustments.models import AdjustmentKind
from transactions.adjustments.services import Wanted, book_adjustment, tell
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account

ADJUST_BALANCE: Final = "adjust_balance"
"""The kind of the proposals to change a balance (rewards_site/approvals)."""
PROPOSES: Final = "adjustments.propose_adjustment"
APPROVES: Final = "adjustments.approve_adjustment"
AMOUNT_MINOR_MAX = 10**12
"""In minor units. Nobody gives more by hand; it is a slip of the keyboard."""


def propose_adjustment(wanted: Wanted, *, actor: User, reason: str, at: datetime) -> Proposal:
    """Ask that a member's available balance be changed; nothing else happens.

    Idempotent: the same asked again by the same person is the proposal that is open. Raises:
    NotFound; InvalidInput; Refused (not theirs to propose; budget; a balance that cannot bear it);
    Conflict (the customer id stands for another member; another proposal about them is open).
    """
    if not actor.has_perm(PROPOSES):
        raise Refused("Changes of a balance are not yours to propose.")
    member = checked_member(wanted, at=at)
    return propose(
        kind=ADJUST_BALANCE,
        subject=f"member/{member.pk}",
        payload=payload_of(wanted),
        summary=summary_of(wanted, member),
        actor=actor,
        reason=reason,
        at=at,
    )


def checked_member(wanted: Wanted, *, at: datetime) -> Member:
    """The member whose balance it is. Raises: as propose_adjustment()."""
    _check(wanted)
    member = Member.objects.filter(pk=wanted.member_id).first()
    if member is None:
        raise NotFound("There is no such member.")
    if member.same_as_id is not None:
        raise Conflict("This customer id stands for another member: go to that one.")
    if objection := objection_now(wanted, at=at):
        raise Refused(f"{objection}.")
    return member


def objection_now(wanted: Wanted, *, at: datetime) -> str:
    """Why it could not be done now, as far as a look without locks tells; else empty."""
    if objection := budget_at(wanted.currency, at).objection(wanted.amount_minor):
        return objection
    has = available_of(wanted.member_id, wanted.currency)
    if has + wanted.amount_minor < 0:
        return (
            f"{wanted.money} cannot be taken: "
            f"{decimal_text(has, wanted.currency)} {wanted.currency} is available"
        )
    return ""


def execute_adjustment(
    payload: Mapping[str, Any],
    *,
    proposed_by: User,
    approved_by: User,
    reason: str,
    at: datetime,
) -> str:
    """Carry out an approved change, in the approving transaction. Raises: as book_adjustment()."""
    wanted = wanted_of(payload)
    booked = book_adjustment(
        wanted,
        proposal=open_proposal(ADJUST_BALANCE, f"member/{wanted.member_id}", by=proposed_by),
        approved_by=approved_by,
        reason=reason,
        at=at,
    )
    tell(booked)
    return f"{wanted.money} {'given' if wanted.amount_minor > 0 else 'taken'} ({booked.row})."


def open_proposal(kind: str, subject: str, *, by: User) -> Proposal:
    """The one that is being approved: locked, and of a kind and a subject only one is open."""
    return Proposal.objects.get(
        kind=kind, subject=subject, status=ProposalStatus.OPEN, proposed_by=by
    )


def is_stale(payload: Mapping[str, Any]) -> str:
    """Why it cannot be carried out any more; what may change back is said when it is tried."""
    wanted = wanted_of(payload)
    if not Member.objects.filter(pk=wanted.member_id).exists():
        return "The member is not there any more. Reject it."
    return ""


def available_of(member_id: int, currency: str) -> int:
    """What a member has to redeem, in minor units."""
    row = Account.objects.filter(
        member=member_id, currency=currency, kind=AccountKind.AVAILABLE
    ).first()
    return row.credited_minor - row.debited_minor if row is not None else 0


def payload_of(wanted: Wanted) -> dict[str, Any]:
    """Ids and integers: a member who is forgotten later is not named here."""
    return {
        "kind": AdjustmentKind(wanted.kind).value,
        "member_id": wanted.member_id,
        "currency": wanted.currency,
        "amount_minor": wanted.amount_minor,
    }


def wanted_of(payload: Mapping[str, Any]) -> Wanted:
    return Wanted(
        kind=AdjustmentKind(payload["kind"]),
        member_id=int(payload["member_id"]),
        currency=str(payload["currency"]),
        amount_minor=int(payload["amount_minor"]),
    )


def summary_of(wanted: Wanted, member: Member) -> str:
    verb, to = ("Give", "to") if wanted.amount_minor > 0 else ("Take", "from")
    return f"{verb} {wanted.money} {to} member {member.public_id} ({wanted.kind.value})"


def _check(wanted: Wanted) -> None:
    fields = {}
    try:
        exponent_of(wanted.currency)
    except UnknownCurrency:
        fields["currency"] = "an ISO 4217 code, or PTS"
    if not 0 < abs(wanted.amount_minor) <= AMOUNT_MINOR_MAX:
        fields["amount"] = "not zero, and no more than anybody gives by hand"
    elif wanted.kind is AdjustmentKind.GOODWILL and wanted.amount_minor < 0:
        fields["amount"] = "goodwill gives; what is taken is a correction"
    if fields:
        raise InvalidInput("A balance cannot be changed so.", fields=fields)
