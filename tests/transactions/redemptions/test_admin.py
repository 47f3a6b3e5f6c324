"""The queue, the verbs, the detail page and the limits, as each role meets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from rewards_site.approvals.models import Proposal
from rewards_site.kernel import clock
from tests.admin_world import make_staff, said
from tests.factories import MEMBER, balances
from tests.transactions.redemptions.asking import approved, fund, requested, staff
from transactions.redemptions.admin.queue import age_text
from transactions.redemptions.limiting import Setting, set_limits
from transactions.redemptions.models import DestinationReveal, Redemption, RedemptionLimits

pytestmark = pytest.mark.django_db
LIST = "/admin/redemptions/redemption/"
OTHER = "GB29 NWBK 6016 1331 9268 19"


def logged_in(client: Client, role: str) -> Client:
    client.force_login(make_staff(role))
    return client


def do(client: Client, verb: str, *rows: Redemption, **answers: Any) -> Any:
    told = {"id": [row.pk for row in rows], "reason": "Looked at it."} | answers
    return client.post(f"{LIST}do/{verb}/", told, follow=True)


def text_of(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_the_queue_is_oldest_first_and_says_what_speaks_against_each(client: Client) -> None:
    told = Setting(cooling_off_hours=48, second_person_minor=1000)
    set_limits(currency="USD", setting=told, actor=staff(), reason="Care.", at=clock.now())
    fund(5000)
    fund(2000, customer_id="u-2")
    first, large, moved = requested(500), requested(1001), requested(600, destination=OTHER)
    other = requested(700, customer_id="u-2")

    text = text_of(logged_in(client, "Ops").get(f"{LIST}queue/"))

    places = [text.index(f'value="{row.pk}"') for row in (first, large, moved, other)]
    assert places == sorted(places)
    assert text.count("destination of 1 other member") == 3
    assert "needs a second person" in text
    assert "new destination: held until" in text
    assert "50.00 USD" in text
    assert "DE***3000" in text
    assert "0044 0532" not in text


def test_the_queue_costs_the_same_for_thirty(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Once it was looked at: content types are kept."""
    fund(50000)
    logged_in(client, "Ops")
    requested(500)
    client.get(f"{LIST}queue/")
    with CaptureQueriesContext(connection) as few:
        client.get(f"{LIST}queue/")
    for number in range(30):
        requested(500, destination=f"Somebody {number}")

    with django_assert_num_queries(len(few)):
        client.get(f"{LIST}queue/")


def test_an_empty_queue_says_what_will_appear(client: Client) -> None:
    assert "Nothing waits for approval" in text_of(logged_in(client, "Ops").get(f"{LIST}queue/"))


def test_ops_approve_several_each_with_its_own_message(client: Client) -> None:
    fund(5000)
    rows = [requested(500), requested(700)]
    logged_in(client, "Ops")

    asked = text_of(client.get(f"{LIST}do/approve/?id={rows[0].pk}&id={rows[1].pk}"))
    assert "12.00 USD" in asked
    answer = do(client, "approve", *rows)

    assert said(answer) == [("success", f"{row}: approved: it can be paid.") for row in rows]
    assert set(Redemption.objects.values_list("status", flat=True)) == {"approved"}
    assert LogEntry.objects.count() == 2


def test_one_that_is_held_is_refused_and_the_other_is_approved(client: Client) -> None:
    set_limits(
        currency="USD",
        setting=Setting(cooling_off_hours=48),
        actor=staff(),
        reason="Care.",
        at=clock.now(),
    )
    fund(5000)
    good, held = requested(500), requested(600, destination=OTHER)

    answer = do(logged_in(client, "Ops"), "approve", good, held)

    levels = [level for level, _text in said(answer)]
    assert levels == ["success", "error"]
    assert "Its destination is new" in said(answer)[1][1]


def test_above_the_limit_it_is_proposed(client: Client) -> None:
    set_limits(
        currency="USD",
        setting=Setting(second_person_minor=1000),
        actor=staff(),
        reason="Care.",
        at=clock.now(),
    )
    fund(5000)
    row = requested(1001)

    answer = do(logged_in(client, "Ops"), "approve", row)

    [(level, text)] = said(answer)
    assert level == "warning"
    assert "It was proposed" in text
    row.refresh_from_db()
    assert row.status == "requested"
    proposal = f"/admin/approvals/proposal/{Proposal.objects.get().pk}/change/"
    shown = text_of(client.get(proposal))
    assert "<td>needs a second person</td>" in shown
    assert f"/admin/redemptions/redemption/{row.pk}/change/" in shown


def test_rejected_with_words_for_the_member(client: Client) -> None:
    fund(1000)
    row = requested(600)

    do(logged_in(client, "Ops"), "reject", row, told="Please use your own account.")

    assert balances() == {"available": 1000}
    step = row.steps.get(number=2)
    assert (step.reason, step.told) == ("Looked at it.", "Please use your own account.")


