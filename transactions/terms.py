"""Pure: which terms an order is rewarded by.

Before the publisher's go-live an order may earn nothing at all. Then the account's share mode
decides; where it shares, the terms frozen with the click that the order names, else the rule that
was in force when it was bought, else the default share (contract, section 4, Reward).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from offers.rules.match import Rule, terms_in_force
from offers.rules.reward import Terms
from transactions.clicked import Clicked


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsFacts:
    """What an order's terms are chosen by: what is known of it, or was when it became final."""

    purchased_at: datetime
    merchant_id: str | None
    click: Clicked | None = None
    """Of the member it is credited to, at that merchant, and before the purchase."""
    kept: Kept | None = None
    """The terms of an order that is final; None while it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Terms that an order has, and what they were chosen by."""

    terms: Terms
    facts: TermsFacts


ChooseTerms = Callable[[TermsFacts], Terms]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsPolicy:
    """What decides about terms beside the order itself: its Button account and the settings."""

    share_mode: str
    """A ShareMode value."""
    default_share_bps: int
    rules: Callable[[], Sequence[Rule]] = tuple
    """Every version of a reward rule that was ever published; asked for only where one may hold."""
    go_live_at: datetime | None = None
    has_rewards_before_go_live: bool = True


def choose_terms(facts: TermsFacts, *, policy: TermsPolicy) -> Terms:
    """The terms of an order that is first seen, or becomes better known, now.

    A final order keeps those it has if what is better known makes no difference: what was set
    anew since is none of its business.
    """
    fresh = _in_force(facts, policy=policy)
    kept = facts.kept
    if kept is not None and _in_force(kept.facts, policy=policy) == fresh:
        return kept.terms
    return fresh


def _in_force(facts: TermsFacts, *, policy: TermsPolicy) -> Terms:
    is_early = is_before(policy.go_live_at, facts.purchased_at)
    if is_early and not policy.has_rewards_before_go_live:
        return Terms(share_bps=0, source="before go-live: no reward")
    match policy.share_mode:
        case "member":
            return Terms(share_bps=10_000, source="account: all to the member")
        case "publisher":
            return Terms(share_bps=0, source="account: no reward")
    if facts.click is not None:
        return facts.click.terms
    return terms_in_force(
        policy.rules(),
        merchant_id=facts.merchant_id,
        at=facts.purchased_at,
        default=Terms(share_bps=policy.default_share_bps, source="default share"),
    )


def is_before(go_live_at: datetime | None, purchased_at: datetime) -> bool:
    """Whether an order was bought before go-live; never, where there is no such time."""
    return go_live_at is not None and purchased_at < go_live_at
