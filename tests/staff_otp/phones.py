"""Staff with a phone: its codes, and how they log in at the wire."""

from __future__ import annotations

import re
import time
from base64 import b32decode
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

PASSWORD = "correct horse battery staple"
CODE, OWN, INDEX = "/admin/one-time-code/", "/admin/one-time-codes/", "/admin/"


@dataclass
class Phone:
    """An authenticator app with one secret."""

    secret: bytes

    def code(self, *, steps: int = 0) -> str:
        """The code of now, or of so many half minutes later."""
        totp = TOTP(self.secret)
        totp.time = time.time() + 30 * steps
        return f"{totp.token():06d}"


def staff(username: str = "ann", *, is_superuser: bool = True) -> User:
    user = User(username=username, is_staff=True, is_superuser=is_superuser)
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(username: str = "ann") -> Client:
    """By user name and password, as the log-in page does."""
    client = Client()
    asked = {"username": username, "password": PASSWORD, "next": INDEX}
    assert client.post("/admin/login/", asked).status_code == 302
    return client


def enrol(username: str = "ann") -> tuple[Client, Phone, list[str]]:
    """Through the pages; who did it, their phone, and the backup codes they were shown."""
    client = log_in(username)
    client.post(OWN, {"verb": "begin"})
    phone = phone_of(client)
    shown = client.post(OWN, {"verb": "confirm", "code": phone.code(steps=-1)})
    codes = re.findall(r"<li><code>([a-z2-7]{8})</code></li>", shown.content.decode())
    assert len(codes) == 10
    return client, phone, codes


def phone_of(client: Client) -> Phone:
    """The secret, read off the page as people read it."""
    page = client.get(OWN).content.decode()
    found = re.search(r'id="otp-secret"[^>]*value="([A-Z2-7 ]+)"', page)
    assert found, page
    return Phone(b32decode(found[1].replace(" ", "")))


def give(client: Client, code: str, *, next_url: str = INDEX) -> tuple[int, str]:
    """Type the code; (status, where it leads or what it says)."""
    answer = client.post(CODE, {"code": code, "next": next_url})
    if answer.status_code == 302:
        return 302, answer["Location"]
    said = re.search(r'class="errornote">([^<]*)<', answer.content.decode())
    return answer.status_code, said[1] if said else ""


def wait_out_the_throttle() -> None:
    """As if a minute had passed since the last wrong code."""
    earlier = timezone.now() - timedelta(minutes=1)
    for model in (TOTPDevice, StaticDevice):
        model.objects.exclude(throttling_failure_timestamp=None).update(
            throttling_failure_timestamp=earlier
        )


def forget_used_codes() -> None:
    """As if minutes had passed since the last right code."""
    TOTPDevice.objects.update(last_t=-1)
