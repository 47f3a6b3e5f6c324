"""Pull the Brands API once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts_sync.doors import client_or_refuse, stops_on_sigterm
from offers.catalog import CatalogReport, sync_merchants
from offers.models import RunStatus
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable


class Command(BaseCommand):
    help = (
        "Pull Button's Brands API once: names, terms and windows of the merchants, with what "
        "changed since the last time. The worker does it once a day by itself. A brand that is "
        "not listed any more is marked, never deleted. Exit status: 0 if the whole list was taken "
        "over (rows that cannot be used are kept as evidence and counted, and don't change that), "
        "else 1; 130 if it was interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--accept-missing",
            action="store_true",
            help="mark brands as not listed any more even where most of them are missing; without "
            "it such a list is taken for a broken one, and no brand is marked",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        client = client_or_refuse()
        self._tell_progress("Reading the brands …")
        try:
            with stops_on_sigterm():
                report = sync_merchants(
                    client=client, at=clock.now(), may_lose_many=options["accept_missing"]
                )
        except DatabaseUnavailable as error:
            raise CommandError(f"The database did not answer: {type(error).__name__}.") from error
        except KeyboardInterrupt:
            raise CommandError("Interrupted; what was taken over stays.", returncode=130) from None
        finally:
            self._tell_progress("")
        is_done = report.status is RunStatus.DONE
        for problem in report.problems if is_done else report.problems[1:]:
            self.stderr.write(problem)
        if is_done or report.listed_count:
            self.stdout.write(_summary(report))
        if not is_done:
            raise CommandError(report.problems[0])

    def _tell_progress(self, words: str) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r\x1b[K{words}", ending="")
            self.stdout.flush()


def _summary(report: CatalogReport) -> str:
    counts = report.counts
    said = [
        f"{number:,} {words}"
        for number, words in (
            (counts.described, "new"),
            (counts.changed, "changed"),
            (counts.relisted, "listed again"),
            (counts.unlisted, "not listed any more"),
            (report.refused_count, "refused"),
        )
        if number
    ]
    brands = f"{report.listed_count:,} brand{'' if report.listed_count == 1 else 's'} listed"
    return f"{brands}: {', '.join(said) or 'nothing changed'}"
