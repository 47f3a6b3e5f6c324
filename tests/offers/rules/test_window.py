"""A window is told by the clocks of a place; the books go by instants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.rules.window import Window, instant_in, window_in
from rewards_site.kernel.errors import InvalidInput

ZONES = st.sampled_from(
    [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",  # half an hour of summer time
        "Pacific/Apia",  # a day that never was, in 2011
        "Asia/Kathmandu",
        "Africa/Casablanca",  # back for a month, every year
    ]
)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "told", "instant"),
    [
        ("UTC", "2026-11-27T00:00", "2026-11-27T00:00Z"),
        ("Europe/Berlin", "2026-11-27T00:00", "2026-11-26T23:00Z"),
        ("Europe/Berlin", "2026-07-01T00:00", "2026-06-30T22:00Z"),
        ("America/New_York", "2026-11-27T00:00", "2026-11-27T05:00Z"),
        ("Asia/Kathmandu", "2026-11-27T00:00", "2026-11-26T18:15Z"),
        # Clocks jump from 02:00 to 03:00: what never comes is the jump.
        ("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z"),
        ("Europe/Berlin", "2026-03-29T02:00", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-03-29T02:30:00.5", "2026-03-29T01:00Z"),
        ("Europe/Berlin", "2026-03-29T03:00", "2026-03-29T01:00Z"),
        ("Australia/Lord_Howe", "2026-10-04T02:10", "2026-10-03T15:30Z"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30T10:00Z"),
        # Clocks go from 03:00 back to 02:00: of the two it is the first.
        ("Europe/Berlin", "2026-10-25T02:00", "2026-10-25T00:00Z"),
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30Z"),
        ("Europe/Berlin", "2026-10-25T03:00", "2026-10-25T02:00Z"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30Z"),
    ],
)
def test_a_local_time_is_one_instant(zone: str, told: str, instant: str) -> None:
    assert instant_in(zone, local(told)) == datetime.fromisoformat(instant)


@given(ZONES, st.datetimes(datetime(1995, 1, 1), datetime(2037, 1, 1)))  # noqa: DTZ001
def test_a_time_that_clocks_show_is_shown_at_its_instant(zone: str, told: datetime) -> None:
    instant = instant_in(zone, told)

    shown = instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    assert shown >= told
    if shown > told:  # it never came: a moment before the instant, clocks showed less
        before = (instant - timedelta.resolution).astimezone(ZoneInfo(zone))
        assert before.replace(tzinfo=None) < told


@given(
    ZONES,
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001
    st.timedeltas(timedelta(0), timedelta(hours=3)),
)
def test_what_is_later_on_the_clock_is_never_an_earlier_instant(
    zone: str, told: datetime, later: timedelta
) -> None:
    assert instant_in(zone, told) <= instant_in(zone, told + later)


def test_windows_that_adjoin_leave_no_gap_and_no_overlap_when_clocks_go_back() -> None:
    night = local("2026-10-25T02:30")
    before = window_in("Europe/Berlin", starts=None, ends=night)
    after = window_in("Europe/Berlin", starts=night, ends=None)

    for minutes in range(0, 180, 15):
        at = datetime(2026, 10, 25, tzinfo=UTC) + timedelta(minutes=minutes)
        assert before.contains(at) is not after.contains(at)


def test_a_day_is_as_long_as_its_clocks_make_it() -> None:
    window = window_in(
        "Europe/Berlin", starts=local("2026-10-25T00:00"), ends=local("2026-10-26T00:00")
    )

    assert window == Window(
        starts_at=datetime(2026, 10, 24, 22, tzinfo=UTC),
        ends_at=datetime(2026, 10, 25, 23, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "zone",
    [
        *("Europe/Atlantis", "../../etc/passwd", "", "/UTC", "Europe", "europe/berlin"),
        *("localtime", "posixrules", "Factory", "posix/UTC", "right/Europe/Berlin"),
    ],
)
def test_what_is_no_zone_is_refused(zone: str) -> None:
    with pytest.raises(InvalidInput, match="is no time zone: write it like Europe/Berlin") as told:
        instant_in(zone, local("2026-11-27T00:00"))

    assert list(told.value.fields) == ["zone"]


@pytest.mark.parametrize(
    ("starts", "ends", "field"),
    [
        ("2026-11-27T00:00", "2026-11-27T00:00", "ends"),
        ("2026-11-28T00:00", "2026-11-27T00:00", "ends"),
        ("2026-03-29T02:10", "2026-03-29T02:50", "ends"),  # within an hour that never comes
        ("2026-11-27T00:00+01:00", None, "starts"),
        ("0001-01-01T00:00", None, "starts"),
        (None, "9999-12-31T23:59", "ends"),
    ],
)
def test_a_window_that_cannot_be_is_refused_by_its_field(
    starts: str | None, ends: str | None, field: str
) -> None:
    zone = "Europe/Berlin" if field == "starts" or starts else "America/New_York"

    with pytest.raises(InvalidInput) as told:
        window_in(
            zone,
            starts=None if starts is None else local(starts),
            ends=None if ends is None else local(ends),
        )

    assert list(told.value.fields) == [field]
