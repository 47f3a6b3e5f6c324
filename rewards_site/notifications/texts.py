"""Pure: the texts of notices: which there are, what may stand in them, the built-in words.

The built-in words are translated by Django's gettext; ops' own (NoticeText) come before them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_noop as _


class TextKey(StrEnum):
    """A kind of notice; two where one kind of news needs other words."""

    REWARD_PENDING = "reward.pending"
    REWARD_ADJUSTED = "reward.adjusted"
    REWARD_AVAILABLE = "reward.available"
    REWARD_AVAILABLE_CHANGED = "reward.available.changed"
    """Confirmed, and not with what was pending."""
    REWARD_DECLINED = "reward.declined"
    REDEMPTION_REQUESTED = "redemption.requested"
    REDEMPTION_APPROVED = "redemption.approved"
    REDEMPTION_PAID = "redemption.paid"
    REDEMPTION_REJECTED = "redemption.rejected"
    REDEMPTION_CANCELLED = "redemption.cancelled"
    REDEMPTION_FAILED = "redemption.failed"
    CLAIM_OPENED = "claim.opened"
    CLAIM_ANSWERED = "claim.answered"
    BALANCE_ADJUSTED = "balance.adjusted"
    BALANCE_EXPIRING = "balance.expiring"
    BALANCE_EXPIRED = "balance.expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text: the built-in words, and what ops' own must and may hold."""

    title: str
    body: str
    needed: tuple[str, ...]
    """Placeholders without which it would not say what happened; in title or body."""
    optional: tuple[str, ...] = ()
    reason: str = ""
    """What stands for {reason} where none was told; translated, too."""
    when: str
    """For ops: when a member reads it."""

    @property
    def placeholders(self) -> tuple[str, ...]:
        return (*self.needed, *self.optional)


STORE = _("the store")
"""Stands for {store} where its name is not known."""
DESTINATION = _("where you asked")
"""Stands for {destination} where it is not known, or was forgotten."""
METHOD = _("the way you chose")
REASONS: dict[str, str] = {
    "moved": _("The purchase turned out to be another member's."),
}
"""Reasons that rooms tell by a code; any other is a sentence. Both are translated."""

TEXTS: dict[TextKey, Text] = {
    TextKey.REWARD_PENDING: Text(
        title=_("Reward on its way"),
        body=_(
            "Your order at {store} earned you {amount}. It is pending until the store confirms "
            "the order."
        ),
        needed=("amount",),
        optional=("store",),
        when="An order was reported and earned a reward.",
    ),
    TextKey.REWARD_ADJUSTED: Text(
        title=_("Reward changed"),
        body=_("The reward for your order at {store} changed from {before} to {after}. {reason}"),
        needed=("before", "after"),
        optional=("store", "change", "reason"),
        reason=_("The store changed the order."),
        when="The reward of an order changed while it was pending, or after it was confirmed.",
    ),
    TextKey.REWARD_AVAILABLE: Text(
        title=_("Reward available"),
        body=_("Your order at {store} is confirmed: {amount} is yours."),
        needed=("amount",),
        optional=("store", "reason"),
        when="A reward became available, with the amount that was pending.",
    ),
    TextKey.REWARD_AVAILABLE_CHANGED: Text(
        title=_("Reward available"),
        body=_(
            "Your order at {store} is confirmed with changes: {after} is yours. Before, {before} "
            "was expected."
        ),
        needed=("before", "after"),
        optional=("store", "change", "reason"),
        when="A reward became available, with another amount than was pending.",
    ),
    TextKey.REWARD_DECLINED: Text(
        title=_("Reward taken back"),
        body=_("The reward of {amount} for your order at {store} was taken back. {reason}"),
        needed=("amount",),
        optional=("store", "before", "reason"),
        reason=_("The store cancelled the order, or it was returned."),
        when="An order came to nothing, and its reward with it.",
    ),
    TextKey.REDEMPTION_REQUESTED: Text(
        title=_("Payout requested"),
        body=_("You asked for {amount}, to be paid to {destination}. It is held for you."),
        needed=("amount",),
        optional=("method", "destination"),
        when="The member asked for a payout.",
    ),
    TextKey.REDEMPTION_APPROVED: Text(
        title=_("Payout approved"),
        body=_("Your payout of {amount} to {destination} is approved and will be sent."),
        needed=("amount",),
        optional=("method", "destination"),
        when="A payout was approved.",
    ),
    TextKey.REDEMPTION_PAID: Text(
        title=_("Payout sent"),
        body=_("{amount} was paid to {destination}."),
        needed=("amount",),
        optional=("method", "destination"),
        when="A payout was paid.",
    ),
    TextKey.REDEMPTION_REJECTED: Text(
        title=_("Payout refused"),
        body=_("Your payout of {amount} was refused; the money is back in your balance. {reason}"),
        needed=("amount",),
        optional=("method", "destination", "reason"),
        reason=_("Ask us if you want to know why."),
        when="Staff refused a payout.",
    ),
    TextKey.REDEMPTION_CANCELLED: Text(
        title=_("Payout cancelled"),
        body=_("Your payout of {amount} was cancelled; the money is back in your balance."),
        needed=("amount",),
        optional=("method", "destination", "reason"),
        when="A payout was cancelled before it was approved.",
    ),
    TextKey.REDEMPTION_FAILED: Text(
        title=_("Payout did not work"),
        body=_(
            "{amount} could not be paid to {destination}; the money is back in your balance. "
            "{reason}"
        ),
        needed=("amount",),
        optional=("method", "destination", "reason"),
        reason=_("Check where it is to go, then ask again."),
        when="A payout failed, or came back.",
    ),
    TextKey.CLAIM_OPENED: Text(
        title=_("We have your claim"),
        body=_("You miss a reward for an order at {store}. We look into it and tell you here."),
        needed=(),
        optional=("store",),
        when="The member, or support for them, reported a missing reward.",
    ),
    TextKey.CLAIM_ANSWERED: Text(
        title=_("Your claim is answered"),
        body=_("About your missing reward at {store}: {reason}"),
        needed=("reason",),
        optional=("store", "amount"),
        reason=_("see your claims for the answer."),
        when="A claim was answered, by staff or because its order arrived.",
    ),
    TextKey.BALANCE_ADJUSTED: Text(
        title=_("Balance changed"),
        body=_("Your balance changed by {change}. {reason}"),
        needed=("change",),
        optional=("amount", "before", "after", "reason"),
        reason=_("We corrected it."),
        when="A balance was adjusted: a correction, or goodwill.",
    ),
    TextKey.BALANCE_EXPIRING: Text(
        title=_("Your balance expires soon"),
        body=_(
            "{amount} of your balance expires in {days} days, unless you earn or redeem before."
        ),
        needed=("amount", "days"),
        optional=(),
        when="An idle balance is about to expire.",
    ),
    TextKey.BALANCE_EXPIRED: Text(
        title=_("Balance expired"),
        body=_("{amount} of your balance expired. {reason}"),
        needed=("amount",),
        optional=("reason", "days"),
        reason=_("It had not been used for a long time."),
        when="An idle balance expired.",
    ),
}
assert set(TEXTS) == set(TextKey)

EXAMPLES: dict[str, str] = {
    "amount": "4.00 USD",
    "before": "5.00 USD",
    "after": "4.00 USD",
    "change": "-1.00 USD",
    "store": "Northwind",
    "reason": "One item was returned.",
    "method": "PayPal",
    "destination": "a•••@example.com",
    "days": "365",
}
"""What the preview in the admin fills in."""
