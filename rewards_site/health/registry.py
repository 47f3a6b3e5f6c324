"""What may be wrong while we still serve. Rooms register their checks when they start."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

log = logging.getLogger(__name__)

Check = Callable[[datetime], str]
"""Takes the time; returns what is wrong, in one sentence without ids or secrets, or ""."""

_checks: dict[str, Check] = {}

Figure = Callable[[datetime], float | None]
"""Takes the time; returns a number that is cheap to tell; None: there is none now."""

_figures: dict[str, Figure] = {}


def register(name: str, check: Check) -> None:
    """Have `check` asked by /health/ready/ and by the admin's landing page, under `name`."""
    _checks[name] = check


def register_figure(name: str, figure: Figure) -> None:
    """Have /health/full/ tell a number under `name`, which ends with its unit or period."""
    _figures[name] = figure


def told_figures(*, at: datetime) -> dict[str, float | None]:
    """Each figure; null where there is none now, or where it could not be told."""
    return {name: _told(name, _figures[name], at) for name in sorted(_figures)}


def names() -> list[str]:
    return sorted(_checks)


def findings(*, at: datetime) -> dict[str, str]:
    """Each check with what is wrong; "" where nothing is. A check that fails is a finding."""
    return {name: _asked(name, _checks[name], at) for name in sorted(_checks)}


def degraded(*, at: datetime) -> list[tuple[str, str]]:
    """The checks that found something, and what."""
    return [(name, wrong) for name, wrong in findings(at=at).items() if wrong]


def _asked(name: str, check: Check, at: datetime) -> str:
    try:
        return check(at)
    except Exception as error:  # one broken check must not hide the others, or take us down
        log.exception("health.check_failed", extra={"check": name})
        return f"the check itself failed ({type(error).__name__})"


def _told(name: str, figure: Figure, at: datetime) -> float | None:
    try:
        return figure(at)
    except Exception:  # one broken figure must not take the page down
        log.exception("health.figure_failed", extra={"figure": name})
        return None
