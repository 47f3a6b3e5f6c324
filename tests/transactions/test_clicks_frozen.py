"""What was promised at the tap holds to the cent, whatever becomes of the rule and whenever."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from offers.rules.default import default_terms
from offers.rules.drafting import edit_draft, start_draft
from offers.rules.match import terms_in_force
from offers.rules.models import RuleVersion
from offers.rules.promise import Promise
from offers.rules.publishing import withdraw
from offers.rules.store import rules_for_clicks
from offers.rules.terms import TermsKind
from rewards_site.button.schemas import LineItem
from tests.factories import NOON, balances, house, observe, tell
from tests.offers.rules.making import make_merchant, person, publish_draft, published
from tests.spending import differences
from tests.transactions.tapping import tap
from transactions.ledger.chart import AccountKind
from transactions.models import Transaction
from transactions.told import Channel, Told

pytestmark = pytest.mark.django_db

PUBLISHED, TAPPED = NOON - timedelta(hours=5), NOON - timedelta(hours=4)
LINES = (
    LineItem(category="Shoes", commission_minor=333),
    LineItem(category="Hats", commission_minor=200),
)


@dataclass(frozen=True)
class Kind:
    """A rule; what 10.00, then 15.01 of commission earn by it, and what the publisher keeps."""

    promise: dict[str, Any]
    first: int
    then: int
    kept: int
    currency: str = "USD"


KINDS = {
    "share": Kind({"share_bps": 3_333}, 333, 500, 1001),
    "capped share": Kind(
        {"share_bps": 10_000, "currency": "USD", "cap_minor": 1_234}, 1000, 1234, 267
    ),
    "share of a category": Kind({"share_bps": 9_001, "category": "Shoes"}, 633, 883, 618),
    "minimum order": Kind(
        {"share_bps": 8_000, "currency": "USD", "minimum_order_minor": 20_000}, 800, 1200, 301
    ),
    "fixed amount": Kind(
        {"kind": TermsKind.FIXED, "fixed_minor": 1_250, "currency": "USD"}, 1000, 1250, 251
    ),
    "points": Kind({"kind": TermsKind.POINTS_FIXED, "points": Decimal(77)}, 77, 77, 1501, "PTS"),
    "points per unit": Kind(
        {"kind": TermsKind.POINTS_PER_UNIT, "points": Decimal("3.5"), "currency": "USD"},
        *(35, 52, 1501, "PTS"),
    ),
    "promotion": Kind(
        {
            "share_bps": 15_000,
            "currency": "USD",
            "is_promotion": True,
            "budget_minor": 1,
            "budget_currency": "USD",
        },
        *(1500, 2251, -750),
    ),
}


def merchant_of(name: str) -> str:
    """Each kind of rule is of a brand of its own, and each brand has a member of its own."""
    return f"org-{name.replace(' ', '-')}"


def replaced(version: RuleVersion, at: datetime) -> None:
    """By a next version, which pays next to nothing."""
    draft = start_draft(rule_id=version.rule_id, actor=person(), reason="less", at=at)
    less = Promise(
        zone="UTC", share_bps=1, category=version.category, merchant_id=version.merchant_id
    )
    asked: dict[str, Any] = {"actor": person(), "reason": "less", "at": at}
    publish_draft(
        edit_draft(version_id=draft.pk, promise=less, seen_hash=draft.content_hash, **asked), at=at
    )


def withdrawn(version: RuleVersion, at: datetime) -> None:
    withdraw(version_id=version.pk, actor=person(), reason="over", at=at)


def overtaken(version: RuleVersion, at: datetime) -> None:
    """By a rule of the brand's own that goes before all others, and one for its lines."""
    brand = version.merchant_id
    published(f"Mean {brand}", share_bps=1, priority=900, merchant_id=brand, at=at)
    published(
        f"Meaner {brand}", priority=901, category="Shoes", merchant_id=brand, share_bps=0, at=at
    )


DEEDS = (replaced, withdrawn, overtaken)
MOMENTS = ("between tap and order", "between order and adjustment", "between adjustment and end")


@pytest.fixture
def versions() -> Iterator[list[RuleVersion]]:
    for name in KINDS:
        make_merchant(merchant_of(name), name)
    yield [
        published(
            name, at=PUBLISHED, merchant_id=merchant_of(name), **({"share_bps": 0} | kind.promise)
        )
        for name, kind in KINDS.items()
    ]
    assert differences() == []


def tapped(name: str) -> str:
    """The reference of a tap at the brand of this kind, by the member of that name."""
    merchant_id = merchant_of(name)
    terms = terms_in_force(
        rules_for_clicks(TAPPED), merchant_id=merchant_id, at=TAPPED, default=default_terms()
    )
    return tap(merchant_id, merchant_id=merchant_id, terms=terms, at=TAPPED).pub_ref


def order_of(name: str, ref: str, **words: Any) -> Told:
    told: dict[str, Any] = {
        "pub_ref": ref,
        "publisher_customer_id": None,
        "merchant_id": merchant_of(name),
    }
    told |= {"order_total_minor": 20_000, "order_currency": "USD", "purchased_at": NOON}
    return observe(f"tx-{name}", **(told | {"lines": LINES} | words))


def has() -> dict[str, dict[str, int]]:
    return {name: balances(merchant_of(name), kind.currency) for name, kind in KINDS.items()}


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("deed", DEEDS)
def test_the_promise_of_the_tap_holds(
    versions: list[RuleVersion], deed: Callable[[RuleVersion, datetime], None], moment: str
) -> None:
    """The deed is dated before the purchase: whoever chose again would choose otherwise."""
    refs = {name: tapped(name) for name in KINDS}

    def say(this: str, **words: Any) -> None:
        if this == moment:
            for version in versions:
                deed(version, NOON - timedelta(hours=3))
        tell(*(order_of(name, ref, **words) for name, ref in refs.items()))

    say(MOMENTS[0])
    terms = list(Transaction.objects.order_by("pk").values_list("terms", flat=True))
    assert has() == {name: {"pending": kind.first} for name, kind in KINDS.items()}
    say(MOMENTS[1], amount_minor=1501, minutes=5, channel=Channel.SYNC)
    assert has() == {name: {"pending": kind.then} for name, kind in KINDS.items()}
    say(MOMENTS[2], amount_minor=1501, minutes=9, status="validated")

    assert has() == {name: {"available": kind.then} for name, kind in KINDS.items()}
    assert house(AccountKind.MARGIN_EARNED) == -sum(kind.kept for kind in KINDS.values())
    assert list(Transaction.objects.order_by("pk").values_list("terms", flat=True)) == terms


@pytest.mark.parametrize(
    ("deed", "paid", "paid_beside_shoes"),
    [(replaced, 0, 584), (withdrawn, 750, 750), (overtaken, 0, 0)],
)
def test_a_later_tap_has_what_holds_then(
    versions: list[RuleVersion],
    deed: Callable[[RuleVersion, datetime], None],
    paid: int,
    paid_beside_shoes: int,
) -> None:
    """So that the test above does not pass because the deeds do nothing."""
    for version in versions:
        deed(version, TAPPED - timedelta(minutes=1))

    tell(*(order_of(name, tapped(name), amount_minor=1501) for name in KINDS))

    pending = {name: balances(merchant_of(name)).get("pending", 0) for name in KINDS}
    expected = dict.fromkeys(KINDS, paid)
    assert pending == expected | {"share of a category": paid_beside_shoes}
    assert balances(merchant_of("points"), "PTS") == {}
