"""GET /metrics: who may ask, and what is told."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from accounts_sync.inbox.counts import count_refused, count_taken
from accounts_sync.tasks import watch_alarms
from rewards_site.health import heartbeat, metrics, registry
from rewards_site.health.models import Alarm, Tally
from rewards_site.version import VERSION
from tests.admin_world import fill, make_event
from tests.factories import MEMBER, NOON, observe, tell

ROOT = Path(__file__).resolve().parents[2]


def scraped(client: Client) -> dict[str, float]:
    """Each sample as Prometheus reads it: `name{label="value"}` → number."""
    answer = client.get("/metrics")
    assert answer.status_code == 200, answer.content
    found = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items()))
            found[sample.name + (f"{{{labels}}}" if labels else "")] = sample.value
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_without_a_token_this_machine_may_ask(client: Client, address: str) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=address)

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=")
    assert answer["Cache-Control"] == "no-store"
    assert client.get("/metrics/").status_code == 200


@pytest.mark.parametrize("address", ["10.0.0.7", "203.0.113.9", "2001:db8::1", "", "unix:"])
def test_without_a_token_nobody_else_may(client: Client, address: str) -> None:
    assert client.get("/metrics", REMOTE_ADDR=address).status_code == 403


@pytest.mark.parametrize("trusts", [True, False])
@pytest.mark.parametrize(
    "header",
    [
        *("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded"),
        "Via",
    ],
)
@pytest.mark.parametrize("told", ["127.0.0.1", ""])
def test_what_a_proxy_of_this_machine_forwards_is_not_of_this_machine(
    client: Client, settings: Settings, header: str, trusts: bool, told: str
) -> None:
    settings.TRUST_PROXY = trusts

    answer = client.get("/metrics", headers={header: told}, REMOTE_ADDR="127.0.0.1")

    assert answer.status_code == 403


def test_behind_a_proxy_that_adds_no_header_nobody_is_of_this_machine(
    client: Client, settings: Settings
) -> None:
    settings.TRUST_PROXY = True

    answer = client.get("/metrics", REMOTE_ADDR="127.0.0.1")

    assert answer.status_code == 403
    assert "Set METRICS_TOKEN, and send it as a bearer token." in answer.content.decode()


@pytest.mark.django_db
def test_with_a_token_it_is_asked_of_everybody(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "token-of-the-scraper"

    def status(authorization: str, *, address: str = "127.0.0.1") -> int:
        headers = {"Authorization": authorization} if authorization else {}
        return client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code

    assert status("Bearer token-of-the-scraper", address="203.0.113.9") == 200
    assert status("bearer token-of-the-scraper") == 200
    assert status("") == 401
    assert status("Bearer token-of-the-scrape") == 401
    assert status("Bearer tökén") == 401
    assert status("Basic token-of-the-scraper") == 401
    assert client.get("/metrics")["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
def test_it_answers_whatever_host_is_asked_for(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["rewards.example.com"]

    assert client.get("/metrics", headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.post("/metrics").status_code == 405


@pytest.mark.django_db
def test_webhooks_are_counted_over_all_processes(client: Client) -> None:
    Tally.objects.create(key="webhooks_taken:processed:tx-pending", value=1000)  # of others
    before = scraped(client)
    count_taken("processed", "tx-pending")
    count_taken("deferred", "tx-odd")
    count_taken("rejected", "")
    count_refused(401)

    after = scraped(client)

    name = 'rewards_webhooks_taken_total{event_type="tx-pending",status="processed"}'
    assert after[name] == before[name] + 1 >= 1001
    assert after['rewards_webhooks_taken_total{event_type="other",status="deferred"}'] >= 1
    assert after['rewards_webhooks_taken_total{event_type="none",status="rejected"}'] >= 1
    refused = 'rewards_webhooks_refused_total{code="401"}'
    assert after[refused] == before.get(refused, 0) + 1


@pytest.mark.django_db
def test_orders_and_alarms_and_the_worker_are_told(client: Client) -> None:
    tell(observe("tx-1"), observe("tx-2", status="validated"), observe("tx-3", is_test=True))
    tell(observe("tx-4", publisher_customer_id=None))
    make_event()
    Alarm.objects.create(
        name="sync", what="late", opened_at=NOON, last_seen_at=NOON, told_at=NOON, told_count=1
    )
    heartbeat.begin(heartbeat.SCHEDULES, at=timezone.now())
    watch_alarms()

    found = scraped(client)

    assert found['rewards_orders{status="pending",test="false"}'] == 2
    assert found['rewards_orders{status="validated",test="false"}'] == 1
    assert found['rewards_orders{status="pending",test="true"}'] == 1
    assert 0 <= found["rewards_orders_age_seconds"] < 60
    assert found["rewards_orders_unattributed"] == 1
    assert found["rewards_ledger_groups_total"] >= 3
    assert found["rewards_webhooks_deferred"] == 1
    assert found['rewards_alarm_open{check="sync"}'] == 1
    assert found['rewards_alarm_open{check="worker"}'] == 0
    assert found["rewards_worker_heartbeat_age_seconds"] < 60
    assert found["rewards_queue_tasks_waiting"] == 0
    assert found["rewards_database_up"] == 1
    assert {value for name, value in found.items() if "metrics_failed" in name} == {0}


@pytest.mark.django_db
def test_nothing_of_a_member_is_told(client: Client) -> None:
    fill(1, 3)
    watch_alarms()

    text = client.get("/metrics").content.decode()

    assert MEMBER not in text
    assert not re.search(r"u-0001|tx-0001|org-0001|hook-0001", text)


@pytest.mark.django_db
def test_a_room_that_fails_hides_no_other(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_at: object) -> list[object]:
        raise ValueError("no")

    rooms = {"broken": fail, "health": metrics.collect_health}
    monkeypatch.setattr(metrics, "_rooms", rooms)

    found = scraped(client)

    assert found['rewards_metrics_failed{room="broken"}'] == 1
    assert found['rewards_metrics_failed{room="health"}'] == 0
    assert "rewards_workers" in found


@pytest.mark.django_db
def test_a_scrape_costs_the_same_however_much_there_is(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fill(1, 1)
    client.get("/metrics")
    with CaptureQueriesContext(connection) as few:
        client.get("/metrics")
    fill(2, 9)
    with django_assert_num_queries(len(few.captured_queries)):
        client.get("/metrics")


@pytest.mark.django_db
def test_the_build_is_told_by_its_version(client: Client) -> None:
    assert f'version = "{VERSION}"' in (ROOT / "pyproject.toml").read_text()

    assert f'version="{VERSION}"' in client.get("/metrics").content.decode()


@pytest.mark.django_db
def test_every_metric_stands_in_the_docs(client: Client) -> None:
    fill(1, 1)
    watch_alarms()
    told = {name.partition("{")[0] for name in scraped(client)}
    docs = (ROOT / "docs" / "operations.md").read_text()

    assert sorted(name for name in told if f"`{name}`" not in docs) == []


def test_every_check_stands_in_the_docs_and_no_other() -> None:
    docs = (ROOT / "docs" / "operations.md").read_text()
    table = docs.partition("| check | what it finds |")[2].partition("\n\n")[0]

    assert sorted(re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)) == registry.names()
