"""What staff read of a reward that is held back, and of what it goes by."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from offers.models import Merchant
from rewards_site.kernel.admin.text import utc_text
from tests.admin_world import make_staff
from tests.factories import MEMBER, MERCHANT, NOON, observe, tell_each
from transactions.models import Transaction
from transactions.releases.choices import ReleaseMode
from transactions.releases.models import ReleasePolicy
from transactions.releases.services import set_release

pytestmark = pytest.mark.django_db


def _who_has_it(client: Client) -> list[str]:
    address = reverse("admin:transactions_transaction_change", args=[Transaction.objects.get().pk])
    story = client.get(address).context["story"]
    return [strip_tags(text) for heading, text in story if heading == "Who has it"]


def test_a_policy_is_titled_by_its_brand(client: Client) -> None:
    Merchant.objects.create(merchant_id=MERCHANT, name="Northwind", first_seen_at=NOON)
    ops = make_staff("Ops")
    set_release(
        merchant_id=MERCHANT,
        mode=ReleaseMode.DELAY,
        delay_days=10,
        actor=ops,
        reason="Returns",
        at=NOON,
    )
    client.force_login(ops)

    row = ReleasePolicy.objects.get(merchant=MERCHANT)
    text = client.get(reverse("admin:releases_releasepolicy_change", args=[row.pk])).content

    assert "<h1>Rewards of Northwind</h1>" in text.decode()


@pytest.mark.parametrize("mode", [ReleaseMode.DELAY, ReleaseMode.PAID])
def test_the_story_says_where_it_is_and_until_when(client: Client, mode: ReleaseMode) -> None:
    Merchant.objects.create(merchant_id=MERCHANT, name="Northwind", first_seen_at=NOON)
    ops = make_staff("Ops")
    set_release(
        merchant_id=MERCHANT, mode=mode, delay_days=10, actor=ops, reason="Returns", at=NOON
    )
    tell_each(observe("tx-1"), observe("tx-1", minutes=5, status="validated"))
    client.force_login(ops)

    final_at = Transaction.objects.get().final_at
    assert final_at is not None
    until = {
        ReleaseMode.DELAY: utc_text(final_at + timedelta(days=10)),
        ReleaseMode.PAID: "the brand has paid us",
    }[mode]
    assert _who_has_it(client) == [
        f"{MEMBER}, in the pending balance.",
        f"It is final and held back until {until}, by what is set for the brand.",
    ]
