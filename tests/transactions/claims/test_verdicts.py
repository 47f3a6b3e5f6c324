"""What the facts say of a claim at once, in which order, and in which words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pytest_django import Settings

from offers.clicks.listing import Listed
from offers.clicks.models import Click, LinkProblem
from offers.clicks.offer_token import Shown
from offers.clicks.services import record_click
from offers.models import MerchantProfile
from rewards_site.kernel import clock
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_members
from tests.factories import MEMBER, MERCHANT, NOON, tell
from tests.transactions.claims.claiming import claim, filed, order_of, tap
from tests.transactions.tapping import EIGHTY
from transactions.claims.asking import Asked
from transactions.claims.choices import Verdict
from transactions.claims.filing import file_claim
from transactions.claims.models import Claim
from transactions.claims.queries import told
from transactions.claims.waits import WaitBasis, estimate
from transactions.models import Transaction

pytestmark = pytest.mark.django_db

TAPPED = NOON - timedelta(hours=1)


@pytest.mark.parametrize(
    "click_id",
    ["no-uuid", "0199e2a4-7c1e-7d53-9a60-5f0e6b0c2f11", "{0199e2a4-7c1e-7d53-9a60-5f0e6b0c2f11}"],
)
def test_no_such_click(click_id: str) -> None:
    answer = claim(click_id=click_id)

    assert (answer["status"], answer["verdict"]) == ("answered", "no_such_click")
    assert (answer["click_id"], answer["merchant"], answer["transaction"]) == (click_id, None, None)
    assert answer["answer"].startswith("We know no visit to a store of yours by this id.")
    assert claim(click_id=click_id)["id"] == answer["id"]


def test_the_click_of_another_is_none() -> None:
    click = tap("somebody-else")
    tell(order_of(click, publisher_customer_id="somebody-else"))

    answer = claim(click)

    unknown = claim(click_id="0199e2a4-7c1e-7d53-9a60-5f0e6b0c2f11")
    different = {"id", "click_id", "created_at", "answered_at"}
    assert {name: value for name, value in answer.items() if name not in different} == {
        name: value for name, value in unknown.items() if name not in different
    }


def test_too_early_until_the_day_it_says() -> None:
    click = tap()
    early = filed(click, at=NOON)

    over_at = TAPPED + timedelta(hours=48)
    assert (early.verdict, early.ask_again_at) == (Verdict.TOO_EARLY, over_at)
    assert early.evidence == {"wait_hours": 48, "wait_basis": "default", "wait_sample": 0}
    assert told(early).answer == (
        f"It is too early: purchases at {MERCHANT} usually show up by 2026-11-22 11:00 UTC. If "
        "yours has not shown up by then, please ask again."
    )
    assert filed(click, at=over_at - timedelta(seconds=1)).pk == early.pk
    again = filed(click, at=over_at)
    assert (again.pk != early.pk, again.verdict, again.status) == (True, Verdict.OPEN, "open")


def test_the_wait_is_counted_from_a_later_purchase_and_told_by_the_business_clock(
    settings: Settings,
) -> None:
    settings.BUSINESS_TIME_ZONE = ZoneInfo("Asia/Tokyo")
    bought = datetime(2026, 11, 20, 22, 0, tzinfo=ZoneInfo("America/New_York"))

    early = filed(tap(), at=NOON + timedelta(days=1), purchased_at=bought)

    assert early.ask_again_at == datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
    assert "usually show up by 2026-11-23 12:00 JST." in told(early).answer


def test_a_brands_window_and_then_its_own_orders_say_how_long() -> None:
    click = tap()
    MerchantProfile.objects.create(
        merchant_id=MERCHANT,
        reporting_window_days=4,
        described_at=NOON,
        read_at=NOON,
        changed_at=NOON,
    )
    assert filed(click, at=NOON).ask_again_at == TAPPED + timedelta(days=4)

    for number in range(20):
        name = f"u-{number}"
        order = order_of(tap(name), f"tx-{number}", publisher_customer_id=name)
        tell(order, at=TAPPED + timedelta(hours=5, minutes=1))
    other = filed(tap("u-new"), customer_id="u-new", at=NOON)

    assert other.ask_again_at == TAPPED + timedelta(hours=6)
    assert other.evidence == {"wait_hours": 6, "wait_basis": "record", "wait_sample": 20}


@pytest.mark.parametrize(
    ("hours", "days", "wait"),
    [
        ([1] * 18 + [30, 90], None, (1, WaitBasis.RECORD)),
        ([1] * 17 + [30, 60, 90], None, (30, WaitBasis.RECORD)),
        ([9_000] * 20, 3, (720, WaitBasis.RECORD)),
        ([0] * 20, 3, (1, WaitBasis.RECORD)),
        ([1] * 19, 3, (72, WaitBasis.WINDOW)),
        ([], 0, (48, WaitBasis.DEFAULT)),
    ],
)
def test_nine_of_ten_orders_are_told_within_the_wait(
    hours: list[int], days: int | None, wait: tuple[int, WaitBasis]
) -> None:
    found = estimate([hour * 3600 for hour in hours], window_days=days)

    assert (found.hours, found.basis) == wait


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("pending", "It is pending until Northwind confirms it."),
        ("validated", "It is confirmed, and its reward is yours."),
        ("declined", "Northwind cancelled it or took it back, so it earns no reward."),
    ],
)
def test_already_tracked_says_which_order_and_how_it_stands(status: str, words: str) -> None:
    click = tap()
    tell(order_of(click, status=status))

    answer = claim(click)

    assert (answer["verdict"], answer["answered_by"]) == ("already_tracked", "facts")
    assert answer["transaction"] == str(Transaction.objects.get().public_id)
    assert answer["answer"] == (
        f"This purchase at Northwind is among your purchases already. {words}"
    )


def test_an_order_without_the_click_is_known_by_its_reference_or_by_time_and_total() -> None:
    click = tap()
    tell(
        order_of(
            click,
            pub_ref=None,
            order_reference="AB 12",
            order_total_minor=8000,
            order_currency="USD",
            purchased_at=NOON,
        )
    )
    assert Transaction.objects.get().click_id is None
    paid: dict[str, Any] = {"order_total_minor": 8000, "order_currency": "USD"}

    by_ours = filed(click, order_reference="btnorder-1")
    by_theirs = filed(click, order_reference=" #ab12 ")
    near = filed(click, purchased_at=NOON + timedelta(hours=24), **paid)
    far = filed(tap(), purchased_at=NOON + timedelta(hours=24, seconds=1), **paid)
    other_total = filed(tap(), purchased_at=NOON, order_total_minor=1, order_currency="USD")

    assert [row.evidence.get("by") for row in (by_ours, by_theirs, near)] == [
        "reference",
        "reference",
        "time_and_total",
    ]
    assert (far.verdict, other_total.verdict) == (Verdict.OPEN, Verdict.OPEN)


def test_the_order_of_another_member_is_not_theirs() -> None:
    tell(order_of(tap(), pub_ref=None, publisher_customer_id="another"))

    assert filed(tap(), order_reference="btnorder-1").verdict == Verdict.OPEN


def test_a_second_order_of_the_tap_is_another_one() -> None:
    click = tap()
    tell(order_of(click, order_reference="A-1", order_total_minor=500, order_currency="USD"))

    same = filed(click, order_reference="B-2")
    other = filed(click, order_reference="B-3", order_total_minor=700, order_currency="USD")

    assert (same.verdict, other.verdict) == (Verdict.ALREADY_TRACKED, Verdict.OPEN)


def test_what_was_bought_before_the_tap_is_excluded() -> None:
    click = tap()

    before = filed(click, purchased_at=TAPPED - timedelta(hours=1, seconds=1))
    clocks = filed(click, purchased_at=TAPPED - timedelta(hours=1), order_reference="B")

    assert (before.verdict, before.answer) == (Verdict.EXCLUDED, "bought_before_tap")
    assert clocks.verdict == Verdict.OPEN


def test_a_tap_that_led_nowhere_since_the_brand_was_off_is_excluded() -> None:
    off = _tap_without_link(LinkProblem.SWITCHED_OFF)

    row = filed(off)

    assert (row.verdict, row.answer) == (Verdict.EXCLUDED, "no_link")
    assert filed(_tap_without_link(LinkProblem.UNAVAILABLE)).verdict == Verdict.OPEN


def _tap_without_link(problem: LinkProblem) -> Click:
    """As tap(), of a brand that could not be linked to for this reason."""
    member = Member.objects.get(pk=ensure_members({MEMBER}, at=TAPPED)[MEMBER])
    shown = Shown(
        member_public_id=member.public_id,
        merchant_id=MERCHANT,
        offer_id="offer-1",
        listed=Listed(value="10"),
        terms=EIGHTY.as_json(),
        reward={"type": "percent", "value": "8", "currency": None},
        shown_at=TAPPED,
    )
    return record_click(shown=shown, member=member, at=TAPPED, link_problem=problem)


def test_the_first_verdict_that_holds_is_given() -> None:
    """Tracked before excluded, excluded before too early; a repeat before them all."""
    off = _tap_without_link(LinkProblem.SWITCHED_OFF)
    early = filed(off, at=NOON)
    tell(order_of(off))
    tracked = filed(off, at=NOON, order_reference="another")
    again = file_claim(customer_id=MEMBER, asked=Asked(click_id=str(off.public_id)), at=NOON)

    assert early.verdict == Verdict.EXCLUDED
    assert tracked.verdict == Verdict.ALREADY_TRACKED
    assert (again.claim.pk, again.is_repeated) == (early.pk, True)


def test_the_same_again_is_the_same_claim() -> None:
    click = tap(at=clock.now() - timedelta(days=10))
    first = claim(click, note="Shoes")

    again = claim(click, note="I said shoes", order_reference="A-1")
    other = claim(click, order_reference="B-2")

    assert (first["verdict"], first["status"]) == ("open", "open")
    assert first["answer"].startswith("We look into it")
    assert (again["id"], again["verdict"], again["status"]) == (first["id"], "duplicate", "open")
    assert again["answer"] == f"You have reported this already. {first['answer']}"
    assert other["id"] == first["id"]  # the first names no order: it may be this one
    assert Claim.objects.get().repeat_count == 2


def test_two_orders_of_one_tap_are_two_claims() -> None:
    click = tap()

    one, other = (filed(click, order_reference=text) for text in ("A-1", "B-2"))

    assert one.pk != other.pk
    assert filed(click, order_reference="a-1").pk == one.pk


def test_the_estimate_is_what_the_member_was_shown() -> None:
    row = filed(tap(), order_total_minor=1999, order_currency="USD")

    assert (row.estimate_minor, row.estimate_currency) == (159, "USD")  # 8 % back, rounded down
    assert filed(tap()).estimate_minor is None
