"""What members were shown, as staff look it up."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from offers.decisions.models import RateDecision, ShownPayload
from offers.decisions.writing import write
from offers.rules.terms import CategoryShare, Terms
from tests.admin_world import make_staff
from tests.factories import MEMBER, NOON
from tests.offers.decisions.samples import DEFAULT, brand, listing

pytestmark = pytest.mark.django_db
LIST = "/admin/rate_decisions/ratedecision/"


@pytest.fixture
def support(client: Client) -> Client:
    client.force_login(make_staff("Support"))
    return client


def text_of(client: Client, address: str, **query: str) -> str:
    answer = client.get(address, query)
    assert answer.status_code == 200
    return " ".join(str(answer.content.decode()).split())


def page_of(decision: RateDecision) -> str:
    return f"{LIST}{decision.pk}/change/"


def test_a_decision_is_shown_and_reckoned_again(support: Client) -> None:
    shoes = CategoryShare(category="Shoes", share_bps=1000)
    other = Terms(source="rule «Gone» v1", share_bps=9000, category_shares=(shoes,))
    good = brand("6.5", merchant_id="org-good")
    bad = brand("10", merchant_id="org-<b>bad", terms=other, category="Boots")
    write([listing(good), listing(good, bad)])
    first, second = RateDecision.objects.order_by("pk")

    same, different = text_of(support, page_of(first)), text_of(support, page_of(second))

    assert "The rules that were in force then give what was shown." in same
    assert "3.25 % back" in same
    assert "50 % of the commission (default share)" in same
    assert "every brand" in same
    assert "1 of 2 brands come out otherwise today" in different
    assert "org-&lt;b&gt;bad" in different
    assert "90 % of the commission; «Shoes»: 10 % of the commission" in different
    assert "today: 50 % of the commission (default share)" in different
    assert "different: 5 % back" in different


def test_found_by_member_and_time(support: Client) -> None:
    write(
        [
            listing(),
            listing(at=NOON + timedelta(days=1)),
            listing(customer_id="u-other"),
        ]
    )
    first, second, other = RateDecision.objects.order_by("pk")

    def found(term: str) -> set[int]:
        text = text_of(support, LIST, q=term)
        return {row.pk for row in (first, second, other) if page_of(row) in text}

    assert found(MEMBER) == {first.pk, second.pk}
    assert found("2026-11-20") == {first.pk, other.pk}
    assert found(f"{MEMBER} 2026-11-20") == {first.pk}
    assert found("2026-11-20T12:59") == {first.pk, other.pk}
    assert found("2026-11-20T13:02Z") == set()
    assert found("9999-12-31") == set()
    assert found("u-nobody") == set()


def test_the_members_page_and_a_payload_of_another_version(support: Client) -> None:
    write([listing()])
    decision = RateDecision.objects.get()
    other = ShownPayload.objects.create(day=NOON.date(), digest=b"x", body=b"of another version")
    unreadable = RateDecision.objects.create(
        member=decision.member, shown_at=NOON, payload=other, brand_count=1, offer_count=1
    )

    assert page_of(decision) in text_of(
        support, f"/admin/members/member/{decision.member_id}/change/"
    )
    assert "It was written by another version of this program" in text_of(
        support, page_of(unreadable)
    )


def test_a_listing_of_many_offers_has_a_page(support: Client) -> None:
    many = [brand(*(["6.5"] * 20), merchant_id=f"org-{number}") for number in range(40)]
    write([listing(*many, replace(brand("1", terms=DEFAULT), exclusions=()))])

    text = text_of(support, page_of(RateDecision.objects.get()))

    assert "The first 500 of 801 offers." in text
    assert "org-10" in text
