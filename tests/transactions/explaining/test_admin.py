"""The page «Explain»: parts that add up, with the orders' whole stories."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from offers.brandrecord.models import BrandRecord
from rewards_site.button.schemas import LineItem
from tests.admin_world import make_staff
from tests.factories import MEMBER, MERCHANT, NOON, observe, tell
from tests.members.calling import call
from tests.spending import pay_out
from tests.transactions.tapping import tap
from transactions.ledger.models import EntryGroup
from transactions.models import Transaction

PAGE = "/admin/transactions/transaction/explain/"
JACKET = LineItem(
    description="Rain jacket", category="outdoor", quantity=1, total_minor=8000,
    commission_minor=1000,
)  # fmt: skip


@pytest.fixture
def support(client: Client, db: None) -> Client:
    client.force_login(make_staff("Support"))
    return client


def page(client: Client, query: str = f"?q={MEMBER}") -> str:
    answer = client.get(PAGE + query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_each_balance_is_the_sum_of_its_parts(support: Client) -> None:
    tell(observe("tx-1", status="validated"))
    tell(observe("tx-2", status="validated", amount_minor=300), observe("tx-3", amount_minor=88))
    pay_out(MEMBER, 520)

    tables = support.get(f"{PAGE}?q={MEMBER}").context["tables"]

    assert [(table.title, table.total, [row.amount for row in table.rows]) for table in tables] == [
        ("Pending", "0.44 USD", ["0.44 USD"]),
        ("Available", "1.30 USD", ["1.30 USD"]),
        ("Redeeming", "0.00 USD", []),
        ("Paid out", "5.20 USD", ["5.00 USD", "0.20 USD"]),
    ]


def test_a_part_tells_tap_lines_terms_and_entries(support: Client) -> None:
    click = tap()
    tell(
        observe(
            "tx-1",
            created_at=NOON + timedelta(seconds=1),
            pub_ref=click.pub_ref,
            purchased_at=NOON,
            lines=(JACKET,),
        )
    )
    BrandRecord.objects.create(
        merchant_id=MERCHANT,
        median_days=30,
        low_days=27,
        high_days=36,
        sample_size=212,
        pending_count=3,
        declined_count=9,
        from_at=NOON - timedelta(days=90),
        until_at=NOON,
        measured_at=NOON,
        judged_count=100,
        inside_count=81,
    )

    html = page(support)

    order = Transaction.objects.get()
    assert f'href="/admin/transactions/transaction/{order.pk}/change/"' in html
    for said in (
        "The store has reported this order and has not confirmed it yet.",
        "rule «Autumn» v2",
        "as promised at the tap",
        "Rain jacket",
        "80.00 USD",
        "margin_pending",
        "Of 212 earlier orders, half were available within 30 days",
        "held for 81 of 100 later orders",
        "A return, a cancellation or a change of the order lowers the reward or ends it.",
    ):
        assert said in html, said
    content = html.partition('id="content-main"')[2]
    assert "<script" not in content
    assert not re.search(r"\sstyle=", content)


def test_who_may_not_open_entries_gets_no_link_to_them(client: Client, db: None) -> None:
    tell(observe("tx-1"))
    client.force_login(make_staff(""))
    assert client.get(PAGE).status_code == 403

    ops = Client()
    ops.force_login(make_staff("Ops"))

    assert f"/admin/ledger/entrygroup/{EntryGroup.objects.get().pk}/" in page(ops)


def test_a_redemption_tells_of_which_orders_it_is(client: Client, db: None) -> None:
    tell(observe("tx-1", status="validated"))
    tell(observe("tx-2", status="validated", amount_minor=300))
    row = pay_out(MEMBER, 520)
    client.force_login(make_staff("Ops"))

    answer = client.get(f"/admin/redemptions/redemption/{row.pk}/change/")

    [panel] = [each for each in answer.context["panels"] if each.title.startswith("Of which")]
    assert [(re.sub("<[^>]*>", "", str(line[0])), line[1]) for line in panel.rows] == [
        ("order btnorder-1", "5.00 USD"),
        ("order btnorder-2", "0.20 USD"),
    ]


def test_whom_nobody_knows_and_who_has_nothing(support: Client) -> None:
    tap()  # makes a member without money

    assert "No member has this customer id." in page(support, "?q=nobody")
    assert "Enter a customer id" in page(support, "")
    assert "has never had any money" in page(support)


def test_the_member_page_and_the_landing_page_lead_to_it(support: Client) -> None:
    tell(observe("tx-1"))
    member = Transaction.objects.get().member_id

    assert (
        f"{PAGE}?q={MEMBER}&amp;currency=USD"
        in support.get(f"/admin/members/member/{member}/change/").content.decode()
    )
    assert f'action="{PAGE}"' in support.get("/admin/").content.decode()


def test_more_than_fifty_parts_still_make_the_total(support: Client) -> None:
    tell(*(observe(f"tx-{number}") for number in range(1, 61)))

    [pending, *_others] = support.get(f"{PAGE}?q={MEMBER}").context["tables"]

    assert (len(pending.rows), pending.total, pending.more) == (
        50,
        "300.00 USD",
        "10 more parts: 50.00 USD",
    )


def test_the_statements_do_not_grow_with_the_parts(support: Client) -> None:
    tell(observe("tx-1", pub_ref=tap().pub_ref))
    with CaptureQueriesContext(connection) as one:
        page(support)
    tell(*(observe(f"tx-{number}") for number in range(2, 20)))

    with CaptureQueriesContext(connection) as many:
        page(support)

    assert len(many) <= len(one) + 1


def test_damaged_books_are_told_and_not_explained_away(
    support: Client, corrupt: Callable[[str], None]
) -> None:
    tell(observe("tx-1"))
    tell(observe("tx-1", minutes=5, status="declined"))
    corrupt("UPDATE ledger_entry SET debit_minor = 600 WHERE debit_minor = 500 AND number > 0")

    assert "Its entries do not add up: run manage.py verify_ledger" in page(support)
    assert call("balances/USD/explanation/").status_code == 409
