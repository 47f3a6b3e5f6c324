"""django-q2's worker, with our schedules put in place before it starts."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from django.core.management.base import CommandError
from django.db import ProgrammingError, connections
from django_q.cluster import Cluster
from django_q.management.commands import qcluster

from accounts_sync.schedule import install_schedules
from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable

_TOLD_TO_STOP = (None, 0, -signal.SIGTERM)
"""Exit codes of the inner process: it ended by itself, or with its whole process group."""


class Command(qcluster.Command):  # type: ignore[misc]  # django-q2 has no types
    help = (
        "The worker: runs the schedules (reading Button, trying again what was deferred) and "
        "queued tasks until it is stopped by Ctrl-C or SIGTERM. Any number may run at once. "
        "Exit status: 0 if it was stopped, 1 if it could not start or its inner process died."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        self._put_schedules_in_place()
        if options["cluster_name"]:
            os.environ["Q_CLUSTER_NAME"] = options["cluster_name"]
        worker = _Worker()
        worker.start()
        if options["run_once"]:
            worker.stop()
        worker.sentinel.join()
        if worker.sentinel.exitcode not in _TOLD_TO_STOP and not worker.is_asked_to_stop:
            raise CommandError(
                f"The worker's inner process died ({worker.sentinel.exitcode}): start it again."
            )

    def _put_schedules_in_place(self) -> None:
        if "pool" in connections["default"].settings_dict.get("OPTIONS", {}):
            raise CommandError(
                "DATABASE_POOL is for the web server: the worker forks, and forked processes must "
                "not share connections. Unset it for this process."
            )
        try:
            touched = install_schedules(clock.now())
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


class _Worker(Cluster):  # type: ignore[misc]  # django-q2 has no types
    """A cluster that also stops when its whole process group is told to.

    `Event.set()` waits until whoever sleeps on the event has woken. A service manager or a shell
    that sends SIGTERM to every process at once kills that sleeper, the sentinel, in its sleep, and
    django-q2's own stop() then waits for ever.
    """

    is_asked_to_stop = False

    def stop(self) -> bool:
        self.is_asked_to_stop = True
        if not self.sentinel.is_alive():
            return False
        threading.Thread(target=self.stop_event.set, daemon=True).start()
        self.sentinel.join()
        return True
