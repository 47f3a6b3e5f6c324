#!/usr/bin/env python
"""Django's command line: `manage.py help` lists every command."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line
from django.db import InterfaceError, OperationalError, ProgrammingError


def main() -> None:
    """A command, and one line where it cannot even begin: 1 for settings, 2 for the database."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "rewards_site.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        _end(error, f"The settings are not right: {error}", status=1)
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        text = str(error).strip().partition("\n")[0]
        is_empty = "no such table" in text or "does not exist" in text
        hint = "Run manage.py migrate." if is_empty else "Is it up, and DATABASE_URL right?"
        _end(error, f"The database cannot be used ({text}). {hint}", status=2)


def _end(error: Exception, line: str, *, status: int) -> None:
    if "--traceback" in sys.argv:
        raise error
    sys.stderr.write(f"{line}\n")
    sys.exit(status)


if __name__ == "__main__":
    main()
