"""From the page of offers through a tap to support's desk, over HTTP."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import Settings
from responses import RequestsMock

from offers.clicks.models import Click
from offers.decisions import log
from offers.decisions.models import RateDecision
from offers.decisions.packing import unpacked
from offers.decisions.rederive import rederive
from rewards_site.health import tallies
from tests.admin_world import make_staff
from tests.conftest import CommittedDatabase
from tests.factories import MERCHANT
from tests.members.calling import call
from tests.offers.brands import listed, read_catalog, wire_brand
from tests.offers.clicks.test_post import LINK, links
from tests.offers.menus import brand, fixed, offered, only_offer, percent
from tests.offers.rules.making import A_THIRD, published


@pytest.fixture
def kept(settings: Settings) -> Iterator[log.DecisionLog]:
    """The log of this process, as a web server's; gone with the test."""
    settings.RATE_DECISIONS_DAYS = 30
    settings.BUTTON_OFFERS_RATE_LIMIT = 20
    log._of_process.cache_clear()
    yield log._of_process(os.getpid())
    log._of_process.cache_clear()
    tallies._counts.clear()


def test_what_was_shown_is_what_a_tap_freezes_and_what_support_reads(
    committed_db: CommittedDatabase, kept: log.DecisionLog, button: RequestsMock, client: Client
) -> None:
    listed(button, wire_brand())
    read_catalog()
    published("Spring", A_THIRD)
    links(button)
    offered(button, brand(MERCHANT, percent("offer-1", "6.5", category="Running shoes")))

    offer = only_offer()
    published("Summer", share_bps=9000)  # in force from noon of some days ago, yet not shown
    answer = call("clicks/", method="POST", body={"offer_token": offer["token"]})
    assert answer.status_code == 201, answer.content
    tapped = answer.json()
    kept.end(seconds=20)

    click = Click.objects.get()
    assert (tapped["link"], tapped["reward"]) == (LINK, offer["reward"])
    assert offer["reward"] == {"type": "percent", "value": "2.1664", "currency": None}
    assert click.terms["source"] == "rule «Spring» v1"
    decision = RateDecision.objects.get()
    [shown] = unpacked(decision.payload.body).brands
    assert decision.shown_at == click.shown_at
    assert shown.terms.as_json() == click.terms
    assert shown.offers[0].reward.as_json() == click.reward
    client.force_login(make_staff("Support"))
    page = client.get(f"/admin/rate_decisions/ratedecision/{decision.pk}/change/")
    assert "2.1664 % back" in page.content.decode()


def test_live_offers_are_reckoned_again_to_the_same(
    committed_db: CommittedDatabase, kept: log.DecisionLog, button: RequestsMock
) -> None:
    published("Spring", A_THIRD)
    brands = [
        brand("org-1", percent("offer-1", "6.5"), fixed("offer-2", "12.50", "USD")),
        brand("org-2", percent("offer-3", "3", category="Shoes, boots & more")),
    ]
    offered(button, *brands)

    for _ in range(2):
        assert call("offers/").status_code == 200
    kept.end(seconds=20)

    decisions = list(RateDecision.objects.select_related("payload"))
    assert len(decisions) == 2
    for decision in decisions:
        shown = unpacked(decision.payload.body)
        assert all(one.is_same for one in rederive(shown.brands, at=decision.shown_at))
    assert len({decision.payload_id for decision in decisions}) == 1
