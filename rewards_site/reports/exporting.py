"""An export: settled, put on the record, streamed, its digest kept. Every way out comes here."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import AbstractBaseUser

from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable, snapshot
from rewards_site.reports.models import Door, ReportResult, ReportRun, ResultStatus
from rewards_site.reports.options import Asked
from rewards_site.reports.registry import Query, Report
from rewards_site.reports.writers import Format, Tally, write

log = logging.getLogger(__name__)

Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exporter:
    """Who exports: somebody logged in, or a user of the machine."""

    door: Door
    actor: AbstractBaseUser | None = None
    system_user: str = ""


def settle_query(report: Report, asked: Asked) -> Query:
    """What was asked for, as of an instant at which nothing can change any more.

    Raises: InvalidInput (the instant lies in the future), Unavailable, DatabaseUnavailable.
    """
    return Query(
        as_of=report.settle(asked.as_of),
        start=asked.start,
        end=asked.end,
        currency=asked.currency,
        with_customer_ids=asked.with_customer_ids,
    )


def file_name(report: Report, query: Query, chosen: Format) -> str:
    """liability-20261122T041500123456Z.csv"""
    stamp = clock.wire_text(query.as_of)
    for mark in "-:.":
        stamp = stamp.replace(mark, "")
    return f"{report.name}-{stamp}.{chosen.value}"


def begin_export(report: Report, asked: Asked, *, by: Exporter, at: datetime) -> Export:
    """Settle the instant and put the export on the record; nothing is read yet.

    Raises: as settle_query().
    """
    query = settle_query(report, asked)
    run = ReportRun.objects.create(
        report=report.name,
        format=asked.format.value,
        as_of=query.as_of,
        period_from=query.start,
        period_to=query.end,
        currency=query.currency,
        with_customer_ids=query.with_customer_ids,
        door=by.door,
        actor_id=by.actor.pk if by.actor else None,
        system_user=by.system_user,
        started_at=at,
    )
    log.info("report.begun", extra={"run": run.pk, "report": report.name, "actor": run.actor_id})
    return Export(report, query, asked.format, run)


class Export:
    """One export under way. `chunks()` is read once; when it ends, `result` says how."""

    def __init__(self, report: Report, query: Query, chosen: Format, run: ReportRun) -> None:
        self.report = report
        self.query = query
        self.format = chosen
        self.run = run
        self.result: ReportResult | None = None

    def chunks(self, *, progress: Progress | None = None) -> Generator[bytes]:
        """The bytes, read in one snapshot that ends with the last of them, or when it is closed."""
        tally, digest, byte_count = Tally(), hashlib.sha256(), 0
        status = ResultStatus.FAILED
        try:
            pieces = write(self.report, self.query, self.format, tally)
            with snapshot(), closing(pieces):
                for piece in pieces:
                    digest.update(piece)
                    byte_count += len(piece)
                    if progress:
                        progress(tally.rows)
                    yield piece
            status = ResultStatus.DONE
        except GeneratorExit:
            status = ResultStatus.ABANDONED
            raise
        finally:
            self._end(
                ReportResult(
                    run=self.run,
                    status=status,
                    row_count=tally.rows,
                    byte_count=byte_count,
                    sha256=digest.hexdigest(),
                    finished_at=clock.now(),
                )
            )

    def _end(self, result: ReportResult) -> None:
        """Once the snapshot is over, which only reads."""
        self.result = result
        try:
            result.save(force_insert=True)
        except DatabaseUnavailable:  # the export itself has failed of it, or its bytes are out
            log.exception("report.end_not_recorded", extra={"run": self.run.pk})
        log.info(
            "report.ended",
            extra={"run": self.run.pk, "status": result.status, "rows": result.row_count},
        )
