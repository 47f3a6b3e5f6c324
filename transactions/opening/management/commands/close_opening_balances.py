"""`manage.py close_opening_balances NAME --release|--cancel --reason WHY`."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from rewards_site.kernel.money import decimal_text
from transactions.opening.closing import close_pending
from transactions.opening.management.commands.import_opening_balances import importer_of
from transactions.opening.models import Closing


class Command(BaseCommand):
    help = (
        "End what import_opening_balances --with-pending brought along as pending: no order of "
        "Button's will. Released, it becomes available; cancelled, it is taken back. Without "
        "--customer-id: all that is still pending of this import. What was ended before is left "
        "alone. Exit status 0 also where nothing was left."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the name it was imported under")
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--release", dest="kind", action="store_const", const=Closing.RELEASED)
        what.add_argument("--cancel", dest="kind", action="store_const", const=Closing.CANCELLED)
        parser.add_argument("--reason", required=True, help="kept with it for ever")
        parser.add_argument(
            "--customer-id", action="append", help="of these customers only; may be repeated"
        )
        parser.add_argument("--actor", help="user name of the member of staff it is done for")

    def handle(self, *_args: Any, **options: Any) -> None:
        customer_ids = options["customer_id"]
        try:
            done = close_pending(
                name=options["name"],
                kind=options["kind"],
                customer_ids=set(customer_ids) if customer_ids else None,
                by=importer_of(options["actor"]),
                reason=options["reason"],
                at=clock.now(),
                progress=self._progress if self.stderr.isatty() else None,
            )
        except ServiceError as error:
            raise CommandError(str(error)) from error
        except DatabaseUnavailable as error:
            raise CommandError(
                "The database did not answer. Run the same command again: it goes on from there."
            ) from error
        amounts = ", ".join(
            f"{decimal_text(minor, currency)} {currency}"
            for currency, minor in sorted(done.amounts.items())
        )
        count = f"{done.line_count} line{'' if done.line_count == 1 else 's'}"
        self.stdout.write(f"{options['kind'].value}: {count}{f', {amounts}' if amounts else ''}")

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(f"\r{done} of {total} lines", ending="")
        if done == total:
            self.stderr.write("")
