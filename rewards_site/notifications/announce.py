"""announce(): a member's notice and an outward event, in the caller's commit."""

from __future__ import annotations

from collections.abc import Sequence

from rewards_site.kernel import rows
from rewards_site.kernel.rows import Write
from rewards_site.notifications.news import News


def announce(news: Sequence[News]) -> None:
    """prepare(), and write it."""
    rows.run(prepare(news))


def prepare(news: Sequence[News]) -> list[Write]:  # noqa: ARG001
    """What is to be written so that these are told, each exactly once, in the caller's commit."""
    return []
