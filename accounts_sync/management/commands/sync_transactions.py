"""Pull the Transactions API once."""

from __future__ import annotations

import argparse
import logging
import time
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_sync.accounts import sync_accounts
from accounts_sync.doors import client_or_refuse, stops_on_sigterm, time_argument
from accounts_sync.lease import LeaseBusy
from accounts_sync.models import RunStatus
from accounts_sync.pull import PullReport, pull_transactions
from rewards_site.button.client import ButtonClient
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable
from transactions.models import ButtonAccount

log = logging.getLogger(__name__)

WAIT_SECONDS = 120
EXIT_FAILED = 1
EXIT_BUSY = 3
EXIT_INTERRUPTED = 130

_HELP = """\
Pull Button's Transactions API once, for each account that the Accounts API lists.

Without options it goes on where the last run stopped, less an overlap; the first run reads
everything since the beginning. The options read another stretch, by when a transaction was last
modified; reading the same again changes nothing.

exit status:
  0   every account came to its end (rows that had to be deferred are kept and counted)
  1   an account failed, and the line above says why
  3   an account is being read by another live run, and was for the whole time waited
  130 stopped by Ctrl-C or SIGTERM; the next run goes on at that page
"""


class Command(BaseCommand):
    help = _HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs["formatter_class"] = argparse.RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        times = "RFC 3339 (2026-11-20T08:00:00Z), or a date: its start in BUSINESS_TIME_ZONE"
        parser.add_argument("--account", metavar="ID", help="only this account (acc-…)")
        start = parser.add_mutually_exclusive_group()
        start.add_argument(
            "--since", metavar="TIME", type=time_argument, help=f"from here on; {times}"
        )
        start.add_argument(
            "--full", action="store_true", help="everything since the beginning, again"
        )
        parser.add_argument(
            "--until", metavar="TIME", type=time_argument, help="up to here, exclusive; as --since"
        )
        parser.add_argument(
            "--wait",
            metavar="SECONDS",
            type=float,
            default=WAIT_SECONDS,
            help="how long to wait for other live runs to end (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        at = clock.now()
        _refuse_window(options, at=at)
        client = client_or_refuse()
        try:
            with stops_on_sigterm():
                account_ids = self._accounts(client, named=options["account"], at=at)
                self._pull_all(account_ids, client=client, options=options)
        except KeyboardInterrupt:
            raise CommandError(
                "Stopped; the next run goes on where this one was.", returncode=EXIT_INTERRUPTED
            ) from None
        except DatabaseUnavailable as error:
            raise CommandError(
                f"The database did not answer ({type(error).__name__}); nothing is half booked, "
                "and the next run goes on."
            ) from error

    def _accounts(self, client: ButtonClient, *, named: str | None, at: datetime) -> list[str]:
        account_ids = _known_accounts(named)
        if account_ids:
            return account_ids
        report = sync_accounts(client=client, at=at)
        for problem in report.problems:
            self.stderr.write(problem)
        account_ids = _known_accounts(named)
        if account_ids:
            return account_ids
        if named is not None:
            raise CommandError(f"No Button account {named} is known, and Button lists none.")
        if report.status is not RunStatus.DONE:
            raise CommandError("The accounts could not be read, so there is nothing to pull.")
        self.stdout.write("Button lists no account yet: one appears with its first transaction.")
        return []

    def _pull_all(
        self, account_ids: list[str], *, client: ButtonClient, options: dict[str, Any]
    ) -> None:
        """First what is free, then, waiting, what another run holds."""
        busy: list[str] = []
        failed_count = busy_count = 0
        for account_id in account_ids:
            try:
                failed_count += not self._pull(account_id, client=client, options=options)
            except LeaseBusy as error:
                busy.append(account_id)
                if options["wait"] > 0:
                    self.stderr.write(f"{error} Waiting for it to end …")
        deadline = time.monotonic() + options["wait"]
        for account_id in busy:
            left_seconds = max(0.0, deadline - time.monotonic())
            try:
                failed_count += not self._pull(
                    account_id, client=client, options=options, wait_seconds_max=left_seconds
                )
            except LeaseBusy as error:
                busy_count += 1
                self.stderr.write(f"{error} Waited {options['wait']:g} s, to no avail.")
        if failed_count:
            raise CommandError(
                f"{failed_count} of {len(account_ids)} accounts did not come to the end.",
                returncode=EXIT_FAILED,
            )
        if busy_count:
            raise CommandError(
                f"{busy_count} of {len(account_ids)} accounts are being read by another run.",
                returncode=EXIT_BUSY,
            )

    def _pull(
        self,
        account_id: str,
        *,
        client: ButtonClient,
        options: dict[str, Any],
        wait_seconds_max: float = 0,
    ) -> bool:
        """Whether the account came to its end. Raises: LeaseBusy, DatabaseUnavailable."""
        try:
            report = pull_transactions(
                account_id=account_id,
                client=client,
                at=clock.now(),
                since=options["since"],
                until=options["until"],
                full=options["full"],
                wait_seconds_max=wait_seconds_max,
                progress=self._progress,
            )
        except (LeaseBusy, *DatabaseUnavailable):
            raise
        except Exception as error:  # the other accounts must still be reached
            log.exception("pull.internal_error", extra={"account": account_id})
            self.stderr.write(f"{account_id}: failed: internal error: {type(error).__name__}")
            return False
        self._clear_line()
        is_done = report.status is RunStatus.DONE
        (self.stdout if is_done else self.stderr).write(_summary(report))
        if is_done and report.is_rest:  # a dead run's window ends where that run began: read on
            return self._pull(account_id, client=client, options=options)
        return is_done

    def _progress(self, report: PullReport) -> None:
        if self.stdout.isatty():
            self._clear_line()
            line = f"{report.account_id}: {report.page_count} pages, {report.row_count:,} rows …"
            self.stdout.write(line, ending="")
            self.stdout.flush()

    def _clear_line(self) -> None:
        if self.stdout.isatty():
            self.stdout.write("\r\x1b[K", ending="")


def _refuse_window(options: dict[str, Any], *, at: datetime) -> None:
    since, until = options["since"], options["until"]
    if since and since > at:
        raise CommandError(f"--since {clock.wire_text(since)} lies in the future.")
    if since and until and since >= until:
        raise CommandError("--since does not lie before --until.")


def _known_accounts(named: str | None) -> list[str]:
    """Those that the Accounts API has listed; one only seen in an order if it is named."""
    known = ButtonAccount.objects.order_by("pk").values_list("pk", flat=True)
    if named is not None:
        return list(known.filter(pk=named))
    return list(known.filter(confirmed_at__isnull=False))


def _summary(report: PullReport) -> str:
    through = f"; read through {clock.wire_text(report.through)}" if report.through else ""
    line = (
        f"{report.account_id}: {report.status.value}, {_count(report.page_count, 'page')}, "
        f"{_count(report.row_count, 'row')}: {report.applied_count:,} applied, "
        f"{report.ignored_count:,} already known, {report.deferred_count:,} deferred{through}"
    )
    return f"{line}. {report.error}" if report.error else line


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
