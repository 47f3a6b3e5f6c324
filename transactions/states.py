"""Pure: one child and one observation of it → what becomes of the observation.

Times of `modified_date` are compared by whole second: Button tells the same instant with
milliseconds in a webhook and without in the API. The result does not depend on the order in which
observations arrive, unless Button contradicts itself about a final state.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from rewards_site.button.schemas import ButtonStatus, TransactionObservation
from rewards_site.members.customer_ids import is_customer_id
from transactions.told import Channel, Told

Facts = Mapping[str, tuple[Any, datetime]]
"""Optional field → (its newest value, the `modified_date` it was told with).

Under HEARD stands what was told when, where that is more than one word (heard.py).
"""
HEARD = "heard"

FACTS = (
    "category",
    "button_order_id",
    "publisher_customer_id",
    "pub_ref",
    "btn_ref",
    "merchant_id",
    "order_total_minor",
    "order_currency",
    "lines",
    "purchased_at",
    "attribution_at",
    "event_at",
    "validated_at",
    "order_reference",
    "country",
    "channel",
)
"""Optional fields: null never overwrites a value, a value replaces null, a newer value an older."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildState:
    """One `tx` id as last told. `amount_minor` is a commission in minor units."""

    tx_id: str
    status: ButtonStatus
    amount_minor: int
    created_at: datetime
    modified_at: datetime
    channel: Channel
    read_at: datetime
    facts: Facts = field(default_factory=dict)


class Verdict(StrEnum):
    APPLIES = "applies"
    """The newest word: its state and amount hold from now on."""
    FILLS = "fills"
    """Older, but it tells something that was not known."""
    CONFIRMS = "confirms"
    """Nothing new by itself, but kept: it settles what may yet arrive late."""
    REPEATS = "repeats"
    """Already so."""
    STALE = "stale"
    """Older than what is known."""
    CONTRADICTS = "contradicts"
    """Against a final state: for people to look at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do with an observation, and the child as it is afterwards."""

    verdict: Verdict
    child: ChildState
    reason: str = ""
    flags: tuple[str, ...] = ()


def decide(child: ChildState | None, told: Told) -> Decision:
    """Judge one observation of one `tx` id against what is known of it."""
    observation = told.observation
    if child is None:
        return Decision(verdict=Verdict.APPLIES, child=_adopted(None, told))
    age = _compare_seconds(observation.modified_at, child.modified_at)
    if age < 0:
        return _older(child, told, reason="older than what is known", is_tie=False)
    if child.status.is_final:
        return _after_final(child, told, is_newer=age > 0)
    if age > 0 or observation.status.is_final:
        return Decision(verdict=Verdict.APPLIES, child=_adopted(child, told))
    return _tie(child, told)


def _after_final(child: ChildState, told: Told, *, is_newer: bool) -> Decision:
    observation = told.observation
    if observation.status is ButtonStatus.PENDING and not is_newer:
        reason = "the final state of the same second holds"
        return _older(child, told, reason=reason, is_tie=True)
    if observation.status is not child.status:
        return Decision(
            verdict=Verdict.CONTRADICTS,
            child=child,
            reason=f"told as {observation.status} after it was {child.status}, which is final",
        )
    if observation.amount_minor != child.amount_minor:
        return Decision(
            verdict=Verdict.CONTRADICTS,
            child=child,
            reason=f"another amount ({observation.amount_minor}) after it was "
            f"{child.status} with {child.amount_minor}, which is final",
        )
    return _same_again(child, told, is_newer=is_newer)


def _tie(child: ChildState, told: Told) -> Decision:
    """Two pending observations of the same second."""
    observation = told.observation
    if child.amount_minor == observation.amount_minor:
        return _same_again(child, told, is_newer=False)
    wins, is_flagged = _wins_tie(child, told)
    flags = (
        (
            "two amounts at the same instant "
            f"({min(child.amount_minor, observation.amount_minor)} and "
            f"{max(child.amount_minor, observation.amount_minor)}): the smaller was taken",
        )
        if is_flagged
        else ()
    )
    if wins:
        return Decision(verdict=Verdict.APPLIES, child=_adopted(child, told), flags=flags)
    reason = "another amount of the same second holds"
    return replace(_older(child, told, reason=reason, is_tie=True), flags=flags)


