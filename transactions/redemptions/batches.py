"""What payouts tell of redemptions: which batch pays them. The room above registers itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

BatchesAt = Callable[[Collection[int], datetime], dict[int, str]]
"""(redemptions, instant) → redemption → public id of the batch that it was in then."""
Carried = Callable[[Collection[int]], dict[int, str]]
"""redemptions → redemption → public id of the batch that is about to pay it. Their rows are locked
by the caller; who puts one into a batch locks its row, too.
"""


def _in_no_batch(_redemption_ids: Collection[int], _at: datetime) -> dict[int, str]:
    return {}


def _not_carried(_redemption_ids: Collection[int]) -> dict[int, str]:
    return {}


_batches_at: BatchesAt = _in_no_batch
_carried: Carried = _not_carried


def register(*, batches_at: BatchesAt, carried: Carried) -> None:
    global _batches_at, _carried  # one room, at start
    _batches_at, _carried = batches_at, carried


def batches_at(redemption_ids: Collection[int], at: datetime) -> dict[int, str]:
    return _batches_at(redemption_ids, at)


def carried(redemption_ids: Collection[int]) -> dict[int, str]:
    return _carried(redemption_ids)
