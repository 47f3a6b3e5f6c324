"""GET /health/live/ and /health/ready/, as a load balancer sees them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from rewards_site.health import registry
from rewards_site.health.models import Alarm
from rewards_site.health.queue import worker_is_wrong
from tests.conftest import CommittedDatabase

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture
def no_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the checks that a test registers."""
    monkeypatch.setattr(registry, "_checks", {})


def test_live_answers_without_a_database(client: Client) -> None:
    answer = client.get("/health/live/")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert answer["Cache-Control"] == "no-store"


def test_probes_answer_whatever_host_is_asked_for(client: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["rewards.example.com"]

    assert client.get("/health/live/", headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/admin/login/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health/live/", "/health/ready/", "/health/full/", "/metrics"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_browser_guesses_at_what_an_answer_is(client: Client, path: str, method: str) -> None:
    assert client.generic(method, path)["X-Content-Type-Options"] == "nosniff"


def test_probes_are_read_only(client: Client) -> None:
    assert client.post("/health/live/").status_code == 405
    assert client.head("/health/live/").status_code == 200


@pytest.mark.django_db
def test_ready_when_database_and_migrations_are_there(client: Client, no_checks: None) -> None:
    answer = client.get("/health/ready/")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "alarms": "ok"},
        "degraded": [],
    }
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_a_missing_migration_is_not_ready_and_is_named(client: Client, no_checks: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'ledger'")

    answer = client.get("/health/ready/")

    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert answer.json()["checks"]["migrations"].startswith("not migrated: ledger.0001_initial")
    assert "run manage.py migrate" in answer.json()["checks"]["migrations"]


def test_no_database_is_not_ready_and_tells_no_address(
    client: Client, committed_db: CommittedDatabase
) -> None:
    settings_dict = connection.settings_dict
    before = dict(settings_dict)
    connection.close()
    settings_dict["NAME"] = "/no/such/database"
    settings_dict["PORT"] = "1"
    try:
        answer = client.get("/health/ready/")
    finally:
        settings_dict.clear()
        settings_dict.update(before)

    assert answer.status_code == 503
    assert answer.json() == {
        "status": "unavailable",
        "checks": {"database": "the database does not answer (OperationalError)"},
        "degraded": [],
    }


@pytest.mark.django_db
def test_what_is_degraded_stands_in_the_body_and_we_still_serve(
    client: Client, no_checks: None
) -> None:
    registry.register("kettle", lambda at: f"cold since {at:%Y}")
    registry.register("toaster", lambda _: "")

    answer = client.get("/health/ready/")

    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert answer.json()["degraded"] == ["kettle"]
    assert answer.json()["checks"]["kettle"].startswith("cold since 20")
    assert answer.json()["checks"]["toaster"] == "ok"


@pytest.mark.django_db
def test_a_check_that_breaks_is_a_finding_and_hides_no_other(
    client: Client, no_checks: None
) -> None:
    def broken(at: datetime) -> str:
        raise ValueError("postgres://somebody:secret@db/rewards")

    registry.register("broken", broken)
    registry.register("worker", worker_is_wrong)

    answer = client.get("/health/ready/")

    assert answer.status_code == 200
    assert answer.json()["checks"]["broken"] == "the check itself failed (ValueError)"
    assert answer.json()["degraded"] == ["broken", "worker"]
    assert "secret" not in answer.content.decode()


@pytest.mark.django_db
def test_alarms_that_are_open_stand_in_the_body(client: Client, no_checks: None) -> None:
    Alarm.objects.create(
        name="kettle", what="cold", opened_at=NOON, last_seen_at=NOON, told_at=NOON, told_count=1
    )

    answer = client.get("/health/ready/")

    assert answer.status_code == 200
    assert answer.json()["checks"]["alarms"] == "open: kettle"
    assert answer.json()["degraded"] == ["alarms"]


@pytest.mark.django_db
def test_full_is_not_content_with_anything_degraded(client: Client, no_checks: None) -> None:
    assert client.get("/health/full/").status_code == 200
    assert client.get("/health/full/").json()["status"] == "ok"

    registry.register("kettle", lambda _: "cold")
    answer = client.get("/health/full/")

    assert answer.status_code == 503
    assert answer.json()["status"] == "degraded"
    assert answer.json()["degraded"] == ["kettle"]


@pytest.mark.django_db
def test_ready_asks_little_of_the_database(
    client: Client, no_checks: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/health/ready/")

    with django_assert_max_num_queries(3):
        client.get("/health/ready/")
