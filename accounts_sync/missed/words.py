"""What counts as one change of a transaction, and which change a webhook tells.

A change is a `tx` id told with a state, or an amount, that its newest word before did not have. It
is known by its word: the second of `modified_date`, and the state.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from accounts_sync.inbox.envelope import Event, read_envelope
from rewards_site.button.reading import Unreadable, read_transaction


@dataclass(frozen=True, slots=True, order=True)
class Word:
    """Button's `modified_date` to the second, and the state told."""

    at: datetime
    status: str


@dataclass(slots=True)
class Heard:
    """What one `tx` id was told to be so far: word → amount, in minor units."""

    words: dict[Word, int] = field(default_factory=dict)

    def is_change(self, word: Word, amount_minor: int) -> bool:
        """Whether it says something new; it is remembered either way."""
        if word in self.words:
            return False
        older = [known for known in self.words if known.at <= word.at]
        latest = max(older, default=None)
        self.words[word] = amount_minor
        return latest is None or (latest.status, self.words[latest]) != (word.status, amount_minor)


def whole_second(at: datetime) -> datetime:
    return at.replace(microsecond=0)


def stored_word(observation: Mapping[str, object]) -> tuple[Word, int]:
    """Of a revision's observation: its word, and the amount that it told."""
    at = datetime.fromisoformat(str(observation["modified_at"]))
    amount = observation.get("amount_minor")
    word = Word(whole_second(at), str(observation["status"]))
    return word, amount if isinstance(amount, int) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A webhook that came, as far as it tells which change it was of."""

    status: str
    modified_at: datetime | None
    """To the second; None where the body cannot be read (any more): then of any such state."""
    received_at: datetime

    def tells(self, word: Word) -> bool:
        return self.status == word.status and self.modified_at in (None, word.at)


def arrival(*, event_type: str, body: bytes, received_at: datetime) -> Arrived:
    """What a stored event told; never raises. An empty body was archived."""
    status = event_type.removeprefix("tx-")
    modified_at = None
    envelope = read_envelope(body) if body else None
    if isinstance(envelope, Event):
        try:
            observation = read_transaction(envelope.data)
        except Unreadable:
            pass
        else:
            status, modified_at = observation.status.value, whole_second(observation.modified_at)
    return Arrived(status=status, modified_at=modified_at, received_at=received_at)


def first_arrival(arrivals: Iterable[Arrived], word: Word) -> datetime | None:
    """When the first webhook of this change came; None: none has."""
    return min((one.received_at for one in arrivals if one.tells(word)), default=None)
