"""What staff read on an order's page, a member's page, a Button account's page."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client

from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from rewards_site.members.models import Member
from tests.admin_world import make_staff
from tests.factories import ACCOUNT, MEMBER, observe, tell
from transactions.button_accounts import set_share_mode
from transactions.models import ButtonAccount, Transaction, TransactionRevision

ORDERS = "/admin/transactions/transaction/"


def panel_of(client: Client, address: str, title: str) -> Panel:
    panels: list[Panel] = client.get(address).context["panels"]
    return next(panel for panel in panels if panel.title == title)


def order_address() -> str:
    return f"{ORDERS}{Transaction.objects.get().pk}/change/"


@pytest.mark.django_db
def test_text_from_button_cannot_run_in_the_page(admin_client: Client) -> None:
    evil = "<script>alert(1)</script>"
    tell(
        observe(
            "tx-<b>1",
            button_order_id=f"order{evil}",
            merchant_name=f"Brand{evil}",
            merchant_id=f"org-{evil}",
            pub_ref=evil,
            publisher_customer_id=evil,
        )
    )
    revision = TransactionRevision.objects.get()

    for address in (
        ORDERS,
        order_address(),
        f"/admin/transactions/transactionrevision/{revision.pk}/change/",
        f"/admin/members/member/{Member.objects.get().pk}/change/",
        "/admin/offers/merchant/",
        "/admin/",
    ):
        page = admin_client.get(address).content.decode()
        assert "<script>alert" not in page
    assert (
        "&lt;script&gt;alert(1)&lt;/script&gt;"
        in admin_client.get(order_address()).content.decode()
    )


@pytest.mark.django_db
def test_no_page_needs_an_inline_script_or_style(admin_client: Client) -> None:
    tell(observe("tx-1", publisher_customer_id=None))
    order = Transaction.objects.get()

    for address in ("/admin/", ORDERS, order_address(), f"{ORDERS}do/attribute/?id={order.pk}"):
        answer = admin_client.get(address)
        page = answer.content.decode()
        assert "<style" not in page
        assert "style=" not in page
        assert "onclick" not in page
        assert page.count("<script") == page.count('src="/static/') - page.count(
            '<img src="/static/'
        ) + page.count('src="/admin/jsi18n/"')
        assert "script-src 'self'" in answer["Content-Security-Policy"]


@pytest.mark.django_db
def test_a_members_page_has_balances_and_orders(admin_client: Client) -> None:
    tell(
        observe("tx-1"),
        observe("tx-2", status="validated", amount_minor=333),
        observe("tx-3", currency="JPY", account_id="acc-yen", amount_minor=501),
    )
    address = f"/admin/members/member/{Member.objects.get(customer_id=MEMBER).pk}/change/"

    balances = panel_of(admin_client, address, "Balances")
    orders = panel_of(admin_client, address, "Orders, newest first")

    assert ["JPY: explain" in str(row[0]) for row in balances.rows] == [True, False]
    assert [[str(row[0]).split(">")[1][:3], *row[1:]] for row in balances.rows] == [
        ["JPY", "250 JPY", "0 JPY", "0 JPY", "0 JPY", "0 JPY"],
        ["USD", "5.00 USD", "1.66 USD", "0.00 USD", "0.00 USD", "1.66 USD"],
    ]
    numbers = {str(row[0]).split(">")[1].split("<")[0]: row[5] for row in orders.rows}
    assert numbers == {
        "btnorder-1": "5.00 USD",
        "btnorder-2": "1.66 USD",
        "btnorder-3": "250 JPY",
    }


@pytest.mark.django_db
def test_support_gets_no_link_to_what_it_may_not_read(client: Client) -> None:
    tell(observe("tx-1"))
    client.force_login(make_staff("Support"))

    page = client.get(order_address()).content.decode()

    assert "acc-5b1e7f20c9d84a63 (USD)" in page
    assert "/admin/transactions/buttonaccount/" not in page
    assert "/admin/offers/merchant/" in page


@pytest.mark.django_db
def test_the_share_mode_is_changed_with_a_reason_and_logged(client: Client) -> None:
    tell(observe("tx-1"))
    client.force_login(make_staff("Ops"))
    address = "/admin/transactions/buttonaccount/do/share-mode/"

    asked = client.get(f"{address}?id={ACCOUNT}").content.decode()
    client.post(address, {"id": ACCOUNT, "share_mode": "member", "reason": "New contract"})
    tell(observe("tx-2"))

    assert "applies to orders first seen from now on" in asked
    assert ButtonAccount.objects.get().share_mode == "member"
    rewards = dict(Transaction.objects.values_list("order_key", "reward_minor"))
    assert rewards == {"btnorder-1": 500, "btnorder-2": 1000}
    entry = LogEntry.objects.get()
    assert entry.user.username == "ops"
    assert entry.change_message == "Share mode shared → member. Reason: New contract"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("account_id", "share_mode", "reason", "refusal"),
    [
        (ACCOUNT, "half", "why", InvalidInput),
        (ACCOUNT, "member", "  ", InvalidInput),
        (ACCOUNT, "shared", "why", Conflict),
        ("acc-none", "member", "why", NotFound),
    ],
)
def test_a_share_mode_that_is_refused_changes_nothing(
    account_id: str, share_mode: str, reason: str, refusal: type[Exception]
) -> None:
    tell(observe("tx-1"))
    actor = User.objects.create(username="olivia")

    with pytest.raises(refusal):
        set_share_mode(account_id=account_id, share_mode=share_mode, actor=actor, reason=reason)

    assert ButtonAccount.objects.get().share_mode == "shared"
    assert LogEntry.objects.count() == 0
