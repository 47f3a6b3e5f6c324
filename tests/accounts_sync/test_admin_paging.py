"""Lists are paged by key, searched by whole ids, and filtered only by what we offer."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from rewards_site.kernel.admin.paging import bounded_count, count_text
from rewards_site.members.models import Member
from tests.factories import NOON, observe, tell
from transactions.models import Transaction

MEMBERS = "/admin/members/member/"
ORDERS = "/admin/transactions/transaction/"


def make_members(count: int) -> None:
    Member.objects.bulk_create(
        Member(customer_id=f"u-{number:04d}", created_at=NOON) for number in range(1, count + 1)
    )


def shown(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return [str(row) for row in answer.context["cl"].result_list]


@pytest.mark.django_db
def test_pages_are_walked_to_the_end_and_back_and_miss_nobody(admin_client: Client) -> None:
    make_members(250)
    seen: list[str] = []
    address = MEMBERS
    for _ in range(3):
        changes = admin_client.get(address).context["cl"]
        seen += [str(row) for row in changes.result_list]
        address = MEMBERS + changes.older_url
    assert seen == [f"u-{number:04d}" for number in range(250, 0, -1)]
    assert changes.older_url == ""

    newer = admin_client.get(MEMBERS + changes.newer_url).context["cl"]
    assert str(newer.result_list[0]) == "u-0150"
    assert shown(admin_client, MEMBERS + newer.newest_url)[0] == "u-0250"


@pytest.mark.django_db
def test_a_page_is_sought_by_its_key_not_by_an_offset(admin_client: Client) -> None:
    make_members(150)
    older = admin_client.get(MEMBERS).context["cl"].older_url
    with CaptureQueriesContext(connection) as captured:
        admin_client.get(MEMBERS + older)

    assert not [query for query in captured.captured_queries if "OFFSET" in query["sql"]]


@pytest.mark.django_db
def test_the_total_stands_below_the_list(admin_client: Client) -> None:
    make_members(1)
    assert "1 member<" in admin_client.get(MEMBERS).content.decode()

    Member.objects.bulk_create(
        Member(customer_id=f"v-{number}", created_at=NOON) for number in range(149)
    )
    assert "150 members<" in admin_client.get(MEMBERS).content.decode()


@pytest.mark.django_db
def test_counting_stops_at_its_bound() -> None:
    make_members(30)

    assert bounded_count(Member.objects.all(), most=20) == 21
    assert count_text(21, most=20) == "more than 20"
    assert count_text(20, most=20) == "20"


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["btnorder-7", "tx-7", "u-seven", "  tx-7 "])
def test_an_order_is_found_by_any_of_its_whole_ids(admin_client: Client, term: str) -> None:
    tell(observe("tx-7", publisher_customer_id="u-seven"), observe("tx-77"))

    assert shown(admin_client, f"{ORDERS}?q={term}") == ["btnorder-7"]


@pytest.mark.django_db
def test_an_order_is_found_by_its_public_id(admin_client: Client) -> None:
    tell(observe("tx-7"), observe("tx-8"))
    order = Transaction.objects.get(order_key="btnorder-8")

    assert shown(admin_client, f"{ORDERS}?q={order.public_id}") == ["btnorder-8"]


@pytest.mark.django_db
@pytest.mark.parametrize("term", ["btnorder", "tx", "' OR 1=1 --", "%", "x" * 5000, "7"])
def test_a_part_of_an_id_finds_nothing_and_says_why(admin_client: Client, term: str) -> None:
    tell(observe("tx-7"))

    answer = admin_client.get(ORDERS, {"q": term})

    assert list(answer.context["cl"].result_list) == []
    assert "Nothing matches." in answer.content.decode()
    assert "A search finds whole ids only" in answer.content.decode()


@pytest.mark.django_db
def test_filters_narrow_the_list(admin_client: Client) -> None:
    tell(
        observe("tx-1", status="pending"),
        observe("tx-2", status="validated"),
        observe("tx-3", publisher_customer_id=None),
        observe("tx-4", is_test=True),
        observe("tx-5", category="app-install", publisher_customer_id=None),
    )

    assert shown(admin_client, f"{ORDERS}?status=validated") == ["btnorder-2"]
    assert shown(admin_client, f"{ORDERS}?unattributed=yes") == ["btnorder-3"]
    assert shown(admin_client, f"{ORDERS}?test=yes") == ["btnorder-4"]
    assert shown(admin_client, f"{ORDERS}?category=app-install") == ["btnorder-5"]
    member = Member.objects.get()
    assert shown(admin_client, f"{ORDERS}?member={member.pk}&status=validated") == ["btnorder-2"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["order_key__contains=b", "member__customer_id__startswith=u", "commission_minor__gt=1"],
)
def test_a_filter_that_would_read_the_whole_table_is_refused(
    admin_client: Client, query: str
) -> None:
    tell(observe("tx-1"))

    assert admin_client.get(f"{ORDERS}?{query}").status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["before=x", "after=9e9", "member=abc", "o=1.-2", "p=99", "e=1"])
def test_a_made_up_address_harms_nothing(admin_client: Client, query: str) -> None:
    tell(observe("tx-1"))

    assert admin_client.get(f"{ORDERS}?{query}", follow=True).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["account=%00", "q=%00", "status=%00"])
def test_a_nul_in_the_address_is_a_bad_request(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"{ORDERS}?{query}").status_code == 400


@pytest.mark.django_db
def test_a_page_that_is_gone_leads_back_home(admin_client: Client) -> None:
    answer = admin_client.get(reverse("admin:members_member_change", args=[404]))

    assert answer.status_code == 302
    assert answer["Location"] == "/admin/"
