"""What verify_ledger says of notices that do not tell what was booked."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.factories import observe, tell_each
from tests.spending import differences

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("pending_change_minor = 499", "says 499 pending, 0 available USD"),
        ("currency = 'EUR'", "500 pending, 0 available EUR"),
        ("member_id = (SELECT MAX(id) FROM members_member), number = 9", "its member has not"),
    ],
)
def test_a_notice_that_was_changed(damage: str, said: str, corrupt: Callable[[str], None]) -> None:
    tell_each(observe(), observe("tx-2", publisher_customer_id="u-other"))
    assert differences() == []

    corrupt(
        f"UPDATE notifications_notice SET {damage} WHERE id = "  # ours
        "(SELECT MIN(id) FROM notifications_notice)"
    )

    assert any(said in one for one in differences())
