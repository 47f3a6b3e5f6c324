"""The page of the API's docs in a real browser, under the real Content-Security-Policy."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Visit
from tests.conftest import CommittedDatabase
from tests.factories import observe, tell
from tests.members.calling import token_for

pytestmark = pytest.mark.browser


@pytest.fixture
def data(committed_db: CommittedDatabase) -> None:
    tell(observe("tx-1", merchant_name="Northwind"))


def test_the_docs_are_read_and_tried_without_anything_from_outside(visit: Visit) -> None:
    page = visit.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    page.goto(f"{visit.address}/api/v1/docs/")
    page.wait_for_selector("#operations-money-get_balances")
    page.wait_for_load_state("networkidle")

    assert page.title() == "Member API | Button rewards"
    assert page.locator(".info .title").inner_text().startswith("Rewards: member API")
    assert "/api/v1/members/{customer_id}/balances/" in page.content().replace("\u200b", "")
    page.click("button.authorize")
    page.fill("input[aria-label='auth-bearer-value'] >> nth=1", token_for())
    page.click(".auth-container:nth-of-type(2) button.authorize")
    page.click(".btn-done")
    page.click("#operations-money-get_balances .opblock-summary-control")
    page.click("#operations-money-get_balances button.execute")
    page.wait_for_selector("#operations-money-get_balances .live-responses-table")
    answer = page.locator("#operations-money-get_balances .live-responses-table").inner_text()
    assert '"pending": 500' in answer

    assert visit.complaints == []
    assert asked
    assert [url for url in asked if not url.startswith((visit.address, "data:"))] == []
