"""Subscriptions and deliveries in the admin: Ops works with them, the Auditor reads."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from rewards_site.kernel import clock
from rewards_site.outward.deliver import deliver_events
from rewards_site.outward.models import Delivery, Subscription
from rewards_site.outward.pauses import ATTEMPTS_MAX
from tests.admin_outward import fill_outward
from tests.admin_world import PASSWORD, make_staff, said
from tests.notifications.telling import news, tell
from tests.outward.receiving import Receiver, staff, subscribe

pytestmark = pytest.mark.django_db

LIST = "/admin/outward/subscription/"
DELIVERIES = "/admin/outward/delivery/"
FORM = {
    "name": "customer app",
    "url": "https://93.184.215.14/hook",
    "event_types": ["reward.*", "claim.answered"],
    "reason": "The app shows rewards.",
}


def logged_in(role: str) -> Client:
    user = make_staff(role)
    client = Client()
    assert client.login(username=user.username, password=PASSWORD)
    return client


@pytest.fixture
def ops() -> Client:
    return logged_in("Ops")


def do(client: Client, verb: str, row: Any, **answers: object) -> list[tuple[str, str]]:
    at = LIST if isinstance(row, Subscription) else DELIVERIES
    answer = client.post(f"{at}do/{verb}/", {"id": row.pk, "reason": "Agreed.", **answers})
    return said(answer)[-1:]


def secrets_in(page: Any) -> list[str]:
    return re.findall(r"whsec_[A-Za-z0-9+/]{43}=", page.content.decode())


def give_up(receiver: Receiver, count: int = 1) -> None:
    """Events that no attempt brought home."""
    receiver.answer = lambda _got: 500
    tell(*(news(f"order/{number}") for number in range(count)))
    deliver_events()
    tried = ATTEMPTS_MAX - 1
    Delivery.objects.update(attempt_count=tried, round_attempt_count=tried, not_before=clock.now())
    deliver_events()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"dead"}
    receiver.answer = lambda _got: 200


def test_a_subscription_is_made_and_its_secret_shown_once(ops: Client) -> None:
    assert "Make a subscription" in ops.get(LIST).content.decode()
    page = ops.post(f"{LIST}make/", FORM)

    [secret] = secrets_in(page)
    assert "no-store" in page.headers["Cache-Control"]
    row = Subscription.objects.get()
    assert (row.name, row.url) == ("customer app", "https://93.184.215.14/hook")
    assert row.event_types == ["claim.answered", "reward.*"]
    assert (row.status, row.created_by.username) == ("active", "ops")
    for url in (LIST, f"{LIST}{row.pk}/change/"):
        text = ops.get(url).content.decode()
        assert "customer app" in text
        assert secret not in text
        assert row.sealed_secret not in text
    [entry] = LogEntry.objects.all()
    assert entry.change_message == "Made. Reason: The app shows rewards."


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "This field is required."),
        ("reason", "", "This field is required."),
        ("event_types", [], "This field is required."),
        ("event_types", ["money.*"], "money.* is not one of the available choices."),
        ("url", "http://93.184.215.14/", "it must begin with https://"),
        ("url", "https://127.0.0.1/", "its host leads to a private address"),
        ("url", "https://0x7f.1/", "its host leads to a private address"),
        ("url", "https://169.254.169.254/", "its host leads to a reserved address"),
        ("url", "https://u:p@93.184.215.14/", "it must carry no user name or password"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    ops: Client, field: str, value: object, words: str
) -> None:
    page = ops.post(f"{LIST}make/", FORM | {field: value})

    assert words in str(page.context["form"].errors[field])
    assert not Subscription.objects.exists()


def test_two_of_one_name_are_refused(ops: Client) -> None:
    ops.post(f"{LIST}make/", FORM)
    page = ops.post(f"{LIST}make/", FORM)

    assert "A subscription of that name is there already." in page.content.decode()
    assert Subscription.objects.count() == 1


def test_a_secret_is_rotated_on_a_page_that_shows_it_once(ops: Client, receiver: Receiver) -> None:
    old = subscribe(receiver.url)
    page = ops.get(f"{LIST}do/rotate/?id={old.row.pk}")
    assert "Rotate the secret of app" in page.content.decode()
    answers = {"id": old.row.pk, "old_hours": 24, "reason": "Yearly."}
    assert secrets_in(ops.post(f"{LIST}do/rotate/", answers | {"reason": ""})) == []
    assert secrets_in(ops.post(f"{LIST}do/rotate/", answers | {"old_hours": 999})) == []

    page = ops.post(f"{LIST}do/rotate/", answers)

    [new] = secrets_in(page)
    assert new != old.text
    assert "The old one signs too, until" in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    receiver.secrets = [old.text, new]
    tell(news())
    deliver_events()
    assert receiver.received[0].verified_by == [old.text, new]
    [entry] = LogEntry.objects.all()
    assert entry.change_message == "Rotated; old secret for 24 h. Reason: Yearly."


def test_it_is_tested_paused_resumed_changed_and_switched_off(
    ops: Client, receiver: Receiver
) -> None:
    made = subscribe(receiver.url)
    receiver.secrets = [made.text]
    row = made.row

    assert do(ops, "test", row) == [("success", "app: test event #1 goes out within a minute.")]
    deliver_events()
    assert receiver.sequences == [1]
    assert do(ops, "pause", row) == [("success", "app: paused. Events are numbered and wait.")]
    tell(news())
    deliver_events()
    assert receiver.sequences == [1]
    assert "do/pause/" not in ops.get(f"{LIST}{row.pk}/change/").content.decode()
    do(ops, "resume", row)
    deliver_events()
    assert receiver.sequences == [1, 2]
    page = ops.get(f"{LIST}do/change/?id={row.pk}").content.decode()
    assert receiver.url in page.replace("&amp;", "&")
    form = {"name": "app", "url": receiver.url + "&v=2", "event_types": ["claim.*"]}
    assert do(ops, "change", row, **form) == [
        (
            "success",
            f"app: changed: address {receiver.url} → {receiver.url}&v=2; events * → claim.*.",
        )
    ]
    assert do(ops, "change", row, **form) == [
        ("info", "app: nothing was changed: it was so already.")
    ]
    assert do(ops, "switch_off", row) == [
        ("success", "app: switched off; 0 events that waited are held.")
    ]
    row.refresh_from_db()
    assert (row.status, row.status_reason, row.event_types) == ("off", "Agreed.", ["claim.*"])


def test_a_change_to_an_inner_address_is_refused_at_its_field(
    ops: Client, receiver: Receiver, settings: Settings
) -> None:
    row = subscribe(receiver.url).row
    settings.OUTWARD_ALLOW_PRIVATE = False
    form = {"name": "app", "url": "https://10.0.0.1/", "event_types": ["*"], "reason": "x"}

    page = ops.post(f"{LIST}do/change/", {"id": row.pk, **form})

    assert "its host leads to a private address" in page.content.decode()
    row.refresh_from_db()
    assert row.url == receiver.url


def test_dead_letters_are_seen_and_sent_again_one_by_one(ops: Client, receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    give_up(receiver)
    dead = Delivery.objects.get()
    assert "Outward events given up" in ops.get("/admin/").content.decode()
    assert "reward.pending" in ops.get(f"{DELIVERIES}?state=dead").content.decode()
    page = ops.get(f"{DELIVERIES}{dead.pk}/change/").content.decode()
    assert "it answered 500" in page
    assert f"msg_{dead.public_id.hex}" in page
    assert "#1 reward" in ops.get(f"{DELIVERIES}?q=msg_{dead.public_id.hex}").content.decode()

    assert do(ops, "replay", dead) == [
        (
            "success",
            "#1 reward.pending: due again, with its old number. It goes out within a minute.",
        )
    ]
    deliver_events()

    assert Delivery.objects.get().status == "delivered"
    assert len({got.webhook_id for got in receiver.received}) == 1
    assert "Left out" in ops.get(f"{DELIVERIES}do/replay/?id={dead.pk}").content.decode()


def test_a_notice_s_page_says_who_was_told(ops: Client, receiver: Receiver) -> None:
    receiver.secrets = [subscribe(receiver.url).text]
    tell(news())
    deliver_events()
    delivery = Delivery.objects.get()

    page = ops.get(f"/admin/notifications/notice/{delivery.notice_id}/change/").content.decode()

    assert "Told to other systems" in page
    assert f"{DELIVERIES}{delivery.pk}/change/" in page


def test_dead_letters_are_sent_again_all_at_once(ops: Client, receiver: Receiver) -> None:
    made = subscribe(receiver.url)
    receiver.secrets = [made.text]
    give_up(receiver, count=3)
    do(ops, "switch_off", made.row)
    assert "it is switched off: resume it first" in (
        ops.get(f"{LIST}do/replay/?id={made.row.pk}").content.decode()
    )
    do(ops, "resume", made.row)
    receiver.received.clear()

    assert do(ops, "replay", made.row) == [
        ("success", "app: 3 events are due again, with their old numbers.")
    ]
    deliver_events()

    assert receiver.sequences == [1, 2, 3]
    assert do(ops, "replay", made.row) == [("info", "app: there was nothing to send again.")]


def test_the_auditor_reads_and_others_see_nothing(receiver: Receiver) -> None:
    row = subscribe(receiver.url).row
    auditor = logged_in("Auditor")
    page = auditor.get(LIST).content.decode()
    assert "app" in page
    assert "Make a subscription" not in page
    for verb in ("change", "rotate", "test", "pause", "switch_off", "replay"):
        assert auditor.post(f"{LIST}do/{verb}/", {"id": row.pk, **FORM}).status_code == 403
    assert auditor.get(f"{LIST}make/").status_code == 403
    for role in ("Finance", "Support"):
        client = logged_in(role)
        assert client.get(LIST).status_code == 403
        assert client.get(DELIVERIES).status_code == 403


@pytest.mark.parametrize("url", [LIST, DELIVERIES, "/admin/outward/deliveryattempt/"])
def test_a_list_costs_the_same_for_twenty(ops: Client, url: str) -> None:
    fill_outward(1, staff())
    costs = []
    for last in (1, 20):
        for number in range(Subscription.objects.count() + 1, last + 1):
            fill_outward(number, staff())
        ops.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert ops.get(url).status_code == 200
        costs.append(len(captured.captured_queries))

    assert costs[0] == costs[1]
