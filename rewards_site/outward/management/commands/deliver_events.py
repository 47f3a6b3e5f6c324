"""Fan out and send what is due, once, or all the time."""

from __future__ import annotations

import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.outward.deliver import deliver_events

PAUSE_SECONDS = 1.0


class Command(BaseCommand):
    help = (
        "Sends outward events that are due to their subscriptions. The worker does the same once "
        "a minute; with --watch this process does it every second, until it is stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--watch", action="store_true", help="go on until stopped (Ctrl-C)")

    def handle(self, *args: Any, **options: Any) -> None:
        if not options["watch"]:
            self.stdout.write(f"{deliver_events()}")
            return
        pause = threading.Event()
        try:
            while True:
                try:
                    done = deliver_events()
                except DatabaseUnavailable as error:  # the next look may be luckier
                    self.stderr.write(f"the database is busy ({type(error).__name__})")
                else:
                    if done.delivered or done.failed:
                        self.stdout.write(f"{done}")
                pause.wait(PAUSE_SECONDS)
        except KeyboardInterrupt:
            self.stdout.write("stopped")
