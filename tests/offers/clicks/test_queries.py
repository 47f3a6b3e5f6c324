"""The click that a reference names: by its exact text, or none."""

from __future__ import annotations

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from offers.clicks.listing import Listed
from offers.clicks.queries import ClickFacts, asked_by_pub_ref, clicks_by_pub_ref
from rewards_site.kernel.rows import ask
from tests.factories import MEMBER, MERCHANT, NOON
from tests.offers.clicks.tapping import tapped

pytestmark = pytest.mark.django_db


def test_what_an_order_hangs_on() -> None:
    click = tapped(listed=Listed(value="12.50", currency="USD"))

    assert clicks_by_pub_ref({click.pub_ref}) == {
        click.pub_ref: ClickFacts(
            pk=click.pk,
            public_id=click.public_id,
            member_id=click.member_id,
            customer_id=MEMBER,
            holder_id=click.member_id,
            holder_customer_id=MEMBER,
            merchant_id=MERCHANT,
            clicked_at=NOON,
            terms={"type": "share", "share_bps": 5000, "source": "default share"},
            offer_id=click.offer_id,
            listed=Listed(value="12.50", currency="USD"),
        )
    }


def test_one_statement_for_many_and_the_same_text_for_any_number(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    clicks = [tapped(f"u-{number}") for number in range(30)]
    refs = {click.pub_ref for click in clicks} | {f"c-{number}" for number in range(2000)}

    with django_assert_num_queries(1):
        found = clicks_by_pub_ref(refs)

    assert {ref: facts.pk for ref, facts in found.items()} == {
        click.pub_ref: click.pk for click in clicks
    }
    one, many = asked_by_pub_ref({clicks[0].pub_ref}), asked_by_pub_ref(refs)
    assert one is not None
    assert many is not None
    assert one.sql == many.sql
    assert len(ask(one, many)[1]) == 30


def test_texts_that_cannot_be_ours_are_not_even_asked_for(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    with django_assert_num_queries(0):
        assert clicks_by_pub_ref(set()) == {}
        assert clicks_by_pub_ref({"", "a b", "x\x00", "\ud800", "é", "a%2F", "x" * 512}) == {}


def test_only_the_exact_text() -> None:
    ref = tapped().pub_ref

    assert clicks_by_pub_ref({ref.swapcase(), ref.lower(), ref[:-1], ref + "A"}) == {}
    assert connection.vendor in {"sqlite", "postgresql"}
