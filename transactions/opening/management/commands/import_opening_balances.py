"""`manage.py import_opening_balances FILE --name NAME`."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from rewards_site.kernel.money import decimal_text
from transactions.opening.importing import (
    Imported,
    Importer,
    checked_name,
    import_sheet,
    problems_with_members,
    totals_of,
)
from transactions.opening.models import OpeningImport
from transactions.opening.newness import must_be_new
from transactions.opening.reading import Sheet, read_sheet


class Command(BaseCommand):
    help = (
        "Import what members have in the system you come from, once, at cut-over. FILE is CSV in "
        "UTF-8 with the heading customer_id,currency,available[,pending]; amounts are whole minor "
        "units (1050 is 10.50 USD; 1050 JPY). A file with any mistake is not imported: every "
        "mistake is listed with its line and field. The same NAME with the same file again changes "
        "nothing, and goes on where it was killed; with another file it is refused. Exit status: 0 "
        "if all of it is in the books."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the CSV file")
        parser.add_argument("--name", required=True, help="kept for ever, such as 'cut-over 2026'")
        parser.add_argument(
            "--dry-run", action="store_true", help="check the file and print totals; write nothing"
        )
        parser.add_argument(
            "--with-pending",
            action="store_true",
            help="take a column `pending`, too; only close_opening_balances ever ends it",
        )
        parser.add_argument(
            "--also",
            action="store_true",
            help="members who got an opening balance of a currency before are to have this as well",
        )
        parser.add_argument("--actor", help="user name of the member of staff it is done for")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            name = checked_name(options["name"])
            by = importer_of(options["actor"])
            sheet = self._read(options["file"], may_be_pending=options["with_pending"])
            if options["dry_run"]:
                if not OpeningImport.objects.filter(name=name, digest=sheet.digest).exists():
                    must_be_new(sheet, may_add=options["also"])
                self._print_totals(sheet)
                self.stdout.write("Nothing is wrong with it. Nothing was written (--dry-run).")
                return
            if self.stderr.isatty():
                self.stderr.write(f"Keeping {len(sheet.lines)} lines, then booking them")
            done = import_sheet(
                sheet,
                name=name,
                file_name=Path(options["file"]).name,
                by=by,
                at=clock.now(),
                may_add=options["also"],
                progress=self._progress if self.stderr.isatty() else None,
            )
        except ServiceError as error:
            raise CommandError(str(error)) from error
        except DatabaseUnavailable as error:
            raise CommandError(
                "The database did not answer. Run the same command again: it goes on from there."
            ) from error
        self._print_totals(sheet)
        self.stdout.write(_summary(done))

    def _read(self, path: str, *, may_be_pending: bool) -> Sheet:
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        sheet = read_sheet(content, may_be_pending=may_be_pending)
        if not sheet.problems:
            sheet.problems += problems_with_members(sheet)
        if sheet.problems:
            for problem in sheet.problems:
                self.stderr.write(str(problem))
            count = len(sheet.problems)
            raise CommandError(
                f"{count} mistake{'' if count == 1 else 's'}, see above. Nothing was imported."
            )
        return sheet

    def _print_totals(self, sheet: Sheet) -> None:
        for currency, (count, pending, available) in totals_of(sheet).items():
            self.stdout.write(
                f"{currency}: {count} line{'' if count == 1 else 's'}, "
                f"available {decimal_text(available, currency)}, "
                f"pending {decimal_text(pending, currency)}"
            )
        if sheet.empty_count:
            self.stdout.write(f"Left out, of nothing: {sheet.empty_count}")

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(f"\r{done} of {total} lines", ending="")
        if done == total:
            self.stderr.write("")


def importer_of(actor: str | None) -> Importer:
    """Whoever runs the command. Raises: CommandError, if there is no such staff."""
    user = None
    if actor is not None:
        user = User.objects.filter(username=actor, is_staff=True, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active member of staff called {actor}.")
    try:
        runner = getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        runner = "unknown"
    return Importer(imported_by=runner, actor=user)


def _summary(done: Imported) -> str:
    name, count = done.row.name, done.row.line_count
    if not done.booked_count:
        return f"«{name}» was imported before, all {count} lines: nothing changed."
    how = "imported" if done.is_new else "gone on with"
    return f"«{name}» {how}: {done.booked_count} of {count} lines booked now, all are booked."