def _wins_tie(child: ChildState, told: Told) -> tuple[bool, bool]:
    """Whether the observation wins a tie of different amounts, and whether that needs a flag."""
    if told.channel is not child.channel:
        return told.channel is Channel.SYNC, False
    if told.channel is Channel.SYNC and told.read_at != child.read_at:
        return told.read_at > child.read_at, False
    if told.observation.modified_at != child.modified_at:
        return told.observation.modified_at > child.modified_at, False
    return told.observation.amount_minor < child.amount_minor, True


def _same_again(child: ChildState, told: Told, *, is_newer: bool) -> Decision:
    """The state and amount that are known, told again at the same second or later."""
    if is_newer or _is_stronger(child, told):
        again = _adopted(child, told)
    else:
        facts = _filled(child.facts, told.observation, is_tie=True)
        again = replace(child, facts=facts, created_at=_earliest(child, told))
    if _values(again.facts) != _values(child.facts):
        return Decision(verdict=Verdict.FILLS, child=again)
    if replace(again, read_at=child.read_at) != child:
        return Decision(verdict=Verdict.CONFIRMS, child=again, reason="already so")
    return Decision(verdict=Verdict.REPEATS, child=child, reason="already so")


def _is_stronger(child: ChildState, told: Told) -> bool:
    """Whether the same word would win more ties if it were remembered in the known one's place."""
    if told.channel is not child.channel:
        return told.channel is Channel.SYNC
    return told.observation.modified_at > child.modified_at


def _older(child: ChildState, told: Told, *, reason: str, is_tie: bool) -> Decision:
    """An observation that does not hold, but may tell what was not known."""
    filled = replace(
        child,
        facts=_filled(child.facts, told.observation, is_tie=is_tie),
        created_at=_earliest(child, told),
    )
    if _values(filled.facts) != _values(child.facts) or filled.created_at != child.created_at:
        return Decision(verdict=Verdict.FILLS, child=filled, reason=reason)
    if filled != child:
        return Decision(verdict=Verdict.CONFIRMS, child=filled, reason=reason)
    return Decision(verdict=Verdict.STALE, child=child, reason=reason)


def _adopted(child: ChildState | None, told: Told) -> ChildState:
    observation = told.observation
    return ChildState(
        tx_id=observation.tx_id,
        status=observation.status,
        amount_minor=observation.amount_minor,
        created_at=_earliest(child, told),
        modified_at=observation.modified_at,
        channel=told.channel,
        read_at=told.read_at,
        facts=_newest(child.facts if child else {}, observation),
    )


def _earliest(child: ChildState | None, told: Told) -> datetime:
    """Where Button tells no `created_date`, `modified_date` stands for it, which is later."""
    created_at = told.observation.created_at
    return min(child.created_at, created_at) if child else created_at


def _newest(facts: Facts, observation: TransactionObservation) -> Facts:
    """`facts` with every value of an observation that is the newest word."""
    return {**facts, **_told_facts(observation)}


def _filled(facts: Facts, observation: TransactionObservation, *, is_tie: bool) -> Facts:
    """`facts` with what an observation that does not hold tells beyond them.

    Of an older one a value counts if it is newer than the one known; of one that lost a tie only
    if the one known is of an earlier second. The same value counts, too: it was said later, and no
    value of in between may take its place.
    """
    news = {
        name: (value, at)
        for name, (value, at) in _told_facts(observation).items()
        if name not in facts
        or (_compare_seconds(facts[name][1], at) < 0 if is_tie else facts[name][1] < at)
    }
    return {**facts, **news} if news else facts


def _told_facts(observation: TransactionObservation) -> dict[str, tuple[Any, datetime]]:
    values = {name: getattr(observation, name) for name in FACTS}
    if not is_customer_id(values["publisher_customer_id"]):
        values["publisher_customer_id"] = None  # it names nobody, and hides nobody
    return {
        name: (value, observation.modified_at)
        for name, value in values.items()
        if value is not None
    }


def _values(facts: Facts) -> dict[str, Any]:
    return {name: value for name, (value, _) in facts.items()}


def is_older(one: datetime, other: datetime) -> bool:
    """Whether `one` is of an earlier whole second than `other`."""
    return _compare_seconds(one, other) < 0


def _compare_seconds(one: datetime, other: datetime) -> int:
    first, second = one.replace(microsecond=0), other.replace(microsecond=0)
    return (first > second) - (first < second)
