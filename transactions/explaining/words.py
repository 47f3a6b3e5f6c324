"""Why a reward stands where it stands, and what can still change it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from transactions.explaining.parts import Where
from transactions.history import MemberStatus
from transactions.releases.choices import ReleaseMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides the words about one order's reward."""

    status: MemberStatus
    """As the member reads it: what is held back is pending."""
    reward_minor: int
    where: Where
    is_held: bool
    release_mode: str
    release_days: int
    idle_days: int | None = None
    """After so many days without a booking balances of the currency expire; None: never."""
    is_frozen: bool = False


def why(standing: Standing) -> str:
    """Where the money stands and why, in one sentence; by the books first, then by the status."""
    where = standing.where
    if standing.status is MemberStatus.DECLINED:
        return _("The store cancelled or returned this order, so it earns no reward.")
    if not standing.reward_minor:
        return _("This order earns no reward.")
    if where.pending:
        if not standing.is_held:
            return _("The store has reported this order and has not confirmed it yet.")
        if standing.release_mode == ReleaseMode.PAID:
            return _("The store confirmed this order; the reward waits until the store has paid.")
        return _("The store confirmed this order; the reward waits for its waiting time to end.")
    if where.redeeming:
        return _("The store confirmed this order; its reward is being paid out to you.")
    if where.available:
        return _("The store confirmed this order; its reward is yours.")
    if where.paid_out:
        return _("The store confirmed this order; its reward was paid out to you.")
    if where.expired:
        return _("The reward expired, as the balance was not used for a long time.")
    return _("The store confirmed this order; its reward has been used up.")


def can_change(standing: Standing) -> list[str]:
    """What may still happen to this reward, each in one sentence; empty where nothing can."""
    return list(_changes(standing))


def _changes(standing: Standing) -> Iterator[str]:
    where = standing.where
    if standing.status is MemberStatus.PENDING and not standing.is_held:
        yield _("A return, a cancellation or a change of the order lowers the reward or ends it.")
        yield _("The store decides whether it confirms the order.")
        if standing.release_mode == ReleaseMode.PAID:
            yield _("Once confirmed, the reward still waits until the store has paid.")
        elif standing.release_mode != ReleaseMode.VALIDATED and standing.release_days:
            yield _("Once confirmed, the reward still waits for %(days)d days.") % {
                "days": standing.release_days
            }
    if where.redeeming:
        yield _("If the payout does not go through, the money is available again.")
    if where.available and standing.is_frozen:
        yield _("Redemptions are on hold for now.")
    if where.available and standing.idle_days is not None:
        yield _("A balance without any change for %(days)d days expires.") % {
            "days": standing.idle_days
        }
    if standing.status is MemberStatus.PENDING and standing.is_held:
        yield _("The amount is final; only the day it becomes available is still open.")


def why_origin(kind: str) -> str:
    """Of money that is of no order."""
    return {
        "opening": _("You brought this balance along from before."),
        "adjustment": _("We added this to your balance."),
    }.get(kind, _("Your balance was corrected by this."))
