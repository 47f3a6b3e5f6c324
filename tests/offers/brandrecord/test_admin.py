"""«Expected dates» in the admin, as ops read it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from offers.brandrecord.models import BrandMeasure, BrandRecord
from offers.models import Merchant, MerchantProfile
from tests.admin_world import make_staff
from tests.factories import MERCHANT, NOON

pytestmark = pytest.mark.django_db

LIST = "/admin/brandrecord/brandrecord/"
PAGE = f"{LIST}{MERCHANT}/change/"
DAY = timedelta(days=1)
COUNTS: dict[str, Any] = {"pending_count": 12, "declined_count": 5}


@pytest.fixture
def record() -> BrandRecord:
    """A brand of which 41 of 50 orders fell inside, measured on two nights."""
    merchant = Merchant.objects.create(merchant_id=MERCHANT, name="<b>Bold</b>", first_seen_at=NOON)
    MerchantProfile.objects.create(
        merchant=merchant,
        finalization_window_minutes=30 * 1440,
        described_at=NOON,
        read_at=NOON,
        changed_at=NOON,
    )
    for night, median_days in ((0, 30), (1, 31)):
        BrandMeasure.objects.create(
            merchant=merchant,
            measured_on=(NOON + night * DAY).date(),
            measured_at=NOON + night * DAY,
            median_days=median_days,
            low_days=27,
            high_days=36,
            validated_count=100,
            from_at=NOON - 90 * DAY,
            **COUNTS,
        )
    return BrandRecord.objects.create(
        merchant=merchant,
        median_days=31,
        low_days=27,
        high_days=36,
        sample_size=100,
        **COUNTS,
        from_at=NOON - 89 * DAY,
        until_at=NOON + DAY,
        measured_at=NOON + DAY,
        waits=[[26, 8], [30, 60], [31, 20], [45, 12]],
        months=[
            {
                "month": "2026-09",
                "low_days": 27,
                "high_days": 35,
                "inside": 41,
                "early": 4,
                "late": 5,
                "undecided": 3,
            }
        ],
        judged_count=50,
        inside_count=41,
    )


def page(client: Client, address: str) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


@pytest.mark.parametrize("role", ["Ops", "Finance", "Support", "Auditor"])
def test_all_staff_read_what_is_expected_of_each_brand(
    client: Client, record: BrandRecord, role: str
) -> None:
    client.force_login(make_staff(role))

    text = page(client, LIST)

    for told in ("&lt;b&gt;Bold&lt;/b&gt;", "30 days", "31 days", "27 to 36 days"):
        assert told in text
    assert "82 % (41 of 50)" in text
    assert ">holds</span>" in text


def test_a_brands_page_shows_months_nights_and_how_long_orders_took(
    admin_client: Client, record: BrandRecord
) -> None:
    text = page(admin_client, PAGE).replace("\n", "")

    assert "Expected dates of &lt;b&gt;Bold&lt;/b&gt;" in text
    assert "<td>2026-09</td><td>27 to 35 days</td>" in text
    assert '<td class="number">4</td><td class="number">5</td><td class="number">3</td>' in text
    assert "<td>30 days</td>" in text  # the night before
    assert "<title>30 days: 60</title>" in text
    assert text.count("<rect ") == 20  # a bar for each of the days 26 to 45
    assert "style=" not in text.partition("<svg")[2].partition("</svg>")[0]


def test_a_brand_that_drifts_says_since_when_and_can_be_found(
    admin_client: Client, record: BrandRecord
) -> None:
    BrandRecord.objects.update(drifting_since=NOON)

    assert "wrong since 2026-11-20" in page(admin_client, f"{LIST}?state=drifting")
    BrandRecord.objects.update(drifting_since=None)
    assert MERCHANT not in page(admin_client, f"{LIST}?state=drifting")


def test_the_empty_page_says_when_the_first_figures_come(admin_client: Client) -> None:
    text = page(admin_client, LIST)

    assert "A brand&#x27;s first figures come when 30 of its orders were validated" in text
    assert "The worker (manage.py qcluster) does it every night" in page(
        admin_client, "/admin/brandrecord/brandmeasure/"
    )


def test_long_waits_are_drawn_in_thirty_bars_at_most(
    admin_client: Client, record: BrandRecord
) -> None:
    BrandRecord.objects.update(waits=[[0, 1], [99, 7]])

    text = page(admin_client, PAGE)

    assert text.count("<rect ") == 25  # of four days each
    assert "<title>96 to 99 days: 7</title>" in text
