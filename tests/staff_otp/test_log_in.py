"""Log-in with a code: right, wrong, used, another person's, a backup code; and every door."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests.staff_otp.phones import (
    CODE,
    INDEX,
    OWN,
    enrol,
    forget_used_codes,
    give,
    log_in,
    staff,
    wait_out_the_throttle,
)

pytestmark = pytest.mark.django_db
WRONG = "This code is not right, or was used before. Wait for the next one, and try again."
DOORS = [
    INDEX,
    "/admin/transactions/transaction/",
    "/admin/password_change/",
    "/admin/jsi18n/",
    "/admin/no/such/page/",
    OWN,
    "/admin/reports/reportrun/export/",
    "/reports/liability.csv",
    "/",
]


def test_without_a_device_the_password_logs_in() -> None:
    staff()

    assert log_in().get(INDEX).status_code == 200


def test_who_has_a_device_is_asked_for_its_code_and_goes_on_to_where_they_were_going() -> None:
    staff()
    _, phone, _ = enrol()
    client = log_in()

    asked = client.get("/admin/reports/reportrun/")

    assert asked["Location"] == f"{CODE}?next=/admin/reports/reportrun/"
    page = client.get(asked["Location"])
    assert page.status_code == 200
    assert 'value="/admin/reports/reportrun/"' in page.content.decode()
    assert "script-src 'self'" in page["Content-Security-Policy"]
    session_by_password = client.session.session_key
    assert give(client, phone.code()) == (302, INDEX)
    assert client.get("/admin/reports/reportrun/").status_code == 200
    assert client.session.session_key != session_by_password
    assert client.get(CODE)["Location"] == INDEX


def test_a_wrong_code_opens_nothing() -> None:
    staff()
    _, phone, _ = enrol()
    client = log_in()
    wrong = f"{(int(phone.code()) + 1) % 10**6:06d}"

    assert give(client, wrong) == (200, WRONG)
    assert client.get(INDEX)["Location"] == f"{CODE}?next=/admin/"
    assert give(client, "not a code") == (200, WRONG)
    assert give(client, "")[1] == "This field is required."


def test_a_code_is_taken_once() -> None:
    staff()
    _, phone, _ = enrol()
    code = phone.code()
    assert give(log_in(), code) == (302, INDEX)

    assert give(log_in(), code) == (200, WRONG)

    wait_out_the_throttle()
    assert give(log_in(), f" {phone.code(steps=1)[:3]} {phone.code(steps=1)[3:]}") == (302, INDEX)


def test_codes_of_another_persons_device_are_wrong_ones() -> None:
    staff()
    staff("bob")
    enrol("ann")
    _, phone_of_bob, codes_of_bob = enrol("bob")

    assert give(log_in("ann"), phone_of_bob.code()) == (200, WRONG)
    assert give(log_in("ann"), codes_of_bob[0]) == (200, WRONG)
    assert give(log_in("bob"), codes_of_bob[0]) == (302, INDEX)


def test_a_backup_code_logs_in_once_and_says_how_many_are_left() -> None:
    staff()
    _, _, codes = enrol()
    client = log_in()

    assert give(client, codes[3].upper()) == (302, INDEX)

    assert "That was a backup code; 9 are left." in client.get(INDEX).content.decode()
    assert give(log_in(), codes[3]) == (200, WRONG)


def test_after_wrong_codes_a_right_one_has_to_wait() -> None:
    staff()
    _, phone, codes = enrol()
    client = log_in()
    for _ in range(3):
        wait_out_the_throttle()
        give(client, "000000" if phone.code() != "000000" else "111111")

    status, said = give(client, phone.code())

    assert status == 200
    assert said.startswith("Too many wrong codes: no code is taken until ")
    assert client.get(INDEX).status_code == 302
    wait_out_the_throttle()
    assert give(client, phone.code()) == (302, INDEX)
    assert give(log_in(), codes[0]) == (302, INDEX)


@pytest.mark.parametrize("is_demanded", [False, True])
def test_every_door_of_staff_is_shut_until_the_code(settings: Settings, is_demanded: bool) -> None:
    staff()
    enrol()
    settings.STAFF_OTP_REQUIRED = is_demanded
    client = log_in()

    for door in DOORS:
        page = client.get(door, headers={"accept": "text/html"})
        assert (page.status_code, page["Location"].partition("?")[0]) == (302, CODE), door
        assert client.post(door, {"verb": "begin"}).status_code in (302, 403), door

    for_tools = client.get("/reports/liability.csv")
    assert (for_tools.status_code, for_tools["Content-Type"]) == (403, "application/problem+json")
    shown = client.get(CODE).content.decode()
    assert "/admin/transactions/" not in shown
    assert client.post("/admin/logout/").status_code == 200
    assert client.get(INDEX)["Location"].startswith("/admin/login/")


def test_sessions_that_were_there_before_the_device_are_asked_too() -> None:
    staff()
    before = log_in()
    assert before.get(INDEX).status_code == 200

    enrol()

    assert before.get(INDEX)["Location"] == f"{CODE}?next=/admin/"


def test_it_leads_to_no_other_site() -> None:
    staff()
    _, phone, _ = enrol()

    assert give(log_in(), phone.code(), next_url="https://evil.example/") == (302, INDEX)


def test_members_and_machines_are_asked_for_no_code(settings: Settings) -> None:
    settings.STAFF_OTP_REQUIRED = True
    staff()
    client = log_in()

    assert client.get("/health/live/").status_code == 200
    assert client.get("/api/v1/balances/").status_code == 401
    assert client.get("/api/v1/docs/").status_code == 200
    assert client.post("/webhooks/button/", b"{}", "application/json").status_code == 401
    assert Client().get("/admin/login/").status_code == 200


def test_a_new_window_opens_with_the_session_that_has_the_code() -> None:
    staff()
    client, _, _ = enrol()
    forget_used_codes()

    assert client.get(INDEX).status_code == 200
    download = client.get("/reports/liability.csv")
    assert download.status_code == 200
    assert b"".join(download).startswith(b"member_id,")
