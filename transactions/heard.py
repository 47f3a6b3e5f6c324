"""Pure: what an order's terms go by, and what of it was told before the order was final.

Terms are chosen by what Button had said until the final state; what is said later changes them no
more (contract, section 4). Yet words may arrive in any order. So a child remembers which of its
words told what, as far as it can still matter when another arrives late: those told while it was
pending, unless newer ones tell the same fields, and the first that was final.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rewards_site.button.schemas import ButtonStatus
from rewards_site.members.customer_ids import is_customer_id
from transactions.states import HEARD, ChildState, Decision, Facts, Verdict
from transactions.told import Channel, Told

_TIMES = ("purchased_at", "attribution_at", "event_at")
TERMS_FACTS = (*_TIMES, "merchant_id", "pub_ref", "publisher_customer_id")
"""The optional fields that terms are chosen by: the last two say whose click it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One observation of a `tx` id, as far as terms go by it."""

    at: datetime
    """Its `modified_date`."""
    status: ButtonStatus
    channel: Channel
    created_at: datetime
    facts: Mapping[str, Any]

    @property
    def rank(self) -> tuple[datetime, bool, bool, datetime, str]:
        """The newest word is the greatest. Of the same second a final one is newer than a pending
        one, then a row of the API than a webhook, then the later millisecond; the content decides
        where nothing else does.
        """
        second = self.at.replace(microsecond=0)
        is_row = self.channel is Channel.SYNC
        facts = str(sorted(self.facts.items()))
        return second, self.status.is_final, is_row, self.at, facts

    def as_json(self) -> list[Any]:
        facts = {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in sorted(self.facts.items())
        }
        return [
            self.at.isoformat(),
            self.status.value,
            self.channel.value,
            self.created_at.isoformat(),
            facts,
        ]

    @classmethod
    def from_json(cls, stored: list[Any]) -> Word:
        at, status, channel, created_at, facts = stored
        return cls(
            at=datetime.fromisoformat(at),
            status=ButtonStatus(status),
            channel=Channel(channel),
            created_at=datetime.fromisoformat(created_at),
            facts={
                name: datetime.fromisoformat(value) if name in _TIMES else value
                for name, value in facts.items()
            },
        )


def word_of(told: Told) -> Word:
    observation = told.observation
    values = {name: getattr(observation, name) for name in TERMS_FACTS}
    if not is_customer_id(values["publisher_customer_id"]):
        values["publisher_customer_id"] = None  # it names nobody, as in states.py
    return Word(
        at=observation.modified_at,
        status=observation.status,
        channel=told.channel,
        created_at=observation.created_at,
        facts={name: value for name, value in values.items() if value is not None},
    )


def hear(known: ChildState | None, told: Told, decision: Decision) -> Decision:
    """`decision` about what was told of `known`, with what is remembered of it."""
    if known is None or decision.verdict is Verdict.CONTRADICTS:
        return decision
    words, word = _words(known), word_of(told)
    heard = words if word in words else _that_matter([*words, word])
    facts = {name: value for name, value in decision.child.facts.items() if name != HEARD}
    child = replace(decision.child, facts=facts)
    if heard != [_only_word(child)]:
        as_json = [word.as_json() for word in heard]
        child = replace(child, facts={**facts, HEARD: (as_json, heard[-1].at)})
    if child == decision.child:
        return decision
    changes_nothing = decision.verdict in (Verdict.STALE, Verdict.REPEATS)
    verdict = Verdict.CONFIRMS if changes_nothing else decision.verdict
    return replace(decision, verdict=verdict, child=child)


def until(at: datetime | None, children: Collection[ChildState]) -> list[ChildState]:
    """The children as they had been told by the second of `at`, but for their amounts.

    Without a time, all that was told. What was told of a child after its own final state, that
    state again included, is left out.
    """
    return [child for one in children if (child := _until(at, one)) is not None]


def final_at(children: Collection[ChildState], deciding: ChildState) -> datetime | None:
    """When the final state that holds was told for the first time; None while it is pending."""
    if not deciding.status.is_final:
        return None
    is_validated = deciding.status is ButtonStatus.VALIDATED
    firsts = [
        word.at
        for child in (children if is_validated else [deciding])
        for word in _words(child)
        if word.status is deciding.status
    ]
    return min(firsts, default=deciding.modified_at)


def _until(at: datetime | None, child: ChildState) -> ChildState | None:
    words = _words(child)
    if at is not None:
        second = at.replace(microsecond=0)
        words = [word for word in words if word.at.replace(microsecond=0) <= second]
    if not words:
        return None
    facts: Facts = {}
    for word in words:
        facts = {**facts, **{name: (value, word.at) for name, value in word.facts.items()}}
    last = words[-1]
    return replace(
        child,
        status=last.status,
        created_at=min(word.created_at for word in words),
        modified_at=last.at,
        facts=facts,
    )


def _words(child: ChildState) -> list[Word]:
    """What it heard, from the oldest to the newest. One word alone is the child itself."""
    if HEARD not in child.facts:
        return [_only_word(child)]
    return [Word.from_json(stored) for stored in child.facts[HEARD][0]]


def _only_word(child: ChildState) -> Word:
    return Word(
        at=child.modified_at,
        status=child.status,
        channel=child.channel,
        created_at=child.created_at,
        facts={name: child.facts[name][0] for name in TERMS_FACTS if name in child.facts},
    )


def _that_matter(words: Iterable[Word]) -> list[Word]:
    """Without those that change nothing, whatever may arrive; from the oldest to the newest."""
    from_new_to_old = sorted(words, key=lambda word: word.rank, reverse=True)
    finals = [word.at.replace(microsecond=0) for word in from_new_to_old if word.status.is_final]
    first_final = min(finals, default=None)
    kept: list[Word] = []
    for is_final in (True, False):
        told: set[str] = set()
        newer: list[datetime] = []
        for word in from_new_to_old:
            if word.status.is_final is not is_final:
                continue
            if is_final and word.at.replace(microsecond=0) != first_final:
                continue
            if newer and told.issuperset(word.facts) and min(newer) <= word.created_at:
                continue
            kept.append(word)
            told |= word.facts.keys()
            newer.append(word.created_at)
    return sorted(kept, key=lambda word: word.rank)
