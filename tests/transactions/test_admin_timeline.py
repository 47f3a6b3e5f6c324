"""An order's page tells its time line, and how its reward comes about."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags
from pytest_django import Settings

from rewards_site.button.schemas import LineItem
from tests.admin_world import make_staff
from tests.factories import MEMBER, MERCHANT, NOON, observe, tell, tell_each
from transactions.admin.moments import Moment
from transactions.models import Transaction
from transactions.told import Channel

ORDERS = "/admin/transactions/transaction/"


def address() -> str:
    return f"{ORDERS}{Transaction.objects.get().pk}/change/"


def moments(client: Client, query: str = "") -> list[Moment]:
    return [line.moment for line in client.get(address() + query).context["timeline"].lines]


def changes(moment: Moment) -> list[tuple[str, str, str]]:
    return [(one.name, str(one.before), str(one.after)) for one in moment.differences]


def story(client: Client) -> dict[str, str]:
    return {heading: strip_tags(text) for heading, text in client.get(address()).context["story"]}


@pytest.mark.django_db
def test_newest_first_each_with_what_changed_and_what_it_came_to(admin_client: Client) -> None:
    tell_each(
        observe(merchant_name="Northwind"),
        observe(minutes=1, amount_minor=601),
        observe(minutes=2, amount_minor=601, status="validated"),
    )

    last, second, first = moments(admin_client)

    assert last.title == second.title == first.title == "Button told by webhook"
    assert [last.tone, second.tone, first.tone] == ["good", "wait", "wait"]
    assert changes(last) == [("status", "pending", "validated")]
    assert changes(second) == [("commission", "10.00 USD", "6.01 USD")]
    assert ("brand", "", "Northwind") in changes(first)
    assert [last.gist, second.gist, first.gist] == [
        "reward 3.00 USD",
        "reward 3.00 USD (-2.00 USD)",
        "reward 5.00 USD (+5.00 USD)",
    ]
    assert second.reckoning == ("6.01 USD × 50% = 3.005, rounded down: 3.00 USD (default share)")
    assert second.silent_about == "brand"


@pytest.mark.django_db
def test_a_field_told_later_and_one_that_differs_by_milliseconds(admin_client: Client) -> None:
    created = NOON.replace(microsecond=250_000)
    tell_each(
        observe(created_at=created),
        observe(minutes=1, created_at=NOON, merchant_name="Northwind", amount_minor=900),
    )

    told = changes(moments(admin_client)[0])

    assert ("created", "2026-11-20 12:00:00.250 UTC", "2026-11-20 12:00:00.000 UTC") in told
    assert ("brand", "not told", "Northwind") in told


@pytest.mark.django_db
def test_lines_of_an_order_are_told_with_their_totals(admin_client: Client) -> None:
    kettle = LineItem(description="Kettle", quantity=2, total_minor=5000)
    lamp = LineItem(description="Lamp", quantity=1, amount_minor=7900)
    tell_each(observe(lines=(kettle, lamp)), observe(minutes=1, lines=(kettle,)))

    [told] = changes(moments(admin_client)[0])

    line = '<span class="change">{}</span>'.format
    was = line("2 × Kettle: 50.00 USD") + line("1 × Lamp: 79.00 USD")
    assert told == ("lines", was, line("2 × Kettle: 50.00 USD"))


@pytest.mark.django_db
def test_who_acted_and_why(client: Client) -> None:
    client.force_login(make_staff("Ops", username="olivia"))
    tell(observe(publisher_customer_id=None))
    order = Transaction.objects.get()
    answers = {"id": order.pk, "customer_id": "u-1", "reason": "Case 7"}
    client.post(f"{ORDERS}do/attribute/", answers)

    newest = moments(client)[0]

    assert newest.title == "Staff named the member"
    assert newest.facts[-1] == "by olivia"
    assert newest.reason == "Case 7"
    assert changes(newest) == [("member", "nobody", "u-1")]


@pytest.mark.django_db
def test_a_move_that_waits_for_a_second_person_stands_there(
    client: Client, settings: Settings
) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 500}
    staff = make_staff("Ops", username="olivia")
    staff.user_permissions.add(Permission.objects.get(codename="move_transaction"))
    client.force_login(staff)
    tell(observe())
    order = Transaction.objects.get()
    answers = {"id": order.pk, "customer_id": "u-2", "reason": "Case 8"}
    client.post(f"{ORDERS}do/move/", answers)

    newest = moments(client)[0]

    assert (newest.title, newest.tone) == ("Waits for a second person", "warn")
    assert newest.facts[-1] == "proposed by olivia"
    assert newest.reason == "Case 8"


@pytest.mark.django_db
def test_what_was_booked_with_the_members_balance_after_it(admin_client: Client) -> None:
    tell_each(observe("tx-0", amount_minor=300), observe("tx-1"))
    order = Transaction.objects.get(children__tx_id="tx-1")
    [line] = admin_client.get(f"{ORDERS}{order.pk}/change/").context["timeline"].lines

    booking = line.moment.booking

    assert booking is not None
    assert booking.summary == "u-8f14e45fceea: pending +5.00 USD, then 6.50 USD"
    assert [[strip_tags(cell) for cell in row] for row in booking.lines] == [
        ["commission_pending USD", MERCHANT, "10.00 USD", "", "—"],
        ["margin_pending USD", MERCHANT, "", "5.00 USD", "—"],
        ["pending USD", MEMBER, "", "5.00 USD", "6.50 USD"],
    ]


@pytest.mark.django_db
def test_support_reads_the_story_but_not_the_books(client: Client) -> None:
    client.force_login(make_staff("Support"))
    tell(observe())

    [only] = moments(client)

    assert only.gist == "reward 5.00 USD (+5.00 USD)"
    assert only.booking is None
    page = client.get(address()).content.decode()
    assert "/admin/ledger/" not in page
    assert "/admin/inbox/" not in page


@pytest.mark.django_db
def test_states_that_may_be_missing_are_marked(admin_client: Client) -> None:
    tell_each(
        observe(),
        observe(minutes=9, status="validated", amount_minor=700, channel=Channel.SYNC),
    )

    newest = moments(admin_client)[0]

    assert newest.title == "The sync found"
    assert newest.warnings == [
        "states may be missing between 2026-11-20 12:00:00 UTC and 2026-11-20 12:09:00 UTC: the "
        "API shows the latest state only, and steps before it were never told"
    ]


@pytest.mark.django_db
def test_of_several_tx_ids_it_is_told_which_decides_and_why(admin_client: Client) -> None:
    one: dict[str, Any] = {"button_order_id": "btnorder-1"}
    tell_each(observe("tx-a", **one))
    assert story(admin_client)["Which tx id decides"] == "tx-a: it is the only one of this order."

    later = NOON + timedelta(minutes=4)
    tell_each(observe("tx-b", minutes=4, created_at=later, amount_minor=800, **one))
    assert story(admin_client)["Which tx id decides"] == (
        "tx-b: the newest of 2; created 2026-11-20 12:04:00 UTC, after 2026-11-20 12:00:00 UTC. "
        "Never a sum."
    )

    tell_each(observe("tx-a", minutes=6, status="validated", **one))
    told = story(admin_client)
    assert told["Which tx id decides"] == (
        "tx-a: it is validated, and a validated one decides, whatever else is told."
    )
    assert told["Commission"] == "10.00 USD, validated."
    assert told["Who has it"] == f"{MEMBER}, in the available balance."


@pytest.mark.parametrize(
    ("fields", "reward"),
    [
        ({"amount_minor": 1001}, "10.01 USD × 50% = 5.005, rounded down: 5.00 USD"),
        ({"amount_minor": 1000}, "10.00 USD × 50% = 5.00 USD"),
        ({"amount_minor": -5}, "The commission is -0.05 USD: below zero nothing is rewarded."),
        ({"status": "declined"}, "0.00 USD: the order is declined."),
        ({"is_test": True}, "None: test money never touches a balance."),
        (
            {"category": "app-install"},
            "None: the commission of an app install is the publisher's.",
        ),
        (
            {"currency": "JPY", "account_id": "acc-yen", "amount_minor": 999},
            "999 JPY × 50% = 499.5, rounded down: 499 JPY",
        ),
        (
            {"currency": "KWD", "account_id": "acc-kwd", "amount_minor": 4},
            "0.004 KWD × 50% = 0.002 KWD",
        ),
    ],
)
@pytest.mark.django_db
def test_the_reward_is_reckoned_in_the_currency_s_own_digits(
    admin_client: Client, fields: dict[str, object], reward: str
) -> None:
    tell(observe(**fields))  # type: ignore[arg-type]  # fields of an observation

    assert story(admin_client)["Reward"] == reward


@pytest.mark.django_db
def test_before_go_live_is_said(admin_client: Client, settings: Settings) -> None:
    settings.GO_LIVE_AT = NOON + timedelta(days=1)
    tell(observe())

    assert story(admin_client)["Go-live"] == (
        "Bought before it (2026-11-21 12:00:00 UTC): nothing about it is announced to the member."
    )


@pytest.mark.django_db
def test_a_long_life_is_told_page_by_page_and_nothing_is_told_twice(admin_client: Client) -> None:
    tell_each(*(observe(minutes=minutes, amount_minor=1000 + minutes) for minutes in range(60)))

    numbers, query, pages = [], "", 0
    while query or not pages:
        timeline = admin_client.get(address() + query).context["timeline"]
        numbers += [line.moment.number for line in timeline.lines]
        assert all(line.moment.differences for line in timeline.lines)
        query, pages = timeline.older_url, pages + 1

    assert pages == 3
    assert numbers == list(range(60, 0, -1))


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 40, "²"])
@pytest.mark.django_db
def test_a_made_up_page_is_no_error(admin_client: Client, before: str) -> None:
    tell(observe())

    assert admin_client.get(address(), {"before": before}).status_code == 200


@pytest.mark.django_db
def test_the_page_costs_the_same_for_1_and_for_100_revisions(admin_client: Client) -> None:
    def statements() -> int:
        admin_client.get(address())
        with CaptureQueriesContext(connection) as captured:
            admin_client.get(address())
        return len(captured)

    tell(observe("tx-1"))
    few = statements()
    for minutes in range(1, 100):
        told = observe(
            f"tx-1-{minutes % 7}",
            minutes=minutes,
            amount_minor=1000 + minutes,
            button_order_id="btnorder-1",
        )
        tell(told)

    assert statements() == few


@pytest.mark.django_db
def test_an_app_install_is_not_reckoned_as_if_it_rewarded(admin_client: Client) -> None:
    tell(observe(category="app-install", amount_minor=100))

    [moment] = moments(admin_client)

    assert (moment.gist, moment.reckoning) == (
        "reward 0.00 USD",
        "An app install rewards nothing.",
    )
