"""One structured line per decision, as JSON, with secrets redacted.

Ids, never bodies; no tokens, secrets, e-mail addresses or device ids.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any

_STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_SECRET_NAME = re.compile(r"secret|token|password|authorization|api_?key|signature", re.IGNORECASE)
_SECRET_TEXT = (
    re.compile(r"\bsk-[A-Za-z0-9_-]{4,}"),  # Button API keys
    re.compile(r"\brk_[A-Za-z0-9_-]{4,}"),  # API keys of ours
    re.compile(r"\b(?:Basic|Bearer)\s+[A-Za-z0-9+/=._~-]{6,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"),  # JSON Web Tokens
    re.compile(r"(?<=://)[^/@\s]+:[^/@\s]+(?=@)"),  # user:password in a URL
    re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}"),  # e-mail addresses
)
REDACTED = "[redacted]"


def redact(value: Any, *, name: str = "") -> Any:
    """`value` without secrets: by the field's `name`, and by what known secrets look like."""
    if name and _SECRET_NAME.search(name):
        return REDACTED
    if isinstance(value, dict):
        return {key: redact(item, name=str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [redact(item) for item in value]
    if isinstance(value, str):
        for pattern in _SECRET_TEXT:
            value = pattern.sub(REDACTED, value)
    return value


class JsonFormatter(logging.Formatter):
    """A record as one JSON line: time, level, logger, event, and whatever `extra` gave."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, tz=UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": redact(record.getMessage()),
        }
        for name, value in vars(record).items():
            if name not in _STANDARD:
                line[name] = redact(value, name=name)
        if record.exc_info:
            line["exception"] = redact(self.formatException(record.exc_info))
        return json.dumps(line, default=str)
