"""Setting up one-time codes and logging in with one, in a real browser under the real CSP."""

from __future__ import annotations

from base64 import b32decode

import pytest

from tests.browser.conftest import Visit
from tests.conftest import CommittedDatabase
from tests.staff_otp.phones import PASSWORD, Phone, staff

pytestmark = pytest.mark.browser


@pytest.fixture
def data(committed_db: CommittedDatabase) -> None:
    staff()


def test_from_setting_up_to_the_next_log_in(visit: Visit) -> None:
    page = visit.page
    visit.log_in("ann", PASSWORD)
    page.get_by_role("link", name="One-time codes", exact=True).first.click()
    page.get_by_role("button", name="Set up one-time codes").click()
    secret = page.get_by_label("Secret").input_value()
    phone = Phone(b32decode(secret.replace(" ", "")))
    page.get_by_label("Code", exact=True).fill(phone.code(steps=-1))
    page.get_by_role("button", name="Confirm").click()
    assert page.locator(".backup-codes li").count() == 10
    page.get_by_role("link", name="I have them: go on").click()
    page.get_by_role("button", name="Log out").click()

    visit.log_in("ann", PASSWORD)
    page.get_by_label("Code").fill(phone.code())
    page.get_by_role("button", name="Go on").click()

    assert page.get_by_role("heading", name="What needs a human now").is_visible()
    assert visit.complaints == []
    assert visit.outside == []
