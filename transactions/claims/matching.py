"""Pure: whether an order is the one that a claim is about. Asked when a claim is filed, and of open
claims when an order arrives; one rule for both, or a claim would be answered by when it was filed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

NEAR = timedelta(hours=24)
"""Members tell the day of a purchase, and the time of it by heart."""


class Match(StrEnum):
    """By what an order was known for the claim's, the surest first."""

    CLICK = "click"
    REFERENCE = "reference"
    TIME_AND_TOTAL = "time_and_total"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimedOrder:
    """What a claim tells of the order, and the tap that it names."""

    click_pk: int | None
    merchant_id: str | None
    reference: str
    total_minor: int | None
    currency: str
    purchased_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownOrder:
    """What Button told of an order of the same member."""

    click_pk: int | None
    merchant_id: str | None
    references: Collection[str]
    """All ids that it goes by: Button's, and the brand's own."""
    total_minor: int | None
    currency: str
    purchased_at: datetime


def match(claimed: ClaimedOrder, known: KnownOrder) -> Match | None:
    """By what `known`, an order of the claim's member, is the claimed one; None: it is another."""
    if contradicts(claimed, known):
        return None
    if claimed.click_pk is not None and claimed.click_pk == known.click_pk:
        return Match.CLICK
    if claimed.merchant_id is None or claimed.merchant_id != known.merchant_id:
        return None
    if is_named(claimed, known):
        return Match.REFERENCE
    is_near = (
        claimed.purchased_at is not None and abs(claimed.purchased_at - known.purchased_at) <= NEAR
    )
    if is_near and claimed.total_minor and _is_same_total(claimed, known):
        return Match.TIME_AND_TOTAL
    return None


def is_named(claimed: ClaimedOrder, known: KnownOrder) -> bool:
    reference = normal(claimed.reference)
    return bool(reference) and reference in {normal(text) for text in known.references}


def contradicts(claimed: ClaimedOrder, known: KnownOrder) -> bool:
    """Another order of the same tap: another reference and another total, both told of both."""
    is_told = bool(
        normal(claimed.reference)
        and known.references
        and claimed.total_minor is not None
        and known.total_minor is not None
    )
    return is_told and not is_named(claimed, known) and not _is_same_total(claimed, known)


def normal(reference: str) -> str:
    """As people mean it: «# AB-12 » is «ab-12»."""
    return "".join(reference.casefold().split()).lstrip("#")


def _is_same_total(claimed: ClaimedOrder, known: KnownOrder) -> bool:
    return (claimed.total_minor, claimed.currency) == (known.total_minor, known.currency)
