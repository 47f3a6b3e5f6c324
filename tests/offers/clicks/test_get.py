"""GET clicks/, and the same for the publisher's back end."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from offers.clicks.models import Click, LinkProblem
from offers.clicks.queries import click_of
from offers.clicks.services import record_click
from offers.models import MerchantOverlay
from rewards_site.kernel.errors import NotFound
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_member
from tests.api_keys.calling import ask, make_key
from tests.factories import MEMBER, MERCHANT, NOON
from tests.members.calling import call, problem_of, read
from tests.offers.clicks.tapping import shown_to, tapped

pytestmark = pytest.mark.django_db


def test_nothing_yet_for_a_member_never_seen() -> None:
    assert read("clicks/") == {"next": None, "previous": None, "results": []}
    assert not Member.objects.exists()


def test_the_members_own_clicks_newest_first() -> None:
    first = tapped(link="https://r.bttn.io?one")
    tapped("u-other")
    second = record_click(
        shown=shown_to(),
        member=ensure_member(MEMBER, at=NOON),
        at=NOON + timedelta(minutes=1),
        link_problem=LinkProblem.NOT_APPROVED,
    )

    reward = {"type": "percent", "value": "3.25", "currency": None}
    merchant = {"merchant_id": MERCHANT, "name": MERCHANT}
    assert read("clicks/")["results"] == [
        {
            "click_id": str(second.public_id),
            "merchant": merchant,
            "offer_id": second.offer_id,
            "reward": reward,
            "clicked_at": "2026-11-20T12:01:00Z",
            "link": None,
            "link_problem": "not_approved",
        },
        {
            "click_id": str(first.public_id),
            "merchant": merchant,
            "offer_id": first.offer_id,
            "reward": reward,
            "clicked_at": "2026-11-20T12:00:00Z",
            "link": "https://r.bttn.io?one",
            "link_problem": None,
        },
    ]


def test_a_merchant_is_called_as_ops_have_it(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    tapped()
    tapped(merchant_id="org-other")
    MerchantOverlay.objects.create(merchant_id=MERCHANT, shown_name="Brand!", changed_at=NOON)

    with django_assert_num_queries(3):
        rows = read("clicks/")["results"]

    names = {row["merchant"]["merchant_id"]: row["merchant"]["name"] for row in rows}
    assert names == {MERCHANT: "Brand!", "org-other": "org-other"}


def test_pages(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    for _ in range(5):
        tapped()

    first = read("clicks/?limit=2")
    with django_assert_num_queries(3):
        second = read(first["next"])
    third = read(second["next"])

    ids = [row["click_id"] for page in (first, second, third) for row in page["results"]]
    assert ids == [str(click.public_id) for click in Click.objects.order_by("-public_id")]
    assert third["next"] is None
    problem_of(call("clicks/?cursor=nonsense"), status=400)


def test_who_was_merged_sees_the_clicks_of_both_ids() -> None:
    old, new = tapped("u-old"), tapped("u-new")
    Member.objects.filter(customer_id="u-old").update(same_as=new.member)

    for customer_id in ("u-old", "u-new"):
        rows = read("clicks/", customer_id=customer_id)["results"]
        assert [row["click_id"] for row in rows] == [str(new.public_id), str(old.public_id)]
    assert click_of(old.public_id, new.member) == old


def test_a_click_is_its_members_alone() -> None:
    click, other = tapped(), tapped("u-other")

    assert click_of(click.public_id, click.member) == click
    with pytest.raises(NotFound):
        click_of(click.public_id, other.member)


def test_the_back_end_reads_the_same_and_cannot_tap() -> None:
    tapped()
    key = make_key().text

    assert ask(key, "clicks/").json() == read("clicks/")
    problem_of(ask(key, "clicks/", method="POST"), status=405)
    assert Click.objects.count() == 1
