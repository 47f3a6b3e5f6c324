"""`GET me/`."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
import time_machine
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from rewards_site.members.models import Member
from tests.conftest import CommittedDatabase
from tests.factories import MEMBER, observe, tell
from tests.members.calling import call, read, token_for

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.mark.django_db
def test_the_first_call_makes_the_member_and_later_ones_find_it() -> None:
    with time_machine.travel("2026-11-20T12:00:00.250Z", tick=False):
        first = read("me/", customer_id="user-42")
    with time_machine.travel("2026-11-20T13:00:00Z", tick=False):
        second = read("me/", customer_id="user-42")

    assert UUID4.fullmatch(first["member_id"])
    assert first == {
        "member_id": first["member_id"],
        "customer_id": "user-42",
        "created_at": "2026-11-20T12:00:00.250000Z",
        "unread_notifications": 0,
    }
    assert second == first


@pytest.mark.django_db
def test_a_member_that_button_named_first_is_the_same_member() -> None:
    tell(observe("tx-1"))

    assert read("me/")["member_id"] == str(Member.objects.get(customer_id=MEMBER).public_id)
    assert Member.objects.count() == 1


@pytest.mark.django_db
def test_customer_ids_that_differ_in_case_are_two_members() -> None:
    assert (
        read("me/", customer_id="abc")["member_id"] != read("me/", customer_id="ABC")["member_id"]
    )


@pytest.mark.django_db
def test_a_known_member_costs_two_reads_and_no_write(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    read("me/")

    with django_assert_num_queries(2):
        read("me/")


def test_first_calls_at_the_same_time_make_one_member(committed_db: CommittedDatabase) -> None:
    token = token_for("user-42")

    def work(_number: int) -> tuple[int, str]:
        try:
            response = call("me/", token=token)
            return response.status_code, response.json().get("member_id", "")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(work, range(16)))

    (answer,) = answers
    assert answer[0] == 200
    assert Member.objects.get().customer_id == "user-42"
