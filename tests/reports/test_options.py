"""What people type → a question, or what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from rewards_site.kernel.errors import InvalidInput, NotFound
from rewards_site.reports import options, registry
from rewards_site.reports.writers import Format

JOURNAL = registry.find("journal")


def wrong(**typed: Any) -> dict[str, str]:
    with pytest.raises(InvalidInput) as error:
        options.read(registry.find(typed.pop("report", "journal")), **typed)
    return error.value.fields


def test_nothing_typed_is_everything_now_as_csv() -> None:
    asked = options.read(JOURNAL)

    assert (asked.as_of, asked.start, asked.end, asked.currency) == (None, None, None, "")
    assert asked.format is Format.CSV


@pytest.mark.parametrize(
    "text",
    ["2026-11-01T00:00:00Z", "2026-11-01T01:00:00+01:00", "2026-10-31T19:00:00.000000-05:00"],
)
def test_an_instant_has_its_offset(text: str) -> None:
    assert options.read(JOURNAL, as_of=text).as_of == datetime(2026, 11, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("yesterday", "is not an RFC 3339 time"),
        ("2026-11-01T00:00:00", "has no zone"),
        ("0001-01-01T00:00:00+14:00", "date value out of range"),
    ],
)
def test_an_instant_that_is_none(text: str, said: str) -> None:
    assert said in wrong(as_of=text)["as_of"]


def test_a_day_is_no_instant_and_is_told_which_it_may_mean(settings: Settings) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("Europe/Berlin")

    assert wrong(as_of="2026-10-31")["as_of"] == (
        "'2026-10-31' is a day, not an instant. Its end is the start of the next, such as "
        "2026-11-01T00:00:00+01:00"
    )


def test_days_begin_in_the_zone_of_the_business(settings: Settings) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("Europe/Berlin")

    asked = options.read(JOURNAL, start="2026-03-29", end="2026-03-30")

    assert asked.start == datetime(2026, 3, 28, 23, tzinfo=UTC)
    assert asked.end == datetime(2026, 3, 29, 22, tzinfo=UTC)  # a day of 23 hours


def test_all_that_is_wrong_is_said_at_once() -> None:
    found = wrong(start="x", end="2026-13-01", currency="XXX", format="pdf")

    assert found == {
        "from": "'x' is not a day such as 2026-11-20",
        "to": "'2026-13-01' is not a day such as 2026-11-20",
        "currency": "'XXX' is not an ISO 4217 currency",
        "format": "'pdf' is none of csv, xlsx, parquet, beancount",
    }


def test_a_period_that_is_empty_is_a_mistake() -> None:
    assert "does not lie after from" in wrong(start="2026-11-20", end="2026-11-20")["to"]


def test_the_liability_has_no_period() -> None:
    found = wrong(report="liability", start="2026-11-01", end="2026-12-01")

    assert set(found.values()) == {"liability is of one instant: say as_of instead"}


def test_only_the_journal_has_a_beancount_form() -> None:
    assert wrong(report="transactions", format="beancount") == {
        "format": "transactions has no Beancount form; the journal has one"
    }


def test_a_name_that_is_none_lists_those_that_are() -> None:
    with pytest.raises(NotFound, match=r"There are: .*journal, .*liability, .*transactions"):
        registry.find("profit")
