"""sync_merchants(): the Brands API → merchants, their profiles, and what changed.

Static data, read once a day and never while a member waits (sheet, 3.4). Safe to repeat and to run
beside itself: profiles are locked by key, and an older reading never overwrites a newer one.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from offers import refused
from offers.models import CatalogRun, MerchantProfile, RunStatus
from offers.profiles import Counts, describe, unlist
from offers.runs import close_run, open_run
from rewards_site.button.brands import BrandRow, BrandsPage, UnreadableBrand
from rewards_site.button.client import ButtonClient
from rewards_site.button.errors import ButtonError
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable, retry_deadlocks

log = logging.getLogger(__name__)

BATCH = 200
"""Brands in one commit: what is locked is let go soon."""
FEW_MISSING = 10
"""So many brands may leave the list at once, whatever share of it they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogReport:
    """What one reading of the Brands API came to."""

    run_id: int
    status: RunStatus
    listed_count: int = 0
    counts: Counts
    refused_count: int = 0
    problems: tuple[str, ...] = ()
    """Why the run failed, or why rows were refused, each in a sentence."""


def sync_merchants(
    *, client: ButtonClient, at: datetime, may_lose_many: bool = False
) -> CatalogReport:
    """Take over what the Brands API lists; a brand that it no longer lists is marked, and stays.

    A Button that fails makes a failed run, not an exception. A list that lacks most of the brands
    of the last one is more likely broken than true: none is then marked as missing, and the run
    fails, unless `may_lose_many`. Raises: DatabaseUnavailable.
    """
    run = open_run(at=at)
    counts = Counts()
    try:
        page = client.brands()
        rows, unusable = _usable(page)
        for start in range(0, len(rows), BATCH):
            batch = rows[start : start + BATCH]
            take = functools.partial(describe, batch, run=run, read_at=page.read_at, at=at)
            counts.add(retry_deadlocks(take))
        held_back = _mark_missing(
            counts, run, rows, read_at=page.read_at, at=at, may_lose_many=may_lose_many
        )
        refused.keep(unusable, run=run, at=at)
    except ButtonError as error:
        return _end(run, counts, error=str(error))
    except DatabaseUnavailable as error:
        _end(run, counts, error=f"The database did not answer ({type(error).__name__}).")
        raise
    except (KeyboardInterrupt, SystemExit):
        _end(run, counts, error="Stopped from outside.", status=RunStatus.ABANDONED)
        raise
    listed_count = len(page.brands) + len(page.unreadable)
    return _end(run, counts, error=held_back, unusable=unusable, listed_count=listed_count)


def _usable(page: BrandsPage) -> tuple[list[BrandRow], list[UnreadableBrand]]:
    """One row for each brand, sorted by its id; and the rows that cannot be used."""
    usable: dict[str, BrandRow] = {}
    unusable = list(page.unreadable)
    for row in page.brands:
        kept = usable.setdefault(row.brand.merchant_id, row)
        if kept.brand.facts() != row.brand.facts():
            unusable.append(
                UnreadableBrand(
                    merchant_id=row.brand.merchant_id,
                    row=row.row,
                    reason="The brand is listed twice, differently: the first row counts.",
                )
            )
    return [usable[merchant_id] for merchant_id in sorted(usable)], unusable


def _mark_missing(
    counts: Counts,
    run: CatalogRun,
    rows: Sequence[BrandRow],
    *,
    read_at: datetime,
    at: datetime,
    may_lose_many: bool,
) -> str:
    """Mark the brands that this list lacks; why that was held back, or ""."""
    profiles = MerchantProfile.objects.filter(unlisted_since=None)
    listed = set(profiles.values_list("pk", flat=True))
    present = {row.brand.merchant_id for row in rows}
    missing = sorted(listed - present)
    if not missing:
        return ""
    are_many = not present or (len(missing) > FEW_MISSING and 2 * len(missing) > len(listed))
    if are_many and not may_lose_many:
        return (
            f"The list lacks {len(missing)} of {len(listed)} brands, so none of them was marked. "
            "If that is true, run manage.py sync_merchants --accept-missing."
        )
    for start in range(0, len(missing), BATCH):
        gone = missing[start : start + BATCH]
        mark = functools.partial(unlist, gone, run=run, read_at=read_at, at=at)
        counts.unlisted += retry_deadlocks(mark)
    return ""


def _end(
    run: CatalogRun,
    counts: Counts,
    *,
    error: str,
    status: RunStatus | None = None,
    unusable: Sequence[UnreadableBrand] = (),
    listed_count: int = 0,
) -> CatalogReport:
    status = status or (RunStatus.FAILED if error else RunStatus.DONE)
    refusals = [f"{row.merchant_id or 'A brand'}: {row.reason}" for row in unusable]
    close_run(
        run.pk,
        status=status,
        error=error,
        at=clock.now(),
        counts={
            "listed_count": listed_count,
            "described_count": counts.described,
            "changed_count": counts.changed + counts.relisted,
            "unlisted_count": counts.unlisted,
            "refused_count": len(unusable),
        },
    )
    log.log(
        logging.ERROR if error else logging.INFO,
        "merchants.synced",
        extra={
            "run": run.pk,
            "listed": listed_count,
            "described": counts.described,
            "changed": counts.changed,
            "unlisted": counts.unlisted,
            "refused": len(unusable),
            "error": error,
        },
    )
    return CatalogReport(
        run_id=run.pk,
        status=status,
        listed_count=listed_count,
        counts=counts,
        refused_count=len(unusable),
        problems=(*((error,) if error else ()), *refusals),
    )
