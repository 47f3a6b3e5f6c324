"""manage.py verify_ledger"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from transactions.verify import Verification, verify_ledger


class Command(BaseCommand):
    help = (
        "Derive every balance again from ledger entries, and every entry group from what Button "
        "said. Prints what was checked as counts; exit status 1 and each difference if any, 2 if "
        "the database cannot be used. "
        "Reads one snapshot, changes nothing and keeps nobody waiting."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify_ledger(progress=self._progress if self.stderr.isatty() else None)
        for difference in found.differences:
            self.stdout.write(str(difference))
        self.stdout.write(_summary(found))
        if found.differences:
            raise CommandError(
                f"The books differ from what was said in {len(found.differences)} places.",
                returncode=1,
            )

    def _progress(self, done: int, total: int) -> None:
        self.stderr.write(f"\r{done} of {total} transactions", ending="")
        if done == total:
            self.stderr.write("")


def _summary(found: Verification) -> str:
    return (
        f"checked: {found.transactions} transactions, {found.revisions} revisions, "
        f"{found.groups} entry groups, {found.entries} entries, "
        f"{found.member_accounts} member accounts; {len(found.differences)} differences"
    )
