"""Rows of the Brands API that cannot be used: evidence, open as long as Button lists them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from offers.models import CatalogRun, RefusedBrand
from offers.runs import storable
from rewards_site.button.brands import UnreadableBrand
from rewards_site.kernel.db import atomic, insert_missing, overwrite, retry_deadlocks


def keep(rows: Sequence[UnreadableBrand], *, run: CatalogRun, at: datetime) -> None:
    """Keep each row once, and settle those that this whole list held no more."""
    retry_deadlocks(lambda: _keep(rows, run=run, at=at))


def _keep(rows: Sequence[UnreadableBrand], *, run: CatalogRun, at: datetime) -> None:
    told = {_digest(row): row for row in rows}
    with atomic():
        insert_missing(
            RefusedBrand(
                merchant_id_told=told[digest].merchant_id,
                row=told[digest].row,
                row_digest=digest,
                reason=storable(told[digest].reason),
                first_seen_at=at,
                last_seen_at=at,
                seen_count=0,
                last_run=run,
            )
            for digest in sorted(told)
        )
        locked = RefusedBrand.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        seen = list(locked.filter(row_digest__in=told))
        for refused in seen:
            refused.last_seen_at, refused.last_run, refused.settled_at = at, run, None
            refused.seen_count += 1
        overwrite(seen, ["last_seen_at", "last_run", "settled_at", "seen_count"])
        gone = RefusedBrand.objects.filter(settled_at=None, last_run_id__lt=run.pk)
        gone.exclude(row_digest__in=told).update(settled_at=at)


def _digest(row: UnreadableBrand) -> str:
    return hashlib.sha256(f"{row.reason}\n{row.row}".encode()).hexdigest()
