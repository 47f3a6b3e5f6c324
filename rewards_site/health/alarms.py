"""Alarms: opened and closed by what the registered checks find; told to people, never in a flood.

- What is found twice in a row, a sweep apart, opens an alarm for people; a blip troubles nobody.
- It is told when it opened, at most once a day while it is open, and when it is over.
- It is over after a calm of ten minutes, doubled for each alarm of the same check within a day, up
  to six hours: a check that flaps all day sends some ten messages, not hundreds.

A message is a row written in the commit that changes the alarm (notices.py sends it afterwards).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from rewards_site.health import registry
from rewards_site.health.models import Alarm, Notice, NoticeKind
from rewards_site.health.notices import channels
from rewards_site.kernel.db import atomic, insert_missing, overwrite

log = logging.getLogger(__name__)

YOUNG = timedelta(seconds=50)
"""Two sweeps are a minute apart."""
CALM = timedelta(minutes=10)
CALM_MAX = timedelta(hours=6)
TOLD_AGAIN = timedelta(days=1)
_WHAT_LENGTH_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One finding as the landing page shows it."""

    name: str
    what: str
    since: datetime | None
    """When its alarm opened; null: no sweep has seen it yet."""
    is_clear: bool = False
    """The check finds nothing any more; the alarm closes if it stays so."""


def sweep(*, at: datetime) -> list[Alarm]:
    """Open, keep and close alarms by what all checks find now; those whose state changed.

    Raises: DatabaseError.
    """
    found = {name: what[:_WHAT_LENGTH_MAX] for name, what in registry.degraded(at=at)}
    with atomic():
        alarms = _locked_open()
        known = {alarm.name for alarm in alarms}
        insert_missing(
            Alarm(name=name, what=found[name], opened_at=at, last_seen_at=at)
            for name in sorted(found.keys() - known)
        )
        flaps = _opened_within_a_day(known - found.keys(), at=at)
        notices: list[Notice] = []
        for alarm in alarms:
            if alarm.name in found:
                notices += _seen(alarm, found[alarm.name], at=at)
            else:
                notices += _not_seen(alarm, calm=_calm(flaps[alarm.name]), at=at)
        overwrite(
            alarms, ["what", "last_seen_at", "clear_since", "closed_at", "told_at", "told_count"]
        )
        insert_missing(notices)
    changed = [alarm for alarm in alarms if at in (alarm.told_at, alarm.closed_at)]
    for alarm in changed:
        log.warning(
            "alarm.closed" if alarm.closed_at else "alarm.open",
            extra={"alarm": alarm.pk, "check": alarm.name, "what": alarm.what},
        )
    return changed


def standing(*, at: datetime) -> list[Standing]:
    """All that is wrong now, and what was wrong a moment ago, for the landing page."""
    found = registry.findings(at=at)
    opened = {alarm.name: alarm for alarm in Alarm.objects.filter(closed_at__isnull=True)}
    lines = [
        Standing(name=name, what=what, since=opened[name].opened_at if name in opened else None)
        for name, what in found.items()
        if what
    ]
    lines += [
        Standing(name=name, what=alarm.what, since=alarm.opened_at, is_clear=True)
        for name, alarm in sorted(opened.items())
        if not found.get(name) and alarm.told_count
    ]
    return lines


def open_names(*, with_calm: bool) -> list[str]:
    """The checks whose alarm is open and old enough to have been told.

    `with_calm`: also those that find nothing any more and wait to be closed.
    """
    rows = Alarm.objects.filter(closed_at__isnull=True, told_count__gt=0)
    if not with_calm:
        rows = rows.filter(clear_since__isnull=True)
    return list(rows.order_by("name").values_list("name", flat=True))


def prune(*, at: datetime) -> int:
    """Delete alarms that closed over 400 days ago, with their messages; how many."""
    old = Alarm.objects.filter(closed_at__lt=at - timedelta(days=400))
    with atomic():
        Notice.objects.filter(alarm__in=old).delete()
        return int(old.delete()[0])


def _locked_open() -> list[Alarm]:
    rows = Alarm.objects.select_for_update(of=("self",), no_key=True)
    return list(rows.filter(closed_at__isnull=True).order_by("pk"))


def _opened_within_a_day(names: Iterable[str], *, at: datetime) -> Counter[str]:
    """How many alarms of each check were told and closed within a day."""
    names = sorted(names)
    if not names:
        return Counter()
    rows = Alarm.objects.filter(
        name__in=names,
        opened_at__gte=at - timedelta(days=1),
        closed_at__isnull=False,
        told_count__gt=0,
    )
    return Counter(rows.values_list("name", flat=True))


def _calm(flaps: int) -> timedelta:
    doubled: int = 2 ** min(flaps, 10)
    return min(CALM_MAX, CALM * doubled)


def _seen(alarm: Alarm, what: str, *, at: datetime) -> list[Notice]:
    alarm.what, alarm.last_seen_at, alarm.clear_since = what, at, None
    if alarm.told_at is None:
        is_due = at - alarm.opened_at >= YOUNG
        return _told(alarm, NoticeKind.OPENED, at=at) if is_due else []
    is_due = at - alarm.told_at >= TOLD_AGAIN
    return _told(alarm, NoticeKind.STILL_OPEN, at=at) if is_due else []


def _not_seen(alarm: Alarm, *, calm: timedelta, at: datetime) -> list[Notice]:
    alarm.clear_since = alarm.clear_since or at
    if alarm.told_at is None:  # nobody was told: nobody needs to hear that it is over
        alarm.closed_at = max(at, alarm.opened_at)
        return []
    if at - alarm.clear_since < calm:
        return []
    alarm.closed_at = max(at, alarm.opened_at)
    return _told(alarm, NoticeKind.CLOSED, at=at)


def _told(alarm: Alarm, kind: NoticeKind, *, at: datetime) -> list[Notice]:
    number = alarm.told_count
    alarm.told_at, alarm.told_count = at, number + 1
    return [
        Notice(
            alarm=alarm,
            number=number,
            kind=kind,
            channel=channel,
            what=alarm.what,
            created_at=at,
            not_before=at,
        )
        for channel in channels()
    ]
