"""Pure: what a provider of payouts is asked, and what it can answer.

A provider takes a batch whole, under an id of ours. Its adapter translates, by a closed table, and
decides nothing: what is not in the table is «unknown», and is looked at by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from transactions.payouts.states import Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """One item to be paid. `item_id` is ours, and stays the same however often it is sent."""

    item_id: str
    amount_minor: int
    currency: str
    destination: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A batch, word for word the same each time."""

    batch_id: str
    provider_batch_id: str
    """Empty: the provider never told it."""
    payments: tuple[Payment, ...]


class Reply(StrEnum):
    ACCEPTED = "accepted"
    """It has the batch."""
    REFUSED = "refused"
    """This call gave it nothing, and never will."""
    UNTOUCHED = "untouched"
    """This call gave it nothing: it did not arrive, or was turned away at the door."""
    UNKNOWN = "unknown"
    """It may have the batch, and may not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What it says of one item."""

    item_id: str
    outcome: Outcome
    word: str
    """Its own: `UNCLAIMED`."""
    reference: str = ""
    """Its id of the payment."""
    reason: str = ""
    evidence: str = ""
    """As it came, without the destination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    reply: Reply
    why: str = ""
    """In a sentence, without destinations or secrets."""
    provider_batch_id: str = ""
    told: tuple[Told, ...] = ()
    evidence: str = ""


class Provider(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def label(self) -> str: ...

    @property
    def is_by_hand(self) -> bool:
        """People carry a file to it, and its answer back."""

    @property
    def items_max(self) -> int:
        """Of one batch."""

    @property
    def remembers_for(self) -> timedelta:
        """How long it refuses a batch of the same id; after that it would pay again."""

    def pays(self, method: str) -> bool: ...

    def objection(self, amount_minor: int, currency: str) -> str:
        """Why it cannot pay this; empty where it can."""

    def send(self, order: Order) -> Answer:
        """Give it the batch, for the first time."""

    def ask(self, order: Order) -> Answer:
        """What became of the batch; no payment of it is made a second time by asking."""
