"""Pull the Transactions API once."""

from __future__ import annotations

import argparse
import functools
import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_sync.abreast import each_abreast
from accounts_sync.accounts import sync_accounts
from accounts_sync.beside import reread
from accounts_sync.doors import Teller, client_or_refuse, stops_on_sigterm, time_argument
from accounts_sync.lease import LeaseBusy
from accounts_sync.models import RunStatus
from accounts_sync.pull import pull_transactions
from accounts_sync.report import PullReport
from rewards_site.button.client import ButtonClient
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable
from transactions.models import ButtonAccount

log = logging.getLogger(__name__)

WAIT_SECONDS = 120
JOBS = 4
JOBS_MAX = 16
EXIT_FAILED = 1
EXIT_BUSY = 3
EXIT_INTERRUPTED = 130

_HELP = """\
Pull Button's Transactions API once, for each account that the Accounts API lists.

Without options it goes on where the last run stopped, less an overlap; the first run reads
everything since the beginning. The options read another stretch, by when a transaction was last
modified; reading the same again changes nothing. --reread asks by when it was created instead.

exit status:
  0   every account came to its end (rows that had to be deferred are kept and counted)
  1   an account failed, and the line above says why
  3   an account is being read by another live run, and was for the whole time waited
  130 stopped by Ctrl-C or SIGTERM; the next run goes on at that page
"""


class Ended(Enum):
    """What became of one account."""

    DONE = "done"
    FAILED = "failed"
    BUSY = "busy"


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
        start.add_argument(
            "--reread",
            action="store_true",
            help="everything created in the last months, again, as the worker does each week: "
            "finds what no window of modifications held",
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
        parser.add_argument(
            "--jobs",
            metavar="N",
            type=int,
            choices=range(1, JOBS_MAX + 1),
            default=JOBS,
            help="how many accounts are read side by side (default: %(default)s)",
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
        stop = threading.Event()
        teller = Teller(self.stdout, self.stderr, of=len(account_ids))
        deadline = time.monotonic() + options["wait"]

        def pull(account_id: str, *, is_last_try: bool) -> Ended:
            wait = max(0.0, deadline - time.monotonic()) if is_last_try else 0.0
            try:
                is_done = _pull(
                    account_id,
                    read=_reader(client, options, teller, stop, wait_seconds_max=wait),
                    teller=teller,
                )
            except LeaseBusy as error:
                if is_last_try:
                    teller.complain(f"{error} Waited {options['wait']:g} s, to no avail.")
                elif options["wait"] > 0:
                    teller.complain(f"{error} Waiting for it to end …")
                return Ended.BUSY
            return Ended.DONE if is_done else Ended.FAILED

        ended: dict[str, Ended] = {}
        waiting = account_ids
        for is_last_try in (False, True):
            ended |= each_abreast(
                waiting,
                functools.partial(pull, is_last_try=is_last_try),
                jobs=options["jobs"],
                stop=stop,
            )
            waiting = [account_id for account_id in waiting if ended[account_id] is Ended.BUSY]
        _refuse_what_is_left(list(ended.values()))


def _reader(
    client: ButtonClient,
    options: dict[str, Any],
    teller: Teller,
    stop: threading.Event,
    *,
    wait_seconds_max: float,
) -> Callable[[str], PullReport]:
    """Reads one account as the options say. Raises: LeaseBusy, DatabaseUnavailable."""
    if options["reread"]:
        return lambda account_id: reread(
            account_id=account_id,
            client=client,
            at=clock.now(),
            stop=stop,
            wait_seconds_max=wait_seconds_max,
            progress=teller.progress,
        )
    return lambda account_id: pull_transactions(
        account_id=account_id,
        client=client,
        at=clock.now(),
        since=options["since"],
        until=options["until"],
        full=options["full"],
        stop=stop,
        wait_seconds_max=wait_seconds_max,
        progress=teller.progress,
    )


def _pull(account_id: str, *, read: Callable[[str], PullReport], teller: Teller) -> bool:
    """Whether the account came to its end. Raises: LeaseBusy, DatabaseUnavailable."""
    try:
        report = read(account_id)
    except (LeaseBusy, *DatabaseUnavailable):
        raise
    except Exception as error:  # the other accounts must still be reached
        log.exception("pull.internal_error", extra={"account": account_id})
        teller.complain(f"{account_id}: failed: internal error: {type(error).__name__}")
        return False
    is_done = report.status is RunStatus.DONE
    (teller.say if is_done else teller.complain)(_summary(report))
    teller.forget(report)
    if is_done and report.is_rest:  # a dead run's window ends where that run began: read on
        return _pull(account_id, read=read, teller=teller)
    return is_done


def _refuse_what_is_left(ended: list[Ended]) -> None:
    failed_count, busy_count = ended.count(Ended.FAILED), ended.count(Ended.BUSY)
    if failed_count:
        raise CommandError(
            f"{failed_count} of {len(ended)} accounts did not come to the end.",
            returncode=EXIT_FAILED,
        )
    if busy_count:
        raise CommandError(
            f"{busy_count} of {len(ended)} accounts are being read by another run.",
            returncode=EXIT_BUSY,
        )


def _refuse_window(options: dict[str, Any], *, at: datetime) -> None:
    since, until = options["since"], options["until"]
    if options["reread"] and until:
        raise CommandError("--reread is by when an order was created: it takes no --until.")
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
    late = f", {report.late_count:,} late" if report.late_count else ""
    through = f"; read through {clock.wire_text(report.through)}" if report.through else ""
    line = (
        f"{report.account_id}: {report.status.value}, {_count(report.page_count, 'page')}, "
        f"{_count(report.row_count, 'row')}: {report.applied_count:,} applied, "
        f"{report.ignored_count:,} already known, {report.deferred_count:,} deferred{late}{through}"
    )
    return f"{line}. {report.error}" if report.error else line


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
