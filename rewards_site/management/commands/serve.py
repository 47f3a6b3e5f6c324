"""manage.py serve"""

from __future__ import annotations

import os
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from rewards_site.health import watch

PROCESSES_DEFAULT = 2
THREADS_DEFAULT = 64


class Command(BaseCommand):
    help = (
        "Run the production web server (gunicorn), with settings from the environment. Stop it "
        "with Ctrl-C or SIGTERM: requests under way are finished first."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--bind", default="127.0.0.1:8000", metavar="HOST:PORT")
        parser.add_argument("--processes", type=int, default=PROCESSES_DEFAULT)
        parser.add_argument(
            "--threads",
            type=int,
            default=THREADS_DEFAULT,
            help="of each process; at most half of them wait for Button",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        host, separator, port = str(options["bind"]).rpartition(":")
        if not separator or not port.isdigit():
            raise CommandError(f"--bind {options['bind']!r} is not HOST:PORT.")
        environment = os.environ | {
            "DATABASE_POOL": os.environ.get("DATABASE_POOL", "on"),
            "DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"],
            "WEB_THREADS": str(options["threads"]),
            watch.SWITCH: os.environ.get(watch.SWITCH, "on"),
        }
        arguments = [
            sys.executable,
            "-m",
            "gunicorn",
            "--bind",
            f"{host}:{port}",
            "--worker-class",
            "gthread",
            "--workers",
            str(options["processes"]),
            "--threads",
            str(options["threads"]),
            "--timeout",
            "60",
            "--graceful-timeout",
            "20",
            "--keep-alive",
            "30",
            "--max-requests",
            "100000",
            "--max-requests-jitter",
            "10000",
            "--no-control-socket",
            "--forwarded-allow-ips",
            "*" if settings.TRUST_PROXY else "",
            "--forwarder-headers",  # or a header PATH_INFO would lead past a proxy's own rules
            "",
            "--pythonpath",  # wherever it is started from
            str(settings.BASE_DIR),
            "rewards_site.wsgi",
        ]
        self.stderr.write(f"Serving on http://{host}:{port} (Ctrl-C stops it).")
        sys.stderr.flush()
        # exec: signals then reach gunicorn itself, and a supervisor sees the one process it started
        os.execve(sys.executable, arguments, environment)  # noqa: S606
