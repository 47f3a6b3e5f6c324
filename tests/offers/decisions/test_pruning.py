"""What was shown is forgotten after the days that ops chose, and no sooner."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, connection
from pytest_django import Settings

from accounts_sync.tasks import forget_rate_decisions
from offers.decisions.models import RateDecision, ShownPayload
from offers.decisions.pruning import Pruned, prune
from offers.decisions.writing import write
from rewards_site.kernel.db import atomic
from tests.factories import NOON
from tests.offers.decisions.samples import brand, listing

pytestmark = pytest.mark.django_db


def days() -> list[int]:
    """How many days before noon's day the decisions that are kept were shown."""
    shown = RateDecision.objects.order_by("-shown_at").values_list("shown_at", flat=True)
    return [(NOON.date() - at.astimezone(UTC).date()).days for at in shown]


@pytest.fixture(autouse=True)
def a_week() -> None:
    for day in range(7):
        at = NOON - timedelta(days=day)
        write([listing(at=at), listing(brand("7"), at=at), listing(customer_id="u-2", at=at)])


def test_the_days_chosen_and_today_are_kept(settings: Settings) -> None:
    settings.RATE_DECISIONS_DAYS = 2

    assert prune(at=NOON) == Pruned(decisions=12, payloads=8)

    assert days() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert ShownPayload.objects.count() == 6
    assert prune(at=NOON) == Pruned()


def test_it_stops_when_told_and_goes_on_later(settings: Settings) -> None:
    settings.RATE_DECISIONS_DAYS = 2

    assert prune(at=NOON, is_over=lambda: True) == Pruned(is_paused=True)
    assert len(days()) == 21


def test_with_nought_days_what_was_written_goes(settings: Settings) -> None:
    settings.RATE_DECISIONS_DAYS = 0

    assert prune(at=NOON) == Pruned(decisions=21, payloads=14)
    assert not ShownPayload.objects.exists()


def test_the_worker_does_it(settings: Settings) -> None:
    settings.RATE_DECISIONS_DAYS = (datetime.now(tz=UTC).date() - NOON.date()).days + 2

    assert forget_rate_decisions() == "done"
    assert days() == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_what_is_kept_is_never_changed() -> None:
    for sql in (
        "UPDATE rate_decisions_ratedecision SET offer_count = 0",
        "UPDATE rate_decisions_shownpayload SET body = ''",
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
