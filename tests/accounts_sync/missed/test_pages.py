"""What people, the health page and /metrics say of lost webhooks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from pytest_django import Settings

from accounts_sync.missed.models import FoundChange, ToldDay
from accounts_sync.missed.queries import days_until
from tests.accounts_sync.missed.telling import by_sync, by_webhook, look, webhooks_have_begun
from tests.accounts_sync.world import World
from tests.admin_world import make_staff
from tests.factories import ACCOUNT, NOON, observe, tell
from transactions.models import ButtonAccount, TransactionRevision

PAGE = "/admin/missed/foundchange/detection/"


@pytest.fixture
def ops(client: Client, db: None) -> Client:
    client.force_login(make_staff("Ops"))
    return client


def told_today(*, by_webhooks: int, lost: int) -> None:
    ButtonAccount.objects.get_or_create(
        pk=ACCOUNT, defaults={"currency": "USD", "first_seen_at": NOON}
    )
    ToldDay.objects.create(
        account_id=ACCOUNT,
        day=datetime.now(tz=UTC).date(),
        webhook_count=by_webhooks,
        found_count=lost,
        lost_count=lost,
    )


def lost_check(client: Client) -> str:
    return str(client.get("/health/full/").json()["checks"]["webhooks lost"])


def test_the_page_says_how_many_of_how_many(ops: Client, account: str, world: World) -> None:
    webhooks_have_begun()
    for number in range(1, 4):
        by_webhook(number)
    by_sync(world, *range(1, 6))
    look()

    page = ops.get(PAGE).content.decode()

    assert "2 lost of 5 changes told" in page
    assert "40.00 %" in page
    for tx_id in ("tx-4", "tx-5"):
        order = TransactionRevision.objects.get(child__tx_id=tx_id).transaction_id
        assert f"/admin/transactions/transaction/{order}/change/" in page
    assert "whether webhooks are paused" in page
    assert "<script" not in page.partition('id="content-main"')[2].partition("</main")[0]
    assert "style=" not in page.partition('id="content-main"')[2].partition("</main")[0]
    [card] = [card for card in ops.get("/admin/").context["waiting"] if "Webhooks" in card.title]
    assert (card.count, card.url) == (2, PAGE)
    assert card.what_to_do.startswith("Lost: 40 % of what was told today, none of yesterday's.")


def test_without_webhooks_the_page_says_what_is_missing(ops: Client) -> None:
    page = ops.get(PAGE).content.decode()

    assert "BUTTON_WEBHOOK_SECRETS is not set, or none has ever arrived" in page
    assert "Nothing was told in the last 30 days." in page


def test_support_does_not_see_it(client: Client, db: None) -> None:
    client.force_login(make_staff("Support"))

    assert client.get(PAGE).status_code == 403


def test_times_to_detect_are_exact(db: None) -> None:
    tell(*(observe(f"tx-{number}") for number in range(1, 201)))
    revisions = TransactionRevision.objects.order_by("pk")
    for number, revision in enumerate(revisions, start=1):
        FoundChange.objects.create(
            revision=revision,
            account_id=ACCOUNT,
            transaction_id=revision.transaction_id,
            tx_id=f"tx-{number}",
            status="pending",
            modified_at=NOON,
            found_at=NOON + timedelta(seconds=number),
            day=date(2026, 11, 20 if number > 1 else 19),
            detect_seconds=number,
            verdict="lost",
        )

    [before, day] = days_until(date(2026, 11, 20), count=2)

    assert (before.p50_seconds, before.p99_seconds) == (1, 1)
    assert (day.p50_seconds, day.p99_seconds) == (101, 199)  # 2 to 200: the 100th, the 198th


@pytest.mark.parametrize(
    ("by_webhooks", "lost", "is_wrong"),
    [(95, 5, False), (94, 6, True), (0, 4, False), (0, 5, True), (1000, 0, False)],
)
def test_the_alarm_has_a_share_and_a_least_count(
    client: Client, db: None, by_webhooks: int, lost: int, is_wrong: bool
) -> None:
    told_today(by_webhooks=by_webhooks, lost=lost)

    assert (lost_check(client) != "ok") is is_wrong


def test_the_limit_is_a_setting(client: Client, db: None, settings: Settings) -> None:
    told_today(by_webhooks=90, lost=10)
    settings.MISSED_WEBHOOKS_ALARM_PERCENT = 10
    assert lost_check(client) == "ok"

    settings.MISSED_WEBHOOKS_ALARM_PERCENT = 9

    assert lost_check(client).startswith(
        "10 of 100 changes today were told by no webhook (10 %, the limit is 9 %)"
    )


def test_the_share_is_a_number_on_the_health_page_and_in_metrics(client: Client, db: None) -> None:
    empty = client.get("/health/full/").json()["figures"]
    told_today(by_webhooks=195, lost=5)

    told = client.get("/health/full/").json()["figures"]

    assert empty["webhooks_lost_percent_today"] is None
    assert told["webhooks_lost_percent_today"] == 2.5
    scraped = client.get("/metrics").content.decode()
    assert 'rewards_webhooks_lost_ratio{day="today"} 0.025' in scraped
    assert 'rewards_webhook_changes{day="today",told="lost"} 5.0' in scraped
    assert 'rewards_webhook_changes{day="today",told="webhook"} 195.0' in scraped
