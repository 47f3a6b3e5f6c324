"""What one call of Button may take at most."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call, or one walk over pages, may take at most."""

    connect_seconds: float = 5
    read_seconds: float = 20
    total_seconds: float = 60
    """Of a call with all its attempts and the pauses between them."""
    attempts_max: int = 5
    body_bytes_max: int = 64 * 1024 * 1024
    pages_max: int = 200_000


DEFAULT_LIMITS = Limits()
