"""Back-tests in the admin: asking, waiting, the result as a page and as CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.urls import reverse

from offers.rules.promise import Promise
from tests.factories import MEMBER, observe, tell
from tests.offers.rules.making import drafted, make_merchant
from tests.transactions.backtests.test_back_test import back_tested
from transactions.backtests.models import BackTest

pytestmark = pytest.mark.django_db


class TestPages:
    @pytest.fixture
    def client(self, admin_client: Any) -> Any:
        return admin_client

    def test_the_result_as_a_page_and_as_csv(self, client: Any) -> None:
        make_merchant("org-a", "Shoes & Co")
        draft = drafted("Page", Promise(zone="UTC"), share_bps=7_500)
        tell(observe(merchant_id="org-a"))
        test = back_tested(draft)

        page = client.get(reverse("admin:backtests_backtest_change", args=[test.pk]))
        text = client.get(reverse("admin:backtests_backtest_csv", args=[test.pk]))

        html = page.content.decode()
        for shown in ("7.50 USD", "2.50 USD", "Shoes &amp; Co", MEMBER, "<polyline"):
            assert shown in html
        rows = list(csv.DictReader(io.StringIO(text.content.decode())))
        assert [(row["what"], row["key"], row["reward_now"], row["reward_then"]) for row in rows][
            :3
        ] == [
            ("total", "", "500", "750"),
            ("merchant", "org-a", "500", "750"),
            ("day", "2026-11-20", "500", "750"),
        ]
        assert [(row["what"], row["difference"]) for row in rows][3:] == [("winner", "250")]

    def test_asking_by_the_page(self, client: Any) -> None:
        draft = drafted("Asked", Promise(zone="UTC"), share_bps=7_500)
        address = reverse("admin:backtests_backtest_ask")
        of_draft = client.get(reverse("admin:rules_ruleversion_change", args=[draft.pk]))
        assert f"{address}?version={draft.pk}" in of_draft.content.decode()

        assert "Asked" in client.get(address, {"version": draft.pk}).content.decode()
        answer = client.post(
            address, {"version": draft.pk, "first": "2026-11-01", "last": "2026-11-20"}
        )

        test = BackTest.objects.get()
        assert answer["Location"] == reverse("admin:backtests_backtest_change", args=[test.pk])
        assert (test.starts_at.isoformat(), test.ends_at.isoformat()) == (
            "2026-11-01T00:00:00+00:00",
            "2026-11-21T00:00:00+00:00",
        )
        waiting = client.get(answer["Location"]).content.decode()
        assert "It waits for the worker" in waiting

    def test_days_the_wrong_way_round_are_told(self, client: Any) -> None:
        draft = drafted("Backwards", Promise(zone="UTC"), share_bps=7_500)

        answer = client.post(
            reverse("admin:backtests_backtest_ask"),
            {"version": draft.pk, "first": "2026-11-20", "last": "2026-11-01"},
        )

        assert "It is before the first day." in answer.content.decode()
        assert not BackTest.objects.exists()
