"""manage.py check_button"""

from __future__ import annotations

import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from rewards_site.health.inspections import Inspect, Line, Verdict, all_inspections, fail
from rewards_site.kernel import clock

SECONDS_MAX = 30.0
_WHAT_HANGS = "are the network, the name server and the database up? See also --timeout."
_STYLES = {Verdict.OK: "SUCCESS", Verdict.WARN: "WARNING", Verdict.FAIL: "ERROR"}


class Command(BaseCommand):
    requires_system_checks = ()  # they are among what is looked at, and must not stop the rest
    help = (
        "Look at everything that must be right between Button and us: API key, webhook secrets, "
        "clock, hosts, accounts, whether webhooks arrive, worker, settings that are missing. Says "
        "for each OK, WARN or FAIL, and what to do. Prints no secret, and ends within minutes "
        "whatever hangs. Exit status 0 only if nothing FAILs."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--timeout",
            type=float,
            default=SECONDS_MAX,
            metavar="SECONDS",
            help="for each thing looked at (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        counts = dict.fromkeys(Verdict, 0)
        for name, inspect in all_inspections().items():
            for line in _inspected(name, inspect, seconds_max=options["timeout"]):
                counts[line.verdict] += 1
                self._print(line)
        summary = ", ".join(f"{count} {verdict.value}" for verdict, count in counts.items())
        if counts[Verdict.FAIL]:
            raise CommandError(f"{summary}.")
        self.stdout.write(f"{summary}.")

    def _print(self, line: Line) -> None:
        style = getattr(self.style, _STYLES[line.verdict])
        self.stdout.write(f"{style(f'{line.verdict.value:<5}')}{line.subject}: {line.said}")
        if line.what_to_do:
            self.stdout.write(f"       → {line.what_to_do}")
        self.stdout.flush()


def _inspected(name: str, inspect: Inspect, *, seconds_max: float) -> list[Line]:
    """What `inspect` says within its time. A name server or a database may hang beyond any other
    deadline, so it is asked in a thread that is left behind."""
    lines: list[Line] = []

    def ask() -> None:
        try:
            lines.extend(inspect(clock.now()))
        except Exception as error:  # one that breaks must not hide the others
            lines.append(
                fail(
                    name,
                    f"could not be looked at ({type(error).__name__})",
                    "mend what else FAILs, then run this again.",
                )
            )
        finally:
            connections.close_all()

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(seconds_max)
    if thread.is_alive():
        return [fail(name, f"no answer within {seconds_max:g} seconds", _WHAT_HANGS)]
    return lines
