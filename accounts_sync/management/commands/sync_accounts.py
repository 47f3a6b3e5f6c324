"""Pull the Accounts API once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts_sync.accounts import sync_accounts
from accounts_sync.doors import client_or_refuse, stops_on_sigterm
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable


class Command(BaseCommand):
    help = (
        "Pull Button's Accounts API once. Each account is one currency; a new one starts being "
        "synced. Exit status: 0 if every listed account was taken over, else 1."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        client = client_or_refuse()
        try:
            with stops_on_sigterm():
                report = sync_accounts(client=client, at=clock.now())
        except DatabaseUnavailable as error:
            raise CommandError(f"The database did not answer: {type(error).__name__}.") from error
        for problem in report.problems:
            self.stderr.write(problem)
        new = f", new: {', '.join(report.new_ids)}" if report.new_ids else ""
        self.stdout.write(
            f"{report.listed_count} account{'' if report.listed_count == 1 else 's'} listed{new}"
        )
        if report.problems:
            count = len(report.problems)
            raise CommandError(f"{count} problem{'' if count == 1 else 's'}, see above.")
