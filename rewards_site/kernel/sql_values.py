"""Values as SQL written by hand gives and takes them, made the same on both databases."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from rewards_site.kernel.db import is_postgres


def uuid_parameter(value: uuid.UUID | str) -> str:
    """As a column of UUIDs is compared with: SQLite keeps 32 hexadecimal digits."""
    value = uuid.UUID(str(value))
    return str(value) if is_postgres() else value.hex


def as_uuid(value: Any) -> uuid.UUID:
    return value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))


def as_instant(value: Any) -> datetime:
    """Aware, in UTC: SQLite and JSON give text, and SQLite's has no zone."""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def as_instant_or_none(value: Any) -> datetime | None:
    return None if value is None else as_instant(value)


def as_json(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value
