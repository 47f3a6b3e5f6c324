"""Each fault of Button's, through sockets: the books come out right, and nothing waits for a hand.

API faults meet a sync; webhook faults meet every event. What webhooks can't bring, a sync does.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest
from django.core.management import CommandError
from pytest_django import Settings

from accounts_sync.inbox.models import WebhookEvent
from rewards_site.button.sandbox.faults import API_KINDS, Fault, FaultKind
from tests.conftest import CommittedDatabase
from tests.journeys.books import Balances, member_balances
from tests.journeys.errands import ERRANDS, EVENTS, EXPECTED, run_errands, worth
from tests.journeys.shop import open_shop, the_books_are
from transactions.ledger.models import EntryGroup

SOME_DAYS = 2.5 * 86_400


@pytest.mark.parametrize("kind", API_KINDS)
def test_a_fault_of_the_api_delays_a_sync_and_no_more(
    committed_db: CommittedDatabase, settings: Settings, kind: FaultKind
) -> None:
    with open_shop(settings, lose_webhooks=100) as shop:
        run_errands(shop.caller, shop.a_day_later)
        for path in ("/v1/affiliation/accounts", "/v1/affiliation/accounts/acc-"):
            shop.caller.control("faults", kind=kind, path=path, seconds=0.3)

        shop.sync()

        left = shop.caller.session.get(f"{shop.caller.url}/control/faults", timeout=10).json()
    assert [fault["kind"] for fault in left["faults"]] == ["lost"]  # the others are used up
    the_books_are(EXPECTED)


def test_a_sync_that_fails_for_good_is_made_up_for_by_the_next(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    with open_shop(settings, lose_webhooks=100) as shop:
        run_errands(shop.caller, shop.a_day_later)
        shop.caller.control("outages", hours=1, kind="html")
        with pytest.raises(CommandError):
            shop.sync()
        assert member_balances() == {}
        shop.a_day_later()

        shop.sync()

    the_books_are(EXPECTED)


@pytest.mark.parametrize(
    ("fault", "deliveries"),
    [
        ({"kind": "duplicate"}, 2 * EVENTS),
        ({"kind": "reordered"}, EVENTS),
        ({"kind": "late", "seconds": SOME_DAYS}, EVENTS),
        ({"kind": "order-checkout"}, EVENTS + len(ERRANDS)),
    ],
)
@pytest.mark.parametrize("tx_ids", ["same", "new-declined", "new-pending"])
def test_webhooks_that_come_twice_late_or_in_any_order(
    committed_db: CommittedDatabase,
    settings: Settings,
    fault: dict[str, Any],
    deliveries: int,
    tx_ids: str,
) -> None:
    with open_shop(settings) as shop:
        shop.caller.control("switches", tx_ids=tx_ids)
        shop.caller.control("faults", percent=100, **fault)
        run_errands(shop.caller, shop.a_day_later)
        for _ in range(3):
            shop.a_day_later()
        assert shop.states() == {"acknowledged"}

    the_books_are(EXPECTED)
    came = sum(WebhookEvent.objects.values_list("delivery_count", flat=True))
    told_of_r2 = WebhookEvent.objects.filter(event_type="tx-declined").count() - 1
    extra = told_of_r2 * (2 if fault["kind"] == "duplicate" else 1)
    assert came == deliveries + extra


def test_events_that_come_after_the_poll_change_nothing(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    with open_shop(settings) as shop:
        shop.caller.control("faults", kind="late", percent=100, seconds=30 * 86_400)
        run_errands(shop.caller, shop.a_day_later)
        shop.sync()
        the_books_are(EXPECTED)
        assert not WebhookEvent.objects.exists()
        booked = EntryGroup.objects.count()
        for _ in range(30):
            shop.a_day_later()
        assert shop.states() == {"acknowledged"}

    the_books_are(EXPECTED)
    assert WebhookEvent.objects.count() == EVENTS
    assert EntryGroup.objects.count() == booked


def test_a_wrong_signature_is_refused_and_the_next_attempt_is_taken(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    with open_shop(settings, auto_pause=False) as shop:
        shop.caller.control("faults", kind="wrong-signature", count=40)
        run_errands(shop.caller, shop.a_day_later)
        answers = Counter(
            attempt["status"]
            for delivery in shop.caller.deliveries()["deliveries"]
            for attempt in delivery["attempts"]
        )
        assert shop.states() == {"acknowledged"}

    assert answers == {401: 40, 200: EVENTS}
    the_books_are(EXPECTED)


def test_orders_of_users_nobody_knows_are_theirs(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    with open_shop(settings) as shop:
        shop.caller.control("faults", kind="unknown-user", percent=100)
        ids = run_errands(shop.caller, shop.a_day_later)
        customer_of = {
            one["button_order_id"]: str(one["customer"]) for one in shop.caller.state()["orders"]
        }
        shop.sync()

    expected: Balances = defaultdict(dict)
    for order_id, errand in zip(ids, ERRANDS, strict=True):
        if held := worth(errand):
            expected[customer_of[order_id]][errand.currency] = held
    assert len(expected) == 6
    assert all(customer.startswith("nobody-") for customer in expected)
    the_books_are(dict(expected))


@pytest.mark.parametrize("tx_ids", ["same", "new-declined", "new-pending"])
def test_everything_goes_wrong_now_and_then(
    committed_db: CommittedDatabase, settings: Settings, tx_ids: str
) -> None:
    kinds = ("lost", "duplicate", "reordered", "late", "wrong-signature", "order-checkout")
    standing = tuple(Fault(kind=FaultKind(kind), percent=25) for kind in kinds)
    spoilt = tuple(
        Fault(kind=FaultKind(kind), percent=8) for kind in ("500", "html", "empty", "drop", "cut")
    )
    with open_shop(settings, standing_faults=standing + spoilt, auto_pause=False) as shop:
        shop.caller.control("switches", tx_ids=tx_ids, webhook_order="global")

        def pause() -> None:
            shop.a_day_later()
            shop.sync()

        run_errands(shop.caller, pause)
        assert shop.states() == {"acknowledged", "lost"}

    the_books_are(EXPECTED)


def test_a_publisher_that_refuses_all_is_paused_and_gets_the_backlog(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    with open_shop(settings) as shop:
        secrets, settings.BUTTON_WEBHOOK_SECRETS = settings.BUTTON_WEBHOOK_SECRETS, ()
        run_errands(shop.caller, shop.a_day_later)
        assert shop.caller.webhooks()["paused"]["by"] == "itself"
        assert not WebhookEvent.objects.exists()

        settings.BUTTON_WEBHOOK_SECRETS = secrets
        shop.caller.control("webhooks/resume")
        shop.a_day_later()
        assert shop.states() == {"acknowledged"}

    the_books_are(EXPECTED)


def test_a_publisher_that_refuses_all_for_days_is_healed_by_the_api(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    with open_shop(settings, auto_pause=False) as shop:
        secrets, settings.BUTTON_WEBHOOK_SECRETS = settings.BUTTON_WEBHOOK_SECRETS, ()
        run_errands(shop.caller, shop.a_day_later)
        for _ in range(10):  # the next event of a transaction waits until the one before is dropped
            shop.a_day_later()
        assert shop.states() == {"expired"}
        settings.BUTTON_WEBHOOK_SECRETS = secrets
        shop.a_day_later()
        assert member_balances() == {}

        shop.sync()

    assert not WebhookEvent.objects.exists()
    the_books_are(EXPECTED)


def test_a_commission_that_is_split_over_accounts(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    with open_shop(settings, lose_webhooks=30) as shop:
        for _ in range(5):
            order = shop.caller.order(
                customer="anna", amount=70, total=1000, shares=[{"currency": "GBP", "amount": 31}]
            )["button_order_id"]
            shop.a_day_later()
            shares = [{"currency": "GBP", "amount": 21}]
            shop.caller.control(f"orders/{order}/adjust", amount=50, shares=shares)
            shop.sync()
            shop.caller.control(f"orders/{order}/finalize")
        shop.sync()

    the_books_are({"anna": {"USD": {"available": 125}, "GBP": {"available": 50}}})
