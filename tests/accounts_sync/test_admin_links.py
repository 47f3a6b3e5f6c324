"""The addresses of the admin's lists: those that it links to, and those that somebody types."""

from __future__ import annotations

import html
import re

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.test import Client

from rewards_site.kernel.admin.columns import page_url
from rewards_site.kernel.admin.service import ServiceAdmin
from tests.accounts_sync.test_admin_lists import MODELS, list_address
from tests.admin_world import fill, make_staff
from tests.factories import observe, tell
from transactions.models import ButtonAccount

pytestmark = pytest.mark.django_db

ORDERS = "/admin/transactions/transaction/"
NO_KEYS = ["999999999999999999999999", "-9223372036854775809", "9" * 5000, "abc", "\x00", "é" * 300]


def test_every_link_of_a_list_to_itself_leads_there(admin_client: Client) -> None:
    fill(1, 2)
    links = set()
    for model in MODELS:
        address = list_address(model)
        page = admin_client.get(address).content.decode()
        links |= {
            f"{address}{html.unescape(link)}" for link in re.findall(r'href="(\?[^"]*)"', page)
        }

    wrong = {link: admin_client.get(link).status_code for link in links}

    assert {link: status for link, status in wrong.items() if status != 200} == {}
    role = Group.objects.get(name="Ops").pk
    assert {
        "/admin/reports/reportrun/?report=liability",
        f"/admin/auth/user/?groups__id__exact={role}",
        "/admin/auth/user/?is_active__exact=1",
        f"{ORDERS}?status=pending",
    } <= links


def test_staff_are_listed_by_their_role(admin_client: Client) -> None:
    ops = make_staff("Ops")
    role = ops.groups.get()

    def listed(query: str) -> list[str]:
        answer = admin_client.get(f"/admin/auth/user/?{query}")
        assert answer.status_code == 200
        return [user.username for user in answer.context["cl"].result_list]

    assert listed(f"groups__id__exact={role.pk}") == ["ops"]
    assert listed(f"groups__id={role.pk}") == ["ops"]
    assert listed("groups__isnull=True") == ["admin"]
    assert listed("groups__isnull=False") == ["ops"]
    assert User.objects.count() == 2


@pytest.mark.parametrize("query", ["groups__name=Ops", "groups__id__gt=1", "password__isnull=0"])
def test_other_ways_into_a_related_table_are_refused(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"/admin/auth/user/?{query}").status_code == 400


def verb_addresses() -> list[str]:
    return [
        f"{list_address(model)}do/{verb.name}/"
        for model in MODELS
        for verb in getattr(admin.site._registry[model], "verbs", ())
        if isinstance(admin.site._registry[model], ServiceAdmin)
    ]


def test_a_verb_leaves_out_what_cannot_be_a_key(admin_client: Client) -> None:
    addresses = verb_addresses()
    assert f"{ORDERS}do/attribute/" in addresses

    for address in addresses:
        for asked in (admin_client.get, admin_client.post):
            answer = asked(address, {"id": NO_KEYS})
            assert answer.status_code == 302, address


def test_a_verb_is_done_to_the_keys_beside_them(admin_client: Client) -> None:
    [outcome] = tell(observe("tx-1", publisher_customer_id=None))

    answer = admin_client.get(
        f"{ORDERS}do/attribute/", {"id": [*NO_KEYS, str(outcome.transaction_id)]}
    )

    assert answer.context["row_ids"] == [outcome.transaction_id]


@pytest.mark.parametrize("key", NO_KEYS)
def test_a_list_takes_no_action_on_what_cannot_be_a_key(admin_client: Client, key: str) -> None:
    tell(observe("tx-1"))

    answer = admin_client.post(
        ORDERS, {"action": "attribute", "_selected_action": [key], "index": 0}
    )

    assert answer.status_code == 400


@pytest.mark.parametrize("key", NO_KEYS[:3])
def test_a_list_filtered_by_what_cannot_be_a_key_says_so(admin_client: Client, key: str) -> None:
    for way in ("before", "after"):
        assert admin_client.get(f"{ORDERS}?{way}={key}", follow=True).status_code == 200
    for address in (f"{ORDERS}?member=", "/admin/auth/user/?groups__id__exact="):
        answer = admin_client.get(f"{address}{key}", follow=True)
        assert (answer.status_code, answer.redirect_chain[-1][0].endswith("?e=1")) == (200, True)


def test_a_page_of_what_cannot_be_a_key_is_a_page_that_is_gone(admin_client: Client) -> None:
    for model in MODELS:
        for key in ("9" * 24, "%00", "_00", "x" * 600):
            for page in ("change", "history", "delete"):
                address = f"{list_address(model)}{key}/{page}/"
                assert admin_client.get(address).status_code in (302, 403), address


@pytest.mark.parametrize("account_id", ["acc-1", "acc_1", "acc/1?#%_2F", '"acc":1'])
def test_a_page_is_whole_whatever_the_key_looks_like(admin_client: Client, account_id: str) -> None:
    tell(observe("tx-1", account_id=account_id))
    account = ButtonAccount.objects.get()

    page = admin_client.get(page_url(account))

    assert page.status_code == 200
    assert page.context["title"] == f"Button account {account}"
    assert page.context["panels"]
    assert page.context["verbs"]
