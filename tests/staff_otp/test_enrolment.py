"""One's own codes: set up, confirmed, renewed, removed; demanded; reset by another person."""

from __future__ import annotations

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings

from tests.staff_otp.phones import (
    CODE,
    INDEX,
    OWN,
    enrol,
    forget_used_codes,
    give,
    log_in,
    phone_of,
    staff,
    wait_out_the_throttle,
)

pytestmark = pytest.mark.django_db
LIST = "/admin/otp_totp/totpdevice/"


def said_by_staff() -> list[tuple[str, str]]:
    entries = LogEntry.objects.order_by("pk").select_related("user")
    return [(entry.user.username, entry.change_message) for entry in entries]


def test_from_the_first_page_to_the_first_log_in() -> None:
    staff()
    client = log_in()
    assert OWN in client.get(INDEX).content.decode()
    assert "Set up one-time codes" in client.get(OWN).content.decode()
    assert client.post(OWN, {"verb": "begin"})["Location"] == OWN
    phone = phone_of(client)
    page = client.get(OWN)

    assert "otpauth://totp/Button%20rewards%3Aann?secret=" in page.content.decode()
    assert re.search(r"<(script(?![^>]*src=)|style)|\son\w+=|style=", page.content.decode()) is None
    assert "no-store" in page["Cache-Control"]
    wrong = client.post(OWN, {"verb": "confirm", "code": "12345"})
    assert "This code is not right" in wrong.content.decode()
    assert give(log_in(), phone.code())[0] == 302  # nothing is asked for yet
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    wait_out_the_throttle()
    shown = client.post(OWN, {"verb": "confirm", "code": phone.code()}).content.decode()
    assert shown.count("<li><code>") == 10
    assert client.get(INDEX).status_code == 200
    again = client.get(OWN).content.decode()
    assert "Backup codes left: 10." in again
    assert "<li><code>" not in again
    assert "otp-secret" not in again
    assert said_by_staff() == [("ann", "One-time codes set up.")]


def test_a_secret_in_use_is_not_replaced_by_beginning_again() -> None:
    staff()
    client, phone, _ = enrol()

    client.post(OWN, {"verb": "begin"})

    assert "You have one-time codes already." in client.get(OWN).content.decode()
    assert give(log_in(), phone.code()) == (302, INDEX)


def test_new_backup_codes_end_the_old_ones_and_want_a_code() -> None:
    staff()
    client, phone, old = enrol()

    refused = client.post(OWN, {"verb": "renew", "code": "000000"}).content.decode()
    wait_out_the_throttle()
    shown = client.post(OWN, {"verb": "renew", "code": phone.code()}).content.decode()

    assert "This code is not right" in refused
    new = re.findall(r"<li><code>([a-z2-7]{8})</code></li>", shown)
    assert len(set(new) - set(old)) == 10
    assert give(log_in(), old[0])[0] == 200
    wait_out_the_throttle()
    assert give(log_in(), new[0]) == (302, INDEX)


def test_one_removes_them_oneself_with_a_code() -> None:
    staff()
    client, phone, codes = enrol()
    client.post(OWN, {"verb": "remove", "code": "999999"})
    assert log_in().get(INDEX).status_code == 302
    wait_out_the_throttle()

    client.post(OWN, {"verb": "remove", "code": codes[0]})

    assert log_in().get(INDEX).status_code == 200
    assert client.get(INDEX).status_code == 200
    assert StaticToken.objects.count() == 0
    assert said_by_staff()[-1] == ("ann", "One-time codes removed by their owner.")
    client.post(OWN, {"verb": "begin"})
    assert phone_of(client).secret != phone.secret


def test_demanded_of_all_who_has_none_sees_only_where_to_set_them_up(settings: Settings) -> None:
    settings.STAFF_OTP_REQUIRED = True
    staff()
    client = log_in()

    for door in (INDEX, "/admin/transactions/transaction/", "/reports/liability.csv", "/"):
        page = client.get(door, headers={"accept": "text/html"})
        assert page["Location"] == f"{OWN}?next={door}", door
    shown = client.get(OWN).content.decode()
    assert "One-time codes are demanded here, and you have none yet." in shown
    assert "/admin/transactions/" not in shown
    assert "nav-sidebar" not in shown
    assert client.get("/reports/liability.csv").status_code == 403
    assert client.post(f"{LIST}do/reset/", {"id": "1"})["Location"] == OWN

    client, phone, _ = enrol()
    assert client.get(INDEX).status_code == 200
    forget_used_codes()
    client.post(OWN, {"verb": "remove", "code": phone.code()})
    assert client.get(INDEX)["Location"] == f"{OWN}?next=/admin/"


def test_a_superuser_resets_those_of_another_with_a_reason() -> None:
    staff()
    staff("bob", is_superuser=False)
    ann, _, _ = enrol("ann")
    bob, phone, codes = enrol("bob")
    row = TOTPDevice.objects.get(user__username="bob")

    done = ann.post(f"{LIST}do/reset/?id={row.pk}", {"id": row.pk, "reason": "Lost the phone"})

    assert done["Location"] == f"{LIST}{row.pk}/change/"
    assert log_in("bob").get(INDEX).status_code == 200
    assert bob.get(CODE)["Location"] == INDEX
    assert StaticToken.objects.filter(device__user__username="bob").count() == 0
    assert said_by_staff()[-1] == (
        "ann",
        "Reset the one-time codes: has no one-time codes any more. Their password alone logs them "
        "in. Reason: Lost the phone",
    )
    row.refresh_from_db()
    assert row.bin_key != phone.secret
    assert codes


def test_nobody_resets_their_own_and_no_role_resets_any() -> None:
    staff()
    auditor = staff("olga", is_superuser=False)
    auditor.groups.add(Group.objects.get(name="Auditor"))
    ann, phone, _ = enrol("ann")
    row = TOTPDevice.objects.get(user__username="ann")

    own = ann.post(f"{LIST}do/reset/?id={row.pk}", {"id": row.pk, "reason": "Because"})
    theirs = log_in("olga").post(f"{LIST}do/reset/?id={row.pk}", {"id": row.pk, "reason": "So"})

    assert "your own you remove yourself, with a code" in own.content.decode()
    assert theirs.status_code == 403
    assert give(log_in("ann"), phone.code()) == (302, INDEX)


@pytest.mark.parametrize("reader", ["root", "olga"])
def test_no_page_shows_a_secret_or_changes_a_device(reader: str) -> None:
    staff("root")
    staff("olga", is_superuser=False).groups.add(Group.objects.get(name="Auditor"))
    staff()
    _, _, codes = enrol()
    row = TOTPDevice.objects.get()
    client = log_in(reader)

    pages = [LIST, f"{LIST}{row.pk}/change/", f"{LIST}{row.pk}/history/", INDEX]
    shown = "".join(client.get(page).content.decode() for page in pages)

    assert "One-time codes of ann" in shown
    assert row.key not in shown
    assert not any(code in shown for code in codes)
    assert client.get(f"{LIST}{row.pk}/config/").status_code in (302, 404)
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404
    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    client.post(f"{LIST}{row.pk}/change/", {"confirmed": "", "user": row.user_id})
    assert TOTPDevice.objects.filter(confirmed=True).count() == 1
    assert User.objects.filter(username="ann").exists()
