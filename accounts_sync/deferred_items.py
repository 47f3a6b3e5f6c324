"""What is deferred, whichever way it came: a webhook event, or a row of the Transactions API."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar, cast

from django.db.models import Model, OuterRef, Q, QuerySet, Subquery

from accounts_sync.deferred import read_again
from accounts_sync.inbox.attempt import marks, observe
from accounts_sync.inbox.envelope import Event, read_envelope
from accounts_sync.inbox.models import DeferredDecision, EventStatus, Verdict, WebhookEvent
from accounts_sync.inbox.replay import stored_body
from accounts_sync.models import DeferredRow, DeferredStatus
from accounts_sync.runs import plain
from rewards_site.kernel.errors import NotFound, Refused
from transactions.told import Channel, Decided, Outcome, OutcomeKind, Told

T = TypeVar("T", bound=Model)


class Source(StrEnum):
    EVENT = "event"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class ItemRef:
    """One deferred thing, by its primary key."""

    source: Source
    pk: int

    def __str__(self) -> str:
        return f"{self.source}/{self.pk}"

    @property
    def decisions(self) -> QuerySet[DeferredDecision]:
        of = Q(event=self.pk) if self.source is Source.EVENT else Q(row=self.pk)
        return DeferredDecision.objects.filter(of)


def with_verdict(rows: QuerySet[T], name: str) -> QuerySet[T]:
    """`rows`, each with the latest verdict of staff as `verdict`; `name` is «event» or «row»."""
    latest = DeferredDecision.objects.filter(**{name: OuterRef("pk")}).order_by("-pk")
    return cast("QuerySet[T]", rows.annotate(verdict=Subquery(latest.values("verdict")[:1])))


class Item(ABC):
    """A deferred event or row, locked by whoever holds this."""

    def __init__(self, ref: ItemRef) -> None:
        self.ref = ref
        self.latest = ref.decisions.order_by("pk").last()

    @property
    def is_rejected(self) -> bool:
        return self.latest is not None and self.latest.verdict == Verdict.REJECTED

    @property
    @abstractmethod
    def is_open(self) -> bool: ...

    @property
    @abstractmethod
    def reason(self) -> str: ...

    @property
    @abstractmethod
    def transaction_id(self) -> int | None: ...

    @abstractmethod
    def told(self, decided: Decided | None) -> Told:
        """What it says. Raises: Refused, when nothing can be read of it."""

    @abstractmethod
    def mark(self, outcome: Outcome, *, at: datetime) -> None:
        """Write what became of it."""

    @abstractmethod
    def reject(self) -> None: ...

    @abstractmethod
    def reopen(self) -> None: ...


def locked(ref: ItemRef) -> Item:
    """Lock it in the caller's transaction, before anything that applying it locks.

    Raises: NotFound.
    """
    return _EventItem(ref) if ref.source is Source.EVENT else _RowItem(ref)


class _EventItem(Item):
    def __init__(self, ref: ItemRef) -> None:
        events = WebhookEvent.objects.select_for_update(of=("self",), no_key=True)
        event = events.filter(pk=ref.pk).first()
        if event is None:
            raise NotFound(f"There is no webhook event {ref.pk}.")
        super().__init__(ref)
        self.event = event

    @property
    def is_open(self) -> bool:
        return self.event.status == EventStatus.DEFERRED

    @property
    def reason(self) -> str:
        return self.event.reason

    @property
    def transaction_id(self) -> int | None:
        return self.event.transaction_id

    def told(self, decided: Decided | None) -> Told:
        envelope = read_envelope(stored_body(self.event))
        if not isinstance(envelope, Event):
            raise Refused("The stored body is no longer read as an event.")
        observed = observe(envelope)
        if isinstance(observed, Outcome):
            raise Refused(f"Nothing of it can be applied: {observed.reason}.")
        return Told(
            observation=observed,
            channel=Channel.WEBHOOK,
            read_at=self.event.received_at,
            is_test=self.event.is_test,
            decided=decided,
        )

    def mark(self, outcome: Outcome, *, at: datetime) -> None:
        changes = marks(outcome, attempt_count=self.event.attempt_count + 1, at=at)
        self._write(**changes)

    def reject(self) -> None:
        self._write(status=EventStatus.REJECTED, not_before=None)

    def reopen(self) -> None:
        self._write(status=EventStatus.DEFERRED)

    def _write(self, **changes: object) -> None:
        WebhookEvent.objects.filter(pk=self.event.pk).update(**changes)


class _RowItem(Item):
    def __init__(self, ref: ItemRef) -> None:
        rows = DeferredRow.objects.select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=ref.pk).first()
        if row is None:
            raise NotFound(f"There is no deferred row {ref.pk}.")
        super().__init__(ref)
        self.row = row

    @property
    def is_open(self) -> bool:
        return self.row.status == DeferredStatus.OPEN

    @property
    def reason(self) -> str:
        return self.row.reason

    @property
    def transaction_id(self) -> int | None:
        return self.row.transaction_id

    def told(self, decided: Decided | None) -> Told:
        row = read_again(self.row)
        if row.observation is None:
            raise Refused(f"Nothing of it can be applied: {row.problem}.")
        return Told(
            observation=row.observation,
            channel=Channel.SYNC,
            read_at=row.read_at,
            raw=row.raw,
            decided=decided,
        )

    def mark(self, outcome: Outcome, *, at: datetime) -> None:
        changes: dict[str, object] = {
            "attempt_count": self.row.attempt_count + 1,
            "last_attempt_at": at,
            "transaction_id": outcome.transaction_id or self.row.transaction_id,
        }
        if outcome.kind is OutcomeKind.DEFERRED:
            changes["reason"] = plain(outcome.reason)
        else:
            changes["status"] = DeferredStatus.SETTLED
        self._write(**changes)

    def reject(self) -> None:
        self._write(status=DeferredStatus.SETTLED)

    def reopen(self) -> None:
        self._write(status=DeferredStatus.OPEN, attempt_count=0, last_attempt_at=None)

    def _write(self, **changes: object) -> None:
        DeferredRow.objects.filter(pk=self.row.pk).update(**changes)
