"""Button loses webhooks on their way: the page says how many, exactly."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from accounts_sync.missed.measuring import measure
from accounts_sync.missed.models import FoundChange
from rewards_site.button.sandbox.clock import SteppedClock
from tests.admin_world import make_staff
from tests.conftest import CommittedDatabase
from tests.journeys.shop import open_shop

PAGE = "/admin/missed/foundchange/detection/"
ORDERS = 20
DROPPED = 7


@pytest.mark.slow
def test_seven_of_twenty_that_were_dropped_are_seven_of_twenty(
    committed_db: CommittedDatabase, settings: Settings, client: Client
) -> None:
    now = datetime.now(tz=UTC).replace(microsecond=0)
    with open_shop(settings, clock=SteppedClock(now), auto_pause=False) as shop:
        shop.caller.control("webhooks/ping")
        shop.sandbox.advance(timedelta(minutes=1))
        dropped = [shop.caller.order(customer="u-1") for _ in range(3)]
        shop.caller.control("faults", kind="lost", count=DROPPED)
        dropped = [shop.caller.order(customer="u-1") for _ in range(DROPPED)]
        for _ in range(ORDERS - DROPPED - 3):
            shop.caller.order(customer="u-2")
        shop.sandbox.advance(timedelta(minutes=1))
        shop.sync()

        later = datetime.now(tz=UTC) + timedelta(minutes=20)
        measure(at=later)

        client.force_login(make_staff("Ops"))
        page = client.get(PAGE).content.decode()
        lost = set(FoundChange.objects.filter(verdict="lost").values_list("tx_id", flat=True))
        assert lost == {order["tx_id"] for order in dropped}
        assert f"{DROPPED} lost of {ORDERS} changes told" in page
        assert "35.00 %" in page

        hook_id = dropped[0]["hook_ids"][0]
        shop.caller.control(f"deliveries/{hook_id}/resend")
        shop.sandbox.advance(timedelta(minutes=1))
        measure(at=later + timedelta(minutes=20))

        page = client.get(PAGE).content.decode()
        assert f"{DROPPED - 1} lost of {ORDERS} changes told" in page
