"""Alarms where staff see them: on the landing page, and in their list."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from rewards_site.health import registry
from rewards_site.health.models import Alarm, Channel, Heartbeat, Notice, NoticeKind
from rewards_site.kernel import clock
from tests.admin_world import make_staff
from tests.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _kettle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_checks", {})
    registry.register("kettle", lambda _at: "cold <since> long")


def open_alarm(name: str = "kettle") -> Alarm:
    return Alarm.objects.create(
        name=name,
        what=f"{name} was wrong",
        opened_at=NOON,
        last_seen_at=NOON,
        told_at=NOON,
        told_count=1,
    )


def test_the_landing_page_tells_what_is_wrong_and_since_when(admin_client: Client) -> None:
    open_alarm()
    open_alarm("toaster")

    page = admin_client.get("/admin/").content.decode()

    assert "Not as it should be" in page
    assert "cold &lt;since&gt; long" in page
    assert "since 2026-11-20 12:00 UTC" in page
    assert "toaster was wrong" in page
    assert "nothing found any more, closes if it stays so" in page
    assert reverse("admin:health_alarm_changelist") in page


def test_a_finding_that_no_sweep_has_seen_stands_there_at_once(admin_client: Client) -> None:
    assert "cold &lt;since&gt; long" in admin_client.get("/admin/").content.decode()


def test_staff_without_a_role_see_it_without_the_link(client: Client) -> None:
    client.force_login(make_staff())

    page = client.get("/admin/").content.decode()

    assert "cold &lt;since&gt; long" in page
    assert "All alarms" not in page


def test_past_alarms_are_listed_with_their_messages(admin_client: Client) -> None:
    alarm = open_alarm("toaster")
    Alarm.objects.update(closed_at=NOON + timedelta(hours=1))
    Notice.objects.create(
        alarm=alarm,
        number=0,
        kind=NoticeKind.OPENED,
        channel=Channel.WEBHOOK,
        what="burnt",
        created_at=NOON,
        not_before=NOON,
        attempt_count=3,
        error="the webhook answered 500",
    )

    listed = admin_client.get(reverse("admin:health_alarm_changelist"), {"state": "over"})
    page = admin_client.get(reverse("admin:health_alarm_change", args=[alarm.pk]))

    assert "toaster was wrong" in listed.content.decode()
    assert "the webhook answered 500" in page.content.decode()
    assert (
        admin_client.post(reverse("admin:health_alarm_delete", args=[alarm.pk])).status_code == 403
    )


def test_a_worker_that_went_silent_reads_so(admin_client: Client) -> None:
    now = clock.now()
    Heartbeat.objects.create(name="vm 1 a", started_at=now, beat_at=now)
    Heartbeat.objects.create(name="vm 2 b", started_at=now, beat_at=now - timedelta(minutes=7))

    page = admin_client.get(reverse("admin:health_heartbeat_changelist")).content.decode()

    assert page.index(">silent<") < page.index(">alive<")  # newest row first
