"""The history of a transaction as its member reads it: what changed for them, and why, in words.

Only rewards are told. Commission and margin are the publisher's secret: nothing here reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils.translation import gettext as _

from rewards_site.button.schemas import ButtonStatus
from rewards_site.kernel.money import decimal_text
from transactions.statement_rows import RevisionRow


class MemberStatus(StrEnum):
    """A transaction's state in the member's words; Button's `validated` is `available`."""

    PENDING = "pending"
    AVAILABLE = "available"
    DECLINED = "declined"

    @property
    def at_button(self) -> ButtonStatus:
        return _AT_BUTTON[self]

    @classmethod
    def of(cls, status: str, *, is_held: bool = False) -> MemberStatus:
        """A final reward that is held back is pending to them."""
        return cls.PENDING if is_held else _FROM_BUTTON[ButtonStatus(status)]


_AT_BUTTON = {
    MemberStatus.PENDING: ButtonStatus.PENDING,
    MemberStatus.AVAILABLE: ButtonStatus.VALIDATED,
    MemberStatus.DECLINED: ButtonStatus.DECLINED,
}
_FROM_BUTTON = {theirs: ours for ours, theirs in _AT_BUTTON.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryStep:
    """One change that the member saw. Amounts in minor units of the reward's currency."""

    at: datetime
    status: MemberStatus
    reward_minor: int
    change_minor: int
    why: str
    is_held: bool = False
    """The store confirmed it, and the reward waits before it becomes available."""


def history_of(
    revisions: Iterable[RevisionRow], *, member_id: int | None, currency: str
) -> list[HistoryStep]:
    """What `member_id` saw of these revisions (in order of their number), oldest first.

    It begins where the order came to this member for the last time: what it was while it had no
    member, or another, is not theirs to read; whom they were merged with is no other. Nor is what
    was promised in another currency, until the brand or the tap was known. The changes add up to
    the reward.
    """
    steps: list[HistoryStep] = []
    for revision in _own(list(revisions), member_id):
        is_held = revision.is_held
        status = MemberStatus.of(revision.status, is_held=is_held)
        reward = revision.reward_minor
        if not steps:
            why = _first_words(status, reward_minor=reward, is_first_known=revision.number == 1)
            why = _waits() if is_held else why
            change = reward
        else:
            before = steps[-1]
            if (status, reward, is_held) == (before.status, before.reward_minor, before.is_held):
                continue
            why = _words_of_change(
                before, status, reward_minor=reward, currency=currency, is_held=is_held
            )
            change = reward - before.reward_minor
        steps.append(
            HistoryStep(
                at=revision.recorded_at,
                status=status,
                reward_minor=reward,
                change_minor=change,
                why=why,
                is_held=is_held,
            )
        )
    return steps


def _own(revisions: Sequence[RevisionRow], member_id: int | None) -> list[RevisionRow]:
    own: list[RevisionRow] = []
    whose = member_id
    for position in range(len(revisions) - 1, -1, -1):
        revision = revisions[position]
        if revision.member_id != whose or revision.is_in_points != revisions[-1].is_in_points:
            break
        own.append(revision)
        if revision.is_merge and position:
            whose = revisions[position - 1].member_id
    return own[::-1]


def _first_words(status: MemberStatus, *, reward_minor: int, is_first_known: bool) -> str:
    """`is_first_known`: the order was this member's from the first we heard of it."""
    if status is MemberStatus.DECLINED:
        return _("The store cancelled or returned this order; it earned no reward.")
    if is_first_known:
        return (
            _confirmed(reward_minor)
            if status is MemberStatus.AVAILABLE
            else _reported(reward_minor)
        )
    if status is MemberStatus.PENDING:
        return _("Your purchase was matched to you.")
    if reward_minor:
        return _("Your purchase was matched to you; the reward is yours.")
    return _("Your purchase was matched to you. It earned no reward.")


def _words_of_change(
    before: HistoryStep,
    status: MemberStatus,
    *,
    reward_minor: int,
    currency: str,
    is_held: bool,
) -> str:
    match before.status, status:
        case _, MemberStatus.DECLINED:
            words = _taken_back(before.reward_minor)
        case MemberStatus.DECLINED, MemberStatus.PENDING:
            words = _("The store reported this order again; the reward is pending.")
        case MemberStatus.DECLINED, MemberStatus.AVAILABLE:
            words = _confirmed(reward_minor)
        case MemberStatus.PENDING, MemberStatus.PENDING if is_held:
            words = _waits()
            if reward_minor != before.reward_minor:
                words = _(
                    "The store confirmed your purchase with changes: the reward went from "
                    "%(before)s to %(after)s %(currency)s, and becomes available after a "
                    "waiting time."
                )
        case MemberStatus.PENDING, MemberStatus.AVAILABLE if before.is_held:
            words = _("The waiting time is over; the reward is yours.")
        case MemberStatus.PENDING, MemberStatus.PENDING:
            words = _(
                "The store changed your order: "
                "the reward went from %(before)s to %(after)s %(currency)s."
            )
        case MemberStatus.PENDING, MemberStatus.AVAILABLE:
            words = _confirmed(reward_minor)
            if reward_minor not in (0, before.reward_minor):
                words = _(
                    "The store confirmed your purchase with changes: the reward went "
                    "from %(before)s to %(after)s %(currency)s, and is yours."
                )
        case _:  # no rule of today leads here; a member still reads a true sentence
            words = _("Your reward was corrected from %(before)s to %(after)s %(currency)s.")
    return words % {
        "before": decimal_text(before.reward_minor, currency),
        "after": decimal_text(reward_minor, currency),
        "currency": currency,
    }


def _waits() -> str:
    return _(
        "The store confirmed your purchase; the reward becomes available after a waiting time."
    )


def _reported(reward_minor: int) -> str:
    if reward_minor:
        return _("The store reported your purchase.")
    return _("The store reported your purchase. So far it earns no reward.")


def _taken_back(reward_minor: int) -> str:
    if reward_minor:
        return _("The store cancelled or returned this order; the reward was taken back.")
    return _("The store cancelled or returned this order; it earned no reward.")


def _confirmed(reward_minor: int) -> str:
    if reward_minor:
        return _("The store confirmed your purchase; the reward is yours.")
    return _("The store confirmed your purchase. It earned no reward.")
