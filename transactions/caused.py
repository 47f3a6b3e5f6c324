"""Entry groups that no order caused, compared with what did: its name, its kind, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Subquery

from rewards_site.kernel import clock
from transactions.adjustments.checking import wrong_adjustments
from transactions.adjustments.models import Adjustment
from transactions.expiry.models import Expiry
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKind, GroupKind
from transactions.ledger.models import Entry, EntryGroup
from transactions.merging.models import MergedBalance
from transactions.models import TransactionRevision
from transactions.opening.models import Closing, OpeningClosing, OpeningLine
from transactions.recorded import is_before_its_cause
from transactions.redemptions.models import RedemptionStep

_GROUP = ("entry_group__cause", "entry_group__kind", "entry_group__posted_at")
_CLOSED_BY = {
    Closing.RELEASED.value: GroupKind.OPENING_RELEASED,
    Closing.CANCELLED.value: GroupKind.OPENING_CANCELLED,
}


def groups_without_cause() -> Iterator[Difference]:
    others = (OpeningLine, OpeningClosing, MergedBalance, Adjustment, RedemptionStep, Expiry)
    rows = EntryGroup.objects.filter(
        ~Exists(TransactionRevision.objects.filter(entry_group=OuterRef("pk"))),
        *(~Exists(model._default_manager.filter(entry_group=OuterRef("pk"))) for model in others),
    )
    for group in rows.order_by("pk").iterator():
        yield Difference(
            f"entry group {group.pk}", f"no revision caused it, nor anything else ({group.cause})"
        )


def wrong_causes() -> Iterator[Difference]:
    """Groups of opening balances and of merges that are not called, or dated, as what caused them.

    Whose group an order's revision has is looked at with the order (booked.py, recorded.py).
    """
    now = clock.now()
    booked = OpeningLine.objects.filter(entry_group__isnull=False).order_by("pk")
    for opening, number, at, *group in booked.values_list(
        "opening", "number", "opening__started_at", *_GROUP
    ).iterator():
        cause = f"opening/{opening}/line/{number}"
        yield from _wrong(cause, GroupKind.OPENING, at, group, now=now)
    closed = OpeningClosing.objects.filter(entry_group__isnull=False).order_by("pk")
    for opening, number, closing, at, *group in closed.values_list(
        "line__opening", "line__number", "kind", "closed_at", *_GROUP
    ).iterator():
        cause = f"opening/{opening}/line/{number}/{closing}"
        yield from _wrong(cause, _CLOSED_BY[closing], at, group, now=now)
    merged = MergedBalance.objects.filter(entry_group__isnull=False).order_by("pk")
    for change, currency, at, *group in merged.values_list(
        "change", "currency", "change__changed_at", *_GROUP
    ).iterator():
        yield from _wrong(f"merge/{change}/{currency}", GroupKind.MERGE, at, group, now=now)
    adjusted = Adjustment.objects.order_by("pk")
    for pk, at, *group in adjusted.values_list("pk", "approved_at", *_GROUP).iterator():
        yield from _wrong(f"adjustment/{pk}", GroupKind.ADJUSTMENT, at, group, now=now)
    yield from wrong_adjustments()


def wrong_expiries() -> Iterator[Difference]:
    """Balances that expired otherwise than is on record: the group, and how much."""
    now = clock.now()
    found = Expiry.objects.filter(entry_group__isnull=False).order_by("pk")
    taken = Entry.objects.filter(
        group=OuterRef("entry_group"),
        account__member=OuterRef("member"),
        account__currency=OuterRef("currency"),
        account__kind=AccountKind.AVAILABLE,
    )
    rows = found.annotate(taken=Subquery(taken.values("debit_minor")[:1]))
    for pk, at, due_at, minor, debited, *group in rows.values_list(
        "pk", "expired_at", "expires_at", "amount_minor", "taken", *_GROUP
    ).iterator():
        yield from _wrong(f"expiry/{pk}", GroupKind.EXPIRY, due_at, group, now=now)
        if at != group[2]:
            yield Difference(f"expiry {pk}", f"says {at}; its group was posted at {group[2]}")
        if minor != debited:
            yield Difference(
                f"expiry {pk}", f"says {minor} expired; its group took {debited} of that balance"
            )


def _wrong(
    cause: str, kind: GroupKind, decided_at: datetime, group: list[Any], *, now: datetime
) -> Iterator[Difference]:
    said_cause, said_kind, posted_at = group
    if said_cause is None:
        return  # it is not there: orphans.py tells of it
    if said_cause != cause:
        yield Difference(cause, f"its group was booked for {said_cause}")
    if said_kind != kind:
        yield Difference(cause, f"its group is of kind {said_kind}, should be {kind}")
    if is_before_its_cause(posted_at, decided_at, now=now):
        yield Difference(cause, f"was posted at {posted_at}, and was decided at {decided_at}")
