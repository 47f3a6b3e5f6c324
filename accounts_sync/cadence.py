"""Pure: how long after its last run an account is read again. schedule.py tells the rule in words.

`pace` and `bound` are SYNC_PEAK_MINUTES and what holds at the hour: SYNC_PEAK_MINUTES in peak
hours, SYNC_OFFPEAK_MINUTES outside. No wait is shorter than the pace or longer than the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

RUNS_LOOKED_AT = 12
"""No more runs are needed: twelve doublings of a minute are more than a day."""


class Ending(StrEnum):
    """What came of a run, as far as the next one cares."""

    BUSY = "busy"
    """It brought rows: something changed at Button within the hour that it looked back over."""
    QUIET = "quiet"
    FAILED = "failed"
    CUT_SHORT = "cut short"
    """It did not come to the end of its window, or of what is newer: more is waiting."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """One run of the past."""

    started_at: datetime
    ending: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """How long, and why, in words for ops."""

    length: timedelta
    why: str


def wait_after(runs: Sequence[Ended], *, pace: timedelta, bound: timedelta) -> Wait:
    """The wait after the latest of `runs`, newest first."""
    latest = runs[0]
    if latest.ending is Ending.CUT_SHORT:
        return Wait(length=timedelta(0), why="the last run did not come to the end")
    if bound <= pace:
        return Wait(length=bound, why="the shortest interval holds")
    if latest.ending is Ending.FAILED:
        failures = _leading(runs, Ending.FAILED)
        length = min(pace * 2 ** (failures - 1), bound)
        return Wait(length=length, why=f"the last {failures} failed: each doubles the wait")
    if latest.ending is Ending.BUSY:
        return Wait(length=pace, why="the last run brought rows")
    if len(runs) > 1 and runs[1].ending is Ending.FAILED:
        return Wait(length=pace, why="the run before the last one failed")
    return Wait(length=bound, why="the last run brought no row")


def _leading(runs: Sequence[Ended], ending: Ending) -> int:
    count = 0
    for run in runs:
        if run.ending is not ending:
            break
        count += 1
    return count
