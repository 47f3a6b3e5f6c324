"""Merchants in the admin, as ops read them."""

from __future__ import annotations

import json

import pytest
import responses
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django_q.models import OrmQ

from offers.admin.words import fact_text, words_compared
from offers.models import CatalogRun, MerchantRevision
from tests.admin_world import make_staff, said
from tests.factories import MERCHANT, observe, tell
from tests.offers.brands import listed, read_catalog, wire_brand

pytestmark = pytest.mark.django_db
PAGE = f"/admin/offers/merchant/{MERCHANT}/change/"
READ_NOW = "/admin/offers/catalogrun/read-now/"


@pytest.fixture
def changed(button: responses.RequestsMock) -> None:
    """A brand that was described, and changed since."""
    listed(button, wire_brand())
    read_catalog()
    listed(
        button,
        wire_brand(
            name="<b>Bold</b>",
            is_live_ready=False,
            terms={
                "finalization_window_minutes": 129600,
                "exclusion_details": "No commission on taxes, gift cards or <i>delivery</i>.",
            },
        ),
    )
    read_catalog()


def page(client: Client, address: str = PAGE) -> str:
    answer = client.get(address, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_merchants_page_tells_what_button_told_and_what_changed(
    admin_client: Client, changed: None
) -> None:
    text = page(admin_client)

    assert "listed, but not live" in text
    assert "<td>finalization window</td><td>90 days</td>" in text.replace("\n", "")
    assert "name: Brand Example → &lt;b&gt;Bold&lt;/b&gt;" in text
    assert "finalization window: 30 days → 90 days" in text
    assert "live: yes → no" in text
    assert "<del>gift cards.</del> <ins>&lt;i&gt;delivery&lt;/i&gt;.</ins>" in text
    assert f'href="/admin/transactions/transaction/?merchant={MERCHANT}"' in text
    assert "<b>Bold" not in text


def test_what_brands_changed_is_a_list_and_stands_on_the_landing_page(
    admin_client: Client, changed: None
) -> None:
    for address in ("/admin/offers/merchantrevision/", "/admin/"):
        text = page(admin_client, address)
        assert "finalization window: 30 days → 90 days" in text
        assert "described for the first time" in text or address == "/admin/"


def test_a_merchant_known_by_an_order_only_says_so(admin_client: Client) -> None:
    tell(observe(merchant_name="Corner shop"))

    text = page(admin_client)

    assert "Corner shop" in text
    assert "not yet described" in text
    assert "the merchant is known by an order only" in text
    assert "not yet described" in page(admin_client, "/admin/offers/merchant/?state=not_described")


def test_a_merchant_that_left_the_list_says_since_when(
    admin_client: Client, button: responses.RequestsMock
) -> None:
    listed(button, wire_brand(), wire_brand("org-2"))
    read_catalog()
    listed(button, wire_brand("org-2"))
    read_catalog()

    assert "not listed any more since 20" in page(admin_client)
    found = page(admin_client, "/admin/offers/merchant/?state=unlisted")
    assert MERCHANT in found
    assert "org-2" not in found


def test_rows_that_cannot_be_read_are_shown_with_their_evidence(
    admin_client: Client, button: responses.RequestsMock
) -> None:
    listed(button, {"name": "<script>"}, wire_brand())
    read_catalog()

    assert "Brands that cannot be read" in page(admin_client, "/admin/")
    text = page(admin_client, "/admin/offers/refusedbrand/?open=yes")
    assert "`id` is missing." in text
    assert "<script>&quot;" not in text


def test_ops_have_the_catalogue_read_now(client: Client) -> None:
    staff = make_staff()
    _grant(staff, "view_catalogrun", "start_catalogrun")
    client.force_login(staff)
    assert READ_NOW in page(client, "/admin/offers/catalogrun/")
    assert "takes over what changed" in page(client, READ_NOW)
    assert OrmQ.objects.count() == 0

    first = client.post(READ_NOW)
    second = client.post(READ_NOW)

    assert said(first) == [
        (
            "success",
            "Queued: the worker reads it now. Open this page again to see the run.",
        )
    ]
    assert said(second)[-1] == (
        "info",
        "A reading waits already: the worker does it in its turn.",
    )
    tasks = [queued.task["func"] for queued in OrmQ.objects.all()]
    assert tasks == ["accounts_sync.tasks.sync_merchants_now"]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.change_message) == (staff, "Read the catalogue now: queued.")
    assert page(client, "/admin/offers/catalogrun/")


def test_nobody_else_does(client: Client) -> None:
    staff = make_staff()
    _grant(staff, "view_catalogrun", "view_merchant")
    client.force_login(staff)

    for address in ("/admin/offers/catalogrun/", "/admin/offers/merchant/"):
        assert READ_NOW not in page(client, address)
    assert client.get(READ_NOW).status_code == 403
    assert client.post(READ_NOW).status_code == 403
    assert OrmQ.objects.count() == 0


def test_a_run_tells_its_counts_and_leads_to_what_it_changed(
    admin_client: Client, changed: None
) -> None:
    run = CatalogRun.objects.latest("id")

    text = page(admin_client, f"/admin/offers/catalogrun/{run.pk}/change/")
    assert "done" in text
    filtered = page(admin_client, f"/admin/offers/merchantrevision/?run={run.pk}")
    assert "30 days → 90 days" in filtered
    assert MerchantRevision.objects.filter(run=run).count() == 1


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("finalization_window_minutes", 43200, "30 days"),
        ("finalization_window_minutes", 1440, "1 day"),
        ("finalization_window_minutes", 90, "90 minutes"),
        ("finalization_window_minutes", 0, "0 days"),
        ("reporting_window_days", 1, "1 day"),
        ("coupons_allowed", False, "no"),
        ("coupons_allowed", None, "—"),
        ("hostnames", ["a.com", "b.com"], "a.com, b.com"),
        ("apps", [{"os": "ios", "scheme": "a://"}], "ios a://"),
    ],
)
def test_facts_read_as_words(name: str, value: object, text: str) -> None:
    assert fact_text(name, value) == text


def test_texts_are_compared_word_by_word() -> None:
    assert words_compared("Not on gift cards", "Not on taxes & gift cards") == (
        "Not on <ins>taxes &amp; </ins>gift cards"
    )
    assert words_compared("Not on <taxes>", "Not on sale") == (
        "Not on <del>&lt;taxes&gt;</del> <ins>sale</ins>"
    )
    huge = "word " * 5000
    assert words_compared(huge, "short") == f"<del>{huge}</del> <ins>short</ins>"


def test_a_row_with_anything_in_it_can_be_shown(
    admin_client: Client, button: responses.RequestsMock
) -> None:
    odd = wire_brand(name="\ud800 and \x00", description="\u202e<&>\x00", extra=json.loads("[[]]"))
    listed(button, odd)
    read_catalog()

    assert "&lt;&amp;&gt;" in page(admin_client)


def _grant(staff: User, *codenames: str) -> None:
    staff.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
