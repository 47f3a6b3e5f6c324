"""Ops at work in a real browser, under the real Content-Security-Policy, light and dark."""

from __future__ import annotations

import pytest

from tests.admin_world import PASSWORD, make_event, make_staff
from tests.browser.conftest import Visit
from tests.conftest import CommittedDatabase
from tests.factories import observe, tell

pytestmark = pytest.mark.browser


@pytest.fixture
def data(committed_db: CommittedDatabase) -> None:
    make_staff("Ops")
    make_event(1)
    tell(
        observe("tx-1", publisher_customer_id=None, merchant_name="Northwind"),
        observe("tx-2", publisher_customer_id=None, merchant_name="Northwind"),
        observe("tx-3", status="validated", merchant_name="Northwind"),
    )


def test_ops_names_the_member_of_two_orders_from_the_landing_page(visit: Visit) -> None:
    page = visit.page

    visit.log_in("ops", PASSWORD)
    card = page.locator(".card", has_text="Orders without a member")
    assert card.locator(".card-count").inner_text() == "2"
    visit.follow(".card:has-text('Orders without a member') a")
    page.click("#action-toggle")
    assert page.locator(".action-counter").inner_text() == "2 of 2 selected"
    page.select_option("select[name=action]", label="Name the member")
    visit.follow("button[name=index]")
    page.fill("#id_customer_id", "u-found")
    page.fill("#id_reason", "Receipts sent to support")
    visit.follow("input[type=submit]")

    assert page.locator(".messagelist .success").all_inner_texts() == [
        "btnorder-1: credited to u-found.",
        "btnorder-2: credited to u-found.",
    ]
    page.goto(f"{visit.address}/admin/")
    assert page.locator(".card", has_text="Orders without a member").count() == 0
    assert visit.complaints == []


def test_the_theme_is_ours_in_light_and_dark(visit: Visit, request: pytest.FixtureRequest) -> None:
    page = visit.page
    visit.log_in("ops", PASSWORD)

    def background() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, dark = "rgb(245, 247, 248)", "rgb(15, 20, 23)"
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    assert background() == (dark if is_dark else light)
    seen = set()
    for _ in range(3):
        page.click("#header .theme-toggle")
        seen.add(background())
    assert seen == {light, dark}
    assert visit.complaints == []


def test_an_orders_page_fits_a_phone(visit: Visit) -> None:
    page = visit.page
    visit.log_in("ops", PASSWORD)
    page.set_viewport_size({"width": 390, "height": 800})

    page.goto(f"{visit.address}/admin/transactions/transaction/")
    visit.follow("#result_list th a")

    assert page.locator("h1").inner_text() == "Transaction btnorder-3"
    assert page.locator("section.panel h2").all_inner_texts() == [
        "How the reward comes about",
        "Time line, newest first",
        "Children",
        "Freezes",
    ]
    page.locator(".moment details summary").first.click()
    assert page.locator(".moment details td").first.is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert visit.complaints == []


@pytest.mark.parametrize("width", [400, 1280])
def test_no_page_is_wider_than_its_window(visit: Visit, width: int) -> None:
    page = visit.page
    visit.log_in("ops", PASSWORD)
    page.set_viewport_size({"width": width, "height": 800})

    for address in (
        "/admin/",
        "/admin/transactions/transaction/",
        "/admin/accounts_sync/watermark/",
        "/admin/accounts_sync/deferredrow/queue/",
        "/admin/inbox/webhookevent/",
        "/admin/offers/merchant/",
    ):
        page.goto(f"{visit.address}{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    assert visit.complaints == []
    assert visit.outside == []