def test_finance_pays_and_fails_and_approves_nothing(client: Client) -> None:
    fund(1000)
    row = requested(600)
    logged_in(client, "Finance")

    assert do(client, "approve", row).status_code == 403
    assert "only an approved one can be paid" in text_of(do(client, "pay", row, reference="b-1"))
    approved(row)
    do(client, "pay", row, reference="b-1")
    assert balances() == {"available": 400, "paid_out": 600}
    do(client, "fail", row, reference="b-1", told="The bank sent it back.")
    assert balances() == {"available": 1000}


@pytest.mark.parametrize("role", ["Support", "Auditor"])
def test_who_reads_changes_nothing_and_sees_no_destination(client: Client, role: str) -> None:
    fund(1000)
    row = requested(600)
    logged_in(client, role)

    for verb in ("approve", "reject", "pay", "fail"):
        assert do(client, verb, row).status_code == 403
    assert client.get(f"{LIST}{row.pk}/destination/").status_code == 403
    page = text_of(client.get(f"{LIST}{row.pk}/change/"))
    assert "DE***3000" in page
    assert "Steps" in page
    assert "do/approve" not in text_of(client.get(f"{LIST}queue/"))
    assert balances() == {"available": 400, "redeeming": 600}


def test_finance_reads_a_destination_with_a_reason_and_it_is_on_record(client: Client) -> None:
    fund(1000)
    row = requested(600)
    logged_in(client, "Finance")
    address = f"{LIST}{row.pk}/destination/"

    asked = client.get(address)
    assert "0044 0532" not in text_of(asked)
    assert "This field is required" in text_of(client.post(address, {"reason": " "}))
    assert not DestinationReveal.objects.exists()
    shown = client.post(address, {"reason": "To pay it."})

    assert "DE89 3704 0044 0532 0130 00" in text_of(shown)
    assert "no-store" in shown.headers["Cache-Control"]
    trace = DestinationReveal.objects.get()
    assert (trace.redemption, trace.reason) == (row, "To pay it.")
    assert "To pay it." in text_of(client.get(f"{LIST}{row.pk}/change/"))
    assert client.get(f"{LIST}999999/destination/").status_code == 404


def test_a_members_page_lists_what_they_asked_for(client: Client) -> None:
    fund(1000)
    row = requested(600)

    page = text_of(
        logged_in(client, "Support").get(f"/admin/members/member/{row.member_id}/change/")
    )

    assert "6.00 USD" in page
    assert MEMBER in page


def test_finance_sets_limits_and_ops_who_approve_only_read_them(client: Client) -> None:
    address = "/admin/redemptions/redemptionlimits/set/"
    told = {"currency": "USD", "member_days": 7, "member_count": 2, "reason": "Odd payouts."}
    client.force_login(make_staff("Ops"))
    assert client.post(address, told).status_code == 403
    logged_in(client, "Finance")

    wrong = text_of(client.post(address, told | {"member_days": ""}))
    assert "Days go with a count, a sum, or both." in wrong
    client.post(address, told)
    again = text_of(client.post(address, told))

    assert "The limits of USD are so already." in again
    row = RedemptionLimits.objects.get()
    assert (row.member_count, row.reason, row.actor.username) == (2, "Odd payouts.", "finance")
    filled = client.get(f"{address}?currency=USD").context["form"].initial
    assert (filled["currency"], filled["member_days"]) == ("USD", 7)


def test_the_list_says_what_is_limited_in_words(client: Client) -> None:
    told = Setting(
        cooling_off_hours=48,
        member_days=1,
        member_count=3,
        destination_days=7,
        destination_sum_minor=20_000,
        second_person_minor=10_000,
    )
    set_limits(currency="USD", setting=told, actor=staff(), reason="Care.", at=clock.now())

    shown = text_of(logged_in(client, "Ops").get("/admin/redemptions/redemptionlimits/"))

    assert "at most 3 times in 1 day<" in shown
    assert "at most 200.00 USD in 7 days<" in shown
    assert ">100.00 USD<" in shown


def test_the_landing_page_counts_what_waits(client: Client) -> None:
    fund(1000)
    requested(600)

    page = text_of(logged_in(client, "Ops").get("/admin/"))

    assert "Redemptions to approve" in page
    assert f"{LIST}queue/" in page


def test_an_age_is_told_in_minutes_hours_and_days() -> None:
    ages = [timedelta(minutes=5), timedelta(hours=30), timedelta(days=3), timedelta(seconds=-1)]
    assert [age_text(age) for age in ages] == ["5 min", "30 h", "3 days", "0 min"]
