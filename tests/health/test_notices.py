"""Alarms on their way out: by e-mail and to a webhook, at least once, in one message."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import requests
import responses
from django.core import mail
from pytest_django import Settings

from rewards_site.health import notices
from rewards_site.health.models import Alarm, Channel, Notice, NoticeKind
from tests.factories import NOON

pytestmark = pytest.mark.django_db

HOOK = "https://alerts.example.com/hook"


@pytest.fixture(autouse=True)
def _channels(settings: Settings) -> None:
    settings.ALERT_EMAILS = ["ops@example.com", "night@example.com"]
    settings.ALERT_WEBHOOK_URL = HOOK


def make_notice(
    name: str = "worker",
    *,
    channel: Channel = Channel.WEBHOOK,
    kind: NoticeKind = NoticeKind.OPENED,
    number: int = 0,
) -> Notice:
    alarm, _ = Alarm.objects.get_or_create(
        name=name,
        defaults={"what": f"{name} stands still", "opened_at": NOON, "last_seen_at": NOON},
    )
    return Notice.objects.create(
        alarm=alarm,
        number=number,
        kind=kind,
        channel=channel,
        what=alarm.what,
        created_at=NOON,
        not_before=NOON,
    )


def test_an_alarm_goes_out_by_e_mail() -> None:
    notice = make_notice(channel=Channel.EMAIL)

    assert notices.deliver(at=NOON) == 1

    [message] = mail.outbox
    assert message.to == ["ops@example.com", "night@example.com"]
    assert message.subject == "[rewards] alarm: worker"
    assert message.body == (
        "ALARM worker: worker stands still (since 2026-11-20 12:00 UTC)\n\n"
        "The admin's landing page shows what is wrong now."
    )
    notice.refresh_from_db()
    assert notice.sent_at is not None
    assert notices.deliver(at=NOON) == 0


def test_an_alarm_goes_out_to_a_webhook(button: responses.RequestsMock) -> None:
    button.post(HOOK, status=200)
    notice = make_notice()

    assert notices.deliver(at=NOON) == 1

    body = json.loads(button.calls[0].request.body or "")
    assert body == {
        "text": "[rewards] alarm: worker\n"
        "ALARM worker: worker stands still (since 2026-11-20 12:00 UTC)\n\n"
        "The admin's landing page shows what is wrong now.",
        "sent_at": "2026-11-20T12:00:00Z",
        "alarms": [
            {
                "id": f"alarm-{notice.alarm_id}-0",
                "alarm": f"alarm-{notice.alarm_id}",
                "check": "worker",
                "state": "opened",
                "what": "worker stands still",
                "opened_at": "2026-11-20T12:00:00Z",
                "closed_at": None,
            }
        ],
    }


def test_all_that_waits_goes_in_one_message() -> None:
    for name in ("sync", "worker", "coverage", "disk", "kettle"):
        make_notice(name, channel=Channel.EMAIL)

    assert notices.deliver(at=NOON) == 5

    [message] = mail.outbox
    assert message.subject == "[rewards] alarm: sync, worker, coverage, disk and 1 more"


def test_that_it_is_over_is_told_with_its_times() -> None:
    make_notice(channel=Channel.EMAIL, kind=NoticeKind.CLOSED, number=1)
    Alarm.objects.update(
        last_seen_at=NOON + timedelta(minutes=30), closed_at=NOON + timedelta(minutes=40)
    )

    notices.deliver(at=NOON)

    [message] = mail.outbox
    assert message.subject == "[rewards] over: worker"
    assert message.body.startswith(
        "OVER worker: was worker stands still (from 2026-11-20 12:00 UTC to 2026-11-20 12:30 UTC)"
    )


@pytest.mark.parametrize("status", [302, 404, 500])
def test_what_the_webhook_does_not_take_is_sent_again_later(
    button: responses.RequestsMock, status: int
) -> None:
    button.post(HOOK, status=status, headers={"Location": "https://elsewhere.example.com/"})
    notice = make_notice()

    assert notices.deliver(at=NOON) == 0

    notice.refresh_from_db()
    assert (notice.sent_at, notice.attempt_count) == (None, 1)
    assert notice.error == f"the webhook answered {status}"
    assert notice.not_before > NOON
    button.replace("POST", HOOK, status=204)
    assert notices.deliver(at=NOON) == 0  # not yet
    assert notices.deliver(at=notice.not_before) == 1


def test_the_pause_doubles_up_to_an_hour(button: responses.RequestsMock) -> None:
    button.post(HOOK, body=requests.ConnectionError("refused"))
    notice = make_notice()
    pauses = []
    for _ in range(9):
        Notice.objects.update(not_before=NOON)
        notices.deliver(at=NOON)
        notice.refresh_from_db()
        pauses.append(notice.not_before)

    minutes = [round((later - pauses[0]).total_seconds() / 60) for later in pauses]
    assert minutes == [0, 1, 3, 7, 15, 31, 59, 59, 59]


def test_one_channel_that_fails_holds_up_no_other(button: responses.RequestsMock) -> None:
    button.post(HOOK, body=requests.ReadTimeout("slow"))
    make_notice(channel=Channel.WEBHOOK)
    make_notice(channel=Channel.EMAIL)

    assert notices.deliver(at=NOON) == 1
    assert len(mail.outbox) == 1


def test_what_another_process_is_sending_is_left_to_it_until_its_claim_ends(
    button: responses.RequestsMock,
) -> None:
    button.post(HOOK, status=200)
    notice = make_notice()
    Notice.objects.update(claimed_until=NOON + notices.CLAIMED)

    assert notices.deliver(at=NOON) == 0
    assert notices.deliver(at=NOON + notices.CLAIMED) == 1  # it died over it

    notice.refresh_from_db()
    assert notice.sent_at is not None


def test_what_could_not_be_sent_for_three_days_is_let_go() -> None:
    make_notice(channel=Channel.EMAIL)

    assert notices.deliver(at=NOON + timedelta(days=3)) == 0
    assert mail.outbox == []


def test_that_alarms_cannot_be_sent_is_a_finding_itself(settings: Settings) -> None:
    make_notice()
    later = NOON + timedelta(minutes=16)
    assert notices.delivery_is_wrong(later) == ""

    Notice.objects.update(attempt_count=2)

    assert notices.delivery_is_wrong(later) == (
        "alarms cannot be sent by webhook: see the alarm messages for why"
    )
    settings.ALERT_WEBHOOK_URL = ""
    assert notices.delivery_is_wrong(later) == ""
