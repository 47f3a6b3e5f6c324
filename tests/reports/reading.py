"""Reports as their readers get them: through the command, as text and as rows."""

from __future__ import annotations

import csv
from datetime import datetime
from io import StringIO
from typing import Any

from django.core.management import call_command

from rewards_site.kernel.clock import wire_text


def export(name: str, *, as_of: datetime | None = None, **asked: Any) -> str:
    """What `manage.py export_report` writes; options as its own are named: `to`, `format` …"""
    out = StringIO(newline="")
    options = {"from": asked.pop("start")} if "start" in asked else {}
    call_command(
        "export_report",
        name,
        as_of=wire_text(as_of) if as_of else "",
        stdout=out,
        stderr=StringIO(),
        **options,
        **asked,
    )
    return out.getvalue()


def rows(name: str, **asked: Any) -> list[dict[str, str]]:
    """A CSV report by column."""
    return list(csv.DictReader(StringIO(export(name, **asked), newline="")))


def owed(**asked: Any) -> dict[tuple[str, str], tuple[int, int, int]]:
    """The liability: (member id, currency) → pending, available, redeeming in minor units."""
    return {
        (row["member_id"], row["currency"]): (
            int(row["pending"]),
            int(row["available"]),
            int(row["redeeming"]),
        )
        for row in rows("liability", **asked)
    }
