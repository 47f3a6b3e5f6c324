"""Move old bodies of webhooks into files, read one from there, look after the files."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts_sync.doors import stops_on_sigterm
from accounts_sync.inbox import archive
from accounts_sync.inbox.archive import ArchiveReport
from accounts_sync.inbox.archive_choice import months_before
from accounts_sync.inbox.envelope import stored_hook_id
from accounts_sync.inbox.models import BodyArchive, WebhookEvent
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import InvalidInput, Refused

_EXIT_INTERRUPTED = 130
_HELP = """\
Move the bodies of old webhook events out of the database, into checked files in INBOX_ARCHIVE_DIR.

Only bodies go, and only of events that are settled: the events stay, known for ever by their ids.
What is deferred, rejected, conflicting or was decided by staff keeps its body. May be stopped and
run again at any time; the worker does it by itself when INBOX_BODY_MONTHS is set.

exit status:
  0   done; with --check: every file is there and as it was written
  1   refused, or a file is not there or damaged; the line above says what to do
  130 stopped by Ctrl-C or SIGTERM; the next run goes on there
"""


class Command(BaseCommand):
    help = _HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs["formatter_class"] = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--before",
            metavar="MONTH",
            type=_month,
            help="what was received before this month (2026-03) in UTC, which is over for a month "
            "at least; default: as INBOX_BODY_MONTHS says",
        )
        does = parser.add_mutually_exclusive_group()
        does.add_argument("--dry-run", action="store_true", help="count, and touch nothing")
        does.add_argument(
            "--show",
            metavar="ID",
            help="print the body of one event, by its webhook id (hook-…) or its number here",
        )
        does.add_argument("--check", action="store_true", help="read every file and compare it")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            with stops_on_sigterm():
                if options["show"] is not None:
                    self._show(options["show"])
                elif options["check"]:
                    self._check()
                else:
                    self._archive(options["before"], is_dry_run=options["dry_run"])
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped; the next run goes on where this one was.", returncode=_EXIT_INTERRUPTED
            ) from None
        except (InvalidInput, Refused) as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{error}. Nothing is lost; the next run goes on.") from error
        except DatabaseUnavailable as error:
            raise CommandError(
                f"The database did not answer ({type(error).__name__}). Nothing is lost; the next "
                "run goes on."
            ) from error

    def _archive(self, before: datetime | None, *, is_dry_run: bool) -> None:
        at = clock.now()
        before = before or _before_by_settings(at)
        if is_dry_run:
            report = archive.preview(before=before, at=at)
            self.stdout.write(f"Would archive {_told(report)}.")
            return
        report = archive.archive_bodies(
            directory=archive.archive_directory(), before=before, at=at, progress=self._progress
        )
        self.stdout.write(f"Archived {_told(report)}.")

    def _show(self, wanted: str) -> None:
        events = WebhookEvent.objects.select_related("archived_in")
        event = events.filter(hook_id=stored_hook_id(wanted)).first()
        if event is None and wanted.isdecimal() and int(wanted) < 2**63:
            event = events.filter(pk=int(wanted)).first()
        if event is None:
            raise CommandError(f"No webhook event has the id {wanted}.")
        self.stdout.write(archive.body_of(event).decode("utf-8", "backslashreplace"))

    def _check(self) -> None:
        directory = archive.archive_directory()
        damages = []
        for problem in archive.problems(directory):
            damages += [problem.text] if problem.is_damage else []
            self.stdout.write(problem.text)
        count = BodyArchive.objects.count()
        summary = f"{count - len(damages)} of {_archives(count)} as written."
        if damages:
            raise CommandError(summary)
        self.stdout.write(summary)

    def _progress(self, report: ArchiveReport) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"{_told(report)} …")


def _before_by_settings(at: datetime) -> datetime:
    months: int = settings.INBOX_BODY_MONTHS
    if not months:
        _refuse(
            "INBOX_BODY_MONTHS is not set, so every body stays in the database. Say --before MONTH "
            "to archive this once, or set it to have the worker do so."
        )
    return months_before(at, months)


def _refuse(why: str) -> NoReturn:
    raise CommandError(why)


def _month(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a month such as 2026-03.") from None


def _told(report: ArchiveReport) -> str:
    bodies = "1 body" if report.event_count == 1 else f"{report.event_count} bodies"
    return f"{bodies} ({report.body_bytes} bytes) in {_archives(report.archive_count)}"


def _archives(count: int) -> str:
    return f"{count} archive" if count == 1 else f"{count} archives"
