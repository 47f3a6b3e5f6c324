"""`manage.py erase_member CUSTOMER_ID [--actor USER] [--dry-run]`."""

from __future__ import annotations

import getpass
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from rewards_site.members.erasing import Forgetting, dry_run, erase


class Command(BaseCommand):
    """One line at the end says what was done; exit 1 and why, where nothing was."""

    help = (
        "Forget who a member is, under all their customer ids; the money stays. Customer ids are "
        "replaced by a random text, raw payloads are cut down to what the books rest on, "
        "destinations and what the member wrote are emptied. It cannot be undone. Refused while "
        "a payout of theirs is in flight, or something else of theirs is open: it says what. "
        "Killed, it is simply run again. Backups, exports that people saved and logs of servers "
        "in front are out of its reach: docs/erasure.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer_id", help="any customer id of theirs, such as user-42")
        parser.add_argument(
            "--actor", default="", help="the staff user name it is done for; goes on record"
        )
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="show how many rows of which room would be overwritten, and keep nothing of it",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        is_tried = options["dry_run"]
        try:
            if is_tried:
                done = dry_run(
                    options["customer_id"],
                    erased_by=_system_user(),
                    at=clock.now(),
                    progress=self._progress,
                )
            else:
                done = erase(
                    options["customer_id"],
                    erased_by=_system_user(),
                    actor_id=_actor_id(options["actor"]),
                    at=clock.now(),
                    progress=self._progress,
                )
        except ServiceError as error:
            raise CommandError(str(error)) from error
        except DatabaseUnavailable as error:
            raise CommandError(
                f"The database did not answer ({type(error).__name__}). Run the same command again."
            ) from error
        self._tell(done, is_tried=is_tried)
        if done.files_left:
            raise CommandError(
                "These files hold the person and could not be deleted. Delete them, or mount "
                f"INBOX_ARCHIVE_DIR and run the command again: {', '.join(done.files_left)}"
            )

    def _progress(self, text: str) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r\033[K{text} …", ending="")

    def _tell(self, done: Forgetting, *, is_tried: bool) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r\033[K", ending="")
        for room, count in sorted(done.counts.items()):
            self.stdout.write(f"{room}: {count}")
        total = sum(done.counts.values())
        ids = f"{done.names_count} customer id{'' if done.names_count == 1 else 's'}"
        if is_tried:
            self.stdout.write(f"Would erase {ids} and overwrite {total} rows. Nothing was done.")
        elif done.is_old_news:
            self.stdout.write(f"Erased before: {ids}, {total} rows.")
        else:
            self.stdout.write(f"Erased: {ids}, {total} rows overwritten.")


def _system_user() -> str:
    try:
        return getpass.getuser()[:150]
    except (KeyError, OSError):  # a container without a user data base
        return "unknown"


def _actor_id(name: str) -> int | None:
    if not name:
        return None
    found = User.objects.filter(username=name, is_staff=True).values_list("pk", flat=True).first()
    if found is None:
        raise CommandError(f"No member of staff is called {name}.")
    return found
