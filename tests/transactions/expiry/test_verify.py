"""What verify_ledger says of expiries that were tampered with."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from rewards_site.kernel import clock
from rewards_site.members.models import Member
from tests.factories import NOON, observe, tell, tell_each
from tests.spending import differences
from transactions.expiry.services import expire_idle
from transactions.expiry.setting import set_expiry

pytestmark = pytest.mark.django_db


def test_an_expiry_that_names_somebody_else(corrupt: Callable[[str], None]) -> None:
    set_expiry(
        currency="USD",
        is_on=True,
        idle_days=100,
        warn_days=30,
        actor=User.objects.create(username="finance"),
        reason="Terms",
        at=NOON,
    )
    tell_each(observe(), observe(minutes=5, status="validated"))
    for days in (70, 101):
        expire_idle(at=clock.now() + timedelta(days=days))
    tell(observe("tx-2", publisher_customer_id="u-other"))
    assert differences() == []

    corrupt(f"UPDATE expiry_expiry SET member_id = {Member.objects.get(customer_id='u-other').pk}")

    assert any("of that balance" in one for one in differences())
