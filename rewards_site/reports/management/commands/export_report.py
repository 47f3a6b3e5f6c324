"""manage.py export_report"""

from __future__ import annotations

import argparse
import getpass
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

from django.core.management.base import BaseCommand, CommandError

from rewards_site.kernel import clock
from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import Conflict, ServiceError, Unavailable
from rewards_site.reports import options, registry
from rewards_site.reports.exporting import Export, Exporter, begin_export
from rewards_site.reports.models import Door
from rewards_site.reports.writers import Format

EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
_PROGRESS_SECONDS = 0.2

_HELP = """\
Write a report for finance, to a file or to standard output.

Amounts are integers in the minor unit of the currency beside them; times are RFC 3339 in UTC. With
the same --as-of the same options give the same bytes for ever (CSV and Beancount). Every export is
kept on record with the SHA-256 of its bytes, which the last line (on standard error) tells, too.
"""

_EPILOG = """\
exit status:
  0   all of it is written
  1   the database did not answer, the books are damaged, or the file cannot be written; FILE is
      then as it was
  2   what was asked for cannot be: the line above says why
  130 stopped by Ctrl-C; FILE is then as it was
"""


class Command(BaseCommand):
    help = _HELP

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        kwargs["formatter_class"] = argparse.RawDescriptionHelpFormatter
        listed = "\n".join(f"  {one.name:14}{one.what}" for one in registry.reports())
        kwargs["epilog"] = f"reports:\n{listed}\n\n{_EPILOG}"
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("name", metavar="NAME", help="which report: one of those below")
        parser.add_argument(
            "--as-of",
            metavar="TIME",
            default="",
            help="what was posted at or before this instant, such as 2026-11-01T00:00:00Z; "
            "not in the future (default: now)",
        )
        days = "a day such as 2026-10-01, in BUSINESS_TIME_ZONE"
        parser.add_argument("--from", metavar="D", default="", help=f"from this day on; {days}")
        parser.add_argument("--to", metavar="D", default="", help="up to this day, exclusive")
        parser.add_argument("--currency", metavar="C", default="", help="this one only, as USD")
        parser.add_argument(
            "--format",
            choices=[one.value for one in Format],
            default=Format.CSV.value,
            help="default: csv",
        )
        parser.add_argument(
            "--with-customer-ids",
            action="store_true",
            help="add customer_id; such an export is not reproducible: customer ids are forgotten",
        )
        parser.add_argument(
            "--out", metavar="FILE", help="put there whole or not at all (default: standard output)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            export = _begin(options)
        except (ServiceError, *DatabaseUnavailable) as error:
            raise _as_command_error(error) from error
        try:
            if options["out"]:
                self._write_file(export, Path(options["out"]))
            else:
                self._write_stdout(export)
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=EXIT_INTERRUPTED) from None
        except BrokenPipeError:
            _let_stdout_go()
            raise CommandError("The reader went away.", returncode=EXIT_FAILED) from None
        except (ServiceError, OSError, *DatabaseUnavailable) as error:
            raise _as_command_error(error) from error
        self.stderr.write(_summary(export, options["out"]))

    def _write_file(self, export: Export, path: Path) -> None:
        chunks = export.chunks(progress=self._progress())
        with _put_in_place(path) as file, closing(chunks):
            for chunk in chunks:
                file.write(chunk)
        self._clear_line()

    def _write_stdout(self, export: Export) -> None:
        raw: IO[bytes] | None = getattr(getattr(self.stdout, "_out", None), "buffer", None)
        if not export.format.is_text and (raw is None or self.stdout.isatty()):
            raise CommandError(
                f"{export.format.value} is not for a terminal: say --out FILE.",
                returncode=EXIT_USAGE,
            )
        # A terminal that shows the rows needs no progress
        progress = None if self.stdout.isatty() else self._progress()
        with closing(export.chunks(progress=progress)) as chunks:
            for chunk in chunks:
                if raw is None:
                    self.stdout.write(chunk.decode(), ending="")
                else:
                    raw.write(chunk)
            if raw is not None:
                raw.flush()
        self._clear_line()

    def _progress(self) -> Any:
        if not self.stderr.isatty():
            return None
        shown_at = time.monotonic()

        def show(row_count: int) -> None:
            nonlocal shown_at
            if time.monotonic() - shown_at >= _PROGRESS_SECONDS:
                shown_at = time.monotonic()
                self.stderr.write(f"\r\x1b[K{row_count:,} rows …", ending="")
                self.stderr.flush()

        return show

    def _clear_line(self) -> None:
        if self.stderr.isatty():
            self.stderr.write("\r\x1b[K", ending="")


def _begin(typed: dict[str, Any]) -> Export:
    report = registry.find(typed["name"])
    asked = options.read(
        report,
        as_of=typed["as_of"],
        start=typed["from"],
        end=typed["to"],
        currency=typed["currency"],
        with_customer_ids=typed["with_customer_ids"],
        format=typed["format"],
    )
    by = Exporter(door=Door.COMMAND, system_user=_system_user())
    return begin_export(report, asked, by=by, at=clock.now())


def _system_user() -> str:
    try:
        return getpass.getuser()[:255]
    except (KeyError, OSError):  # a container's user need not have a name
        return f"uid {os.getuid()}"


def _as_command_error(error: Exception) -> CommandError:
    if isinstance(error, DatabaseUnavailable):
        return CommandError(
            f"The database did not answer ({type(error).__name__}). Try again.",
            returncode=EXIT_FAILED,
        )
    if isinstance(error, OSError):
        return CommandError(f"It cannot be written: {error}", returncode=EXIT_FAILED)
    is_usage = not isinstance(error, Conflict | Unavailable)
    return CommandError(str(error), returncode=EXIT_USAGE if is_usage else EXIT_FAILED)


@contextmanager
def _put_in_place(path: Path) -> Iterator[IO[bytes]]:
    """A file beside `path` that takes its place when all is written, and else leaves no trace."""
    if path.is_dir():
        raise CommandError(f"{path} is a directory.", returncode=EXIT_USAGE)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    part = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.chmod(_mode_of_new_files())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def _mode_of_new_files() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _let_stdout_go() -> None:
    """So that Python does not complain about the closed pipe once more when it exits."""
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _summary(export: Export, out: str | None) -> str:
    result = export.result
    assert result is not None
    where = f" → {out}" if out else ""
    return (
        f"{export.report.name} as of {wire_text(export.query.as_of)}: "
        f"{result.row_count:,} rows, {result.byte_count:,} bytes, "
        f"sha256 {result.sha256} (export {export.run.pk}){where}"
    )
