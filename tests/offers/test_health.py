from __future__ import annotations

from datetime import timedelta

import pytest
import responses
from django.test import Client

from offers.health import catalog_is_wrong, catalog_metrics, inspect_catalog
from offers.models import CatalogRun
from rewards_site.kernel import clock
from tests.factories import NOON, observe, tell
from tests.offers.brands import answer, listed, read_catalog, wire_brand

pytestmark = pytest.mark.django_db


def ran(status: str, *, days: float = 0) -> None:
    at = NOON + timedelta(days=days)
    CatalogRun.objects.create(status=status, started_at=at, finished_at=at)


def test_an_empty_house_has_nothing_to_read() -> None:
    assert catalog_is_wrong(NOON) == ""


def test_a_catalogue_older_than_three_days_is_told() -> None:
    ran("done")

    assert catalog_is_wrong(NOON + timedelta(days=3)) == ""
    assert catalog_is_wrong(NOON + timedelta(days=3, minutes=1)) == (
        "the brands were last read at 2026-11-20 12:00 UTC"
    )


def test_a_failed_last_run_is_told_until_one_ends_well() -> None:
    ran("done")
    ran("failed", days=1)
    assert catalog_is_wrong(NOON + timedelta(days=1)) == "the last reading of the brands failed"

    ran("done", days=1.1)
    assert catalog_is_wrong(NOON + timedelta(days=1.2)) == ""


def test_brands_that_were_never_read_are_told_after_three_days() -> None:
    tell(observe(), at=NOON)

    assert catalog_is_wrong(NOON + timedelta(days=2)) == ""
    assert catalog_is_wrong(NOON + timedelta(days=4)) == (
        "the brands were never read: run manage.py sync_merchants"
    )


def test_ready_names_it_and_still_serves(client: Client, button: responses.RequestsMock) -> None:
    listed(button, wire_brand())
    read_catalog()
    assert "catalogue" not in str(client.get("/health/ready/").json()["degraded"])
    answer(button, "{}", status=403)
    read_catalog()

    probe = client.get("/health/ready/")

    assert probe.status_code == 200
    assert "the last reading of the brands failed" in str(probe.json())
    assert catalog_is_wrong(clock.now()) == "the last reading of the brands failed"


def test_the_metrics_tell_age_and_merchants(button: responses.RequestsMock) -> None:
    tell(observe(merchant_id="org-by-order"))
    listed(button, wire_brand(), wire_brand("org-2", is_live_ready=False), {"id": 5})
    read_catalog()
    CatalogRun.objects.update(started_at=NOON)

    told = {
        (sample.name, *sample.labels.values()): sample.value
        for metric in catalog_metrics(NOON + timedelta(hours=1))
        for sample in metric.samples
    }

    assert told == {
        ("rewards_catalogue_age_seconds",): 3600,
        ("rewards_merchants", "active"): 1,
        ("rewards_merchants", "inactive"): 1,
        ("rewards_merchants", "not_described"): 1,
        ("rewards_brands_refused",): 1,
    }


def test_check_button_says_how_the_catalogue_is(button: responses.RequestsMock) -> None:
    assert [(line.verdict, line.what_to_do) for line in inspect_catalog(NOON)] == [
        ("WARN", "run manage.py sync_merchants.")
    ]
    listed(button, wire_brand())
    read_catalog()
    CatalogRun.objects.update(started_at=NOON)

    assert [(line.verdict, line.said) for line in inspect_catalog(NOON)] == [
        ("OK", "1 listed, last read at 2026-11-20 12:00 UTC")
    ]
    late = [line.verdict for line in inspect_catalog(NOON + timedelta(days=4))]
    assert late == ["WARN"]
