"""django-q2's worker, supervised, with our schedules put in place before it starts."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.db import ProgrammingError, connections
from django_q.management.commands import qcluster

from accounts_sync.schedule import install_schedules
from accounts_sync.worker.supervisor import GaveUp, Limits, Supervisor
from rewards_site.health import heartbeat
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable

_DEFAULTS = Limits()


class Command(qcluster.Command):  # type: ignore[misc]  # django-q2 has no types
    help = (
        "The worker: runs the schedules (reading Button, trying again what was deferred) and "
        "queued tasks until it is stopped by Ctrl-C or SIGTERM; what is at hand is finished first "
        "(a second Ctrl-C does not wait). Any number may run at once. It watches itself by a "
        "heartbeat task and starts its processes anew when one was killed or all hang. "
        "Exit status: 0 if it was stopped, 1 if it could not start or starting anew did not help."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument(
            "--stale-after",
            type=float,
            default=_DEFAULTS.stale_after,
            metavar="SECONDS",
            help="start the processes anew when a heartbeat task was not done for so long; a "
            "heartbeat may wait behind two tasks that run out of time (default: %(default)s)",
        )
        parser.add_argument(
            "--heartbeat-every",
            type=float,
            default=_DEFAULTS.probe_every,
            metavar="SECONDS",
            help="how often a heartbeat task is queued (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._put_schedules_in_place()
        if options["cluster_name"]:
            os.environ["Q_CLUSTER_NAME"] = options["cluster_name"]
        limits = Limits(stale_after=options["stale_after"], probe_every=options["heartbeat_every"])
        try:
            Supervisor(limits=limits, is_once=options["run_once"]).run()
        except GaveUp as error:
            raise CommandError(str(error)) from error

    def _put_schedules_in_place(self) -> None:
        if "pool" in connections["default"].settings_dict.get("OPTIONS", {}):
            raise CommandError(
                "DATABASE_POOL is for the web server: the worker forks, and forked processes must "
                "not share connections. Unset it for this process."
            )
        at = clock.now()
        try:
            touched = install_schedules(at)
            heartbeat.begin(heartbeat.SCHEDULES, at=at)
        except (*DatabaseUnavailable, ProgrammingError) as error:
            raise CommandError(
                f"The schedules cannot be written ({type(error).__name__}). Is the database up, "
                "and has `manage.py migrate` been run?"
            ) from error
        finally:
            connections.close_all()  # the worker forks: no open connection may be shared
        if touched:
            self.stdout.write(f"Schedules put in place: {touched}.")
            self.stdout.flush()
