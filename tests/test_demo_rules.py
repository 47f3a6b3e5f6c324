"""What ops have decided in `make demo`; it may be killed and started again."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from offers.models import Merchant, MerchantOverlay
from offers.rules.models import RuleVersion
from rewards_site import demo_rules
from rewards_site.approvals.models import Proposal
from rewards_site.button.sandbox import catalog
from tests.offers.rules.making import make_merchant
from transactions.backtests.models import BackTest

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _shop() -> None:
    User.objects.create(username="ops", is_staff=True)
    for brand in catalog.BRANDS:
        make_merchant(brand.id, brand.name)


def test_rules_looks_and_a_promotion_are_there_and_only_once() -> None:
    demo_rules.main()
    demo_rules.main()

    assert dict(RuleVersion.objects.values_list("rule__name", "state")) == {
        "Lumen & Pine: 60 %": "published",
        "Electronics: 30 %": "published",
        "Northbridge Books: 150 points an order": "published",
        "Fernhill Outfitters: one and a half times": "draft",
        "Everybody: 65 % (an idea)": "draft",
    }
    assert list(BackTest.objects.values_list("status", flat=True)) == ["done"] * 5
    (proposal,) = Proposal.objects.all()
    assert (proposal.kind, proposal.status) == ("publish_promotion", "open")
    overlays = MerchantOverlay.objects.order_by("is_featured")
    assert list(overlays.values_list("merchant__name", "is_featured", "is_switched_off")) == [
        ("Kitsune Games", False, True),
        ("Lumen & Pine", True, False),
    ]


def test_it_goes_on_where_it_was_killed() -> None:
    ops = User.objects.get(username="ops")
    books = next(brand for brand in catalog.BRANDS if brand.name == "Northbridge Books")
    Merchant.objects.filter(pk=books.id).delete()
    with pytest.raises(Merchant.DoesNotExist):
        demo_rules.main()
    make_merchant(books.id, books.name)

    demo_rules.make_rules(ops=ops)

    states = list(RuleVersion.objects.values_list("state", flat=True))
    assert sorted(states) == ["draft"] * 2 + ["published"] * 3
    assert BackTest.objects.count() == 5
