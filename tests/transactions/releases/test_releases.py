"""Final rewards that are held back: by days, or until the brand has paid; what members read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from offers.brand_facts import Wait
from offers.models import Merchant
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict, InvalidInput
from rewards_site.notifications.models import Notice
from tests.factories import MEMBER, MERCHANT, NOON, balances, house, observe, tell, tell_each
from tests.members.calling import read
from tests.spending import differences, earned
from transactions.attribution import assign_member, move_order
from transactions.ledger.chart import AccountKind
from transactions.models import Transaction
from transactions.releases.choices import ReleaseMode
from transactions.releases.models import BrandPayment, ReleasePolicyChange
from transactions.releases.policy import days_held_back
from transactions.releases.services import record_payment, set_release, withdraw_payment
from transactions.releasing import release_due, release_orders

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def books_agree() -> object:
    yield
    assert differences() == []


@pytest.fixture
def finance() -> User:
    Merchant.objects.create(merchant_id=MERCHANT, name="Northwind", first_seen_at=NOON)
    return User.objects.create(username="finance")


def hold(
    staff: User,
    mode: ReleaseMode = ReleaseMode.DELAY,
    days: int = 10,
    merchant_id: str | None = MERCHANT,
) -> None:
    set_release(
        merchant_id=merchant_id, mode=mode, delay_days=days, actor=staff, reason="Returns", at=NOON
    )


def validated(tx_id: str = "tx-1", **fields: Any) -> None:
    tell_each(observe(tx_id, **fields), observe(tx_id, minutes=5, status="validated", **fields))


def test_by_default_a_final_reward_is_available_at_once() -> None:
    validated()

    assert balances() == {"available": 500}


def test_it_waits_in_the_pending_balance_and_button_owes_us_all_of_it(finance: User) -> None:
    hold(finance)

    validated()

    assert balances() == {"pending": 500}
    assert earned() == 0
    assert house(AccountKind.COMMISSION_RECEIVABLE) == 1000
    assert house(AccountKind.COMMISSION_PENDING) == 0
    assert house(AccountKind.MARGIN_EARNED) == -500


def test_it_waits_too_where_validated_is_the_first_word(finance: User) -> None:
    hold(finance)

    tell(observe(status="validated"))

    assert balances() == {"pending": 500}


def test_it_is_released_when_the_days_are_over_and_not_before(finance: User) -> None:
    hold(finance, days=10)
    validated()
    final_at = Transaction.objects.get().final_at
    assert final_at is not None

    assert release_due(at=final_at + timedelta(days=10, seconds=-1)) == 0
    assert balances() == {"pending": 500}
    assert release_due(at=final_at + timedelta(days=10)) == 1
    assert balances() == {"available": 500}
    assert earned() == 500
    assert release_due(at=final_at + timedelta(days=11)) == 0, "once"


def test_until_the_brand_has_paid_for_what_was_validated_by_then(finance: User) -> None:
    hold(finance, ReleaseMode.PAID)
    validated("tx-1")
    first = Transaction.objects.get().final_at
    validated("tx-2")
    assert first is not None

    assert release_due(at=clock.now() + timedelta(days=900)) == 0
    record_payment(
        merchant_id=MERCHANT,
        validated_through=first,
        reference="wire 12",
        actor=finance,
        reason="October",
        at=clock.now(),
    )
    assert release_due(at=clock.now()) == 0, "a mistake can be withdrawn for an hour"
    assert release_due(at=clock.now() + timedelta(hours=1, seconds=5)) == 1

    assert balances() == {"pending": 500, "available": 500}
    assert [row.is_held for row in Transaction.objects.order_by("pk")] == [False, True]


def test_a_payment_that_was_recorded_by_mistake_lets_nothing_go(finance: User) -> None:
    hold(finance, ReleaseMode.PAID)
    validated()
    paid = record_payment(
        merchant_id=MERCHANT,
        validated_through=clock.now(),
        reference="wire 12",
        actor=finance,
        reason="Another brand's",
        at=clock.now(),
    )
    for _ in range(2):
        withdraw_payment(payment_id=paid.pk, actor=finance, reason="Wrong brand", at=clock.now())

    assert release_due(at=clock.now() + timedelta(days=9)) == 0
    assert balances() == {"pending": 500}


def test_a_shorter_delay_counts_for_what_is_held_already(finance: User) -> None:
    hold(finance, days=300)
    validated()
    hold(finance, ReleaseMode.VALIDATED)

    assert release_due(at=clock.now()) == 1
    assert balances() == {"available": 500}


def test_another_brand_and_the_setting_for_all_others(finance: User) -> None:
    hold(finance, ReleaseMode.DELAY, 5, merchant_id=None)
    hold(finance, ReleaseMode.VALIDATED, merchant_id=None)
    hold(finance, ReleaseMode.DELAY, 5, merchant_id=None)
    validated("tx-1")
    assert balances() == {"pending": 500}
    hold(finance, ReleaseMode.VALIDATED)
    validated("tx-2")

    assert balances() == {"pending": 500, "available": 500}


def test_the_member_reads_why_it_is_pending_and_when_it_comes(finance: User) -> None:
    hold(finance, days=10)
    validated()
    row = read("transactions/")["results"][0]

    assert (row["status"], row["available_at"]) == ("pending", None)
    final_at = Transaction.objects.get().final_at
    assert final_at is not None
    assert row["expected_available_at"] == clock.wire_text(final_at + timedelta(days=10))
    assert row["history"][-1]["why"] == (
        "The store confirmed your purchase; the reward becomes available after a waiting time."
    )
    assert read("transactions/?status=pending")["results"] == [row]
    assert read("transactions/?status=available")["results"] == []

    release_due(at=final_at + timedelta(days=10))
    row = read("transactions/")["results"][0]
    assert row["status"] == "available"
    assert row["available_at"] == clock.wire_text(Transaction.objects.get().released_at)  # type: ignore[arg-type]
    assert row["history"][-1]["why"] == "The waiting time is over; the reward is yours."
    assert read("transactions/?status=available")["results"] == [row]
    changes = [(item["pending_change"], item["available_change"]) for item in _activity()]
    assert changes == [(-500, 500), (500, 0)]


def _activity() -> list[dict[str, int]]:
    found: list[dict[str, int]] = read("activity/")["results"]
    return found


def test_members_are_told_once_when_it_is_theirs(finance: User) -> None:
    hold(finance, days=10)
    validated()
    assert [row.kind for row in Notice.objects.order_by("number")] == ["reward.pending"]
    release_due(at=clock.now() + timedelta(days=11))

    told = Notice.objects.order_by("number").last()
    assert told is not None
    assert (told.kind, told.before_minor, told.after_minor) == ("reward.available", 500, 500)
    assert (told.pending_change_minor, told.available_change_minor) == (-500, 500)


def test_an_adjustment_with_the_confirmation_moves_what_is_held(finance: User) -> None:
    hold(finance)
    tell_each(observe(), observe(minutes=5, status="validated", amount_minor=600))

    assert balances() == {"pending": 300}
    told = read("transactions/")["results"][0]["history"][-1]
    assert (told["status"], told["reward"], told["change"]) == ("pending", 300, -200)
    assert "went from 5.00 to 3.00 USD" in told["why"]


def test_it_moves_with_its_order_while_it_is_held(finance: User) -> None:
    hold(finance)
    validated(publisher_customer_id=None)
    assert house(AccountKind.UNATTRIBUTED_PENDING) == -500
    order = Transaction.objects.get()

    assign_member(
        transaction_id=order.pk, customer_id=MEMBER, actor=finance, reason="known", at=NOON
    )
    assert balances() == {"pending": 500}
    move_order(
        transaction_id=order.pk, customer_id="u-other", actor=finance, reason="hers", at=NOON
    )
    assert balances() == {}
    assert release_due(at=clock.now() + timedelta(days=11)) == 1
    assert balances("u-other") == {"available": 500}


def test_staff_let_one_go_before_its_time_once(finance: User) -> None:
    hold(finance)
    validated()
    order = Transaction.objects.get()

    for expected in (1, 0):
        done = release_orders([order.pk], at=clock.now(), actor_id=finance.pk, reason="asked")
        assert done == expected
    assert balances() == {"available": 500}
    last = order.revisions.order_by("number").last()
    assert last is not None
    assert (last.kind, last.source, last.actor_id) == ("released", "staff", finance.pk)


def test_what_was_available_before_it_was_set_stays_so(finance: User) -> None:
    validated()
    hold(finance)
    tell(observe(minutes=9, status="validated"))

    assert balances() == {"available": 500}


def test_nothing_is_held_of_a_reward_of_nothing(finance: User) -> None:
    hold(finance)
    validated(amount_minor=0)

    assert read("transactions/")["results"][0]["status"] == "available"


def test_a_thousand_are_released_in_the_same_number_of_statements(
    finance: User, django_assert_max_num_queries: object
) -> None:
    hold(finance)
    for number in range(30):
        validated(f"tx-{number}")

    with django_assert_max_num_queries(40):  # type: ignore[operator]
        assert release_due(at=clock.now() + timedelta(days=11)) == 30
    assert balances() == {"available": 15_000}


def test_wrong_settings_are_refused_and_the_same_again_is_said(finance: User) -> None:
    with pytest.raises(InvalidInput):
        hold(finance, ReleaseMode.DELAY, 0)
    hold(finance, days=3)
    with pytest.raises(Conflict):
        hold(finance, days=3)
    assert ReleasePolicyChange.objects.count() == 1
    with pytest.raises(InvalidInput):
        record_payment(
            merchant_id=MERCHANT,
            validated_through=NOON + timedelta(days=1),
            reference="",
            actor=finance,
            reason="early",
            at=NOON,
        )
    assert not BrandPayment.objects.exists()


def test_what_is_promised_before_counts_the_days_that_it_is_held_back(finance: User) -> None:
    assert days_held_back()(MERCHANT) == 0
    hold(finance, days=12)
    days = days_held_back()
    assert (days(MERCHANT), days("org-other")) == (12, 0)
    estimate = Wait(days=30, range_days=(20, 40), basis="history")
    assert estimate.held_back(12) == Wait(days=42, range_days=(32, 52), basis="history")
    assert Wait().held_back(12) == Wait()

    hold(finance, ReleaseMode.PAID)
    assert days_held_back()(MERCHANT) is None
    assert estimate.held_back(None) == Wait()


def test_nobody_knows_when_a_brand_pays(finance: User) -> None:
    hold(finance, ReleaseMode.PAID)
    tell(observe())

    assert read("transactions/")["results"][0]["expected_available_at"] is None
