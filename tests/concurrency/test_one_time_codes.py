"""One code, many sessions at once."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest
from django.contrib.auth.models import User
from django_otp.models import Device
from django_otp.plugins.otp_totp.models import TOTPDevice

from rewards_site.kernel import clock
from rewards_site.kernel.errors import InvalidInput, Refused
from rewards_site.staff_otp import services
from tests.concurrency.crowd import all_returned, at_once
from tests.staff_otp.phones import Phone

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed_db")]

SESSIONS = 8


def test_a_code_and_a_backup_code_are_taken_once_however_many_try_at_once() -> None:
    ann = User.objects.create(username="ann", is_staff=True)
    phone = Phone(services.begin(user=ann).bin_key)
    codes = services.confirm(user=ann, code=phone.code(steps=-1), at=clock.now()).backup_codes

    for code in (phone.code(), codes[0]):
        results = at_once(SESSIONS, partial(_try, ann, code))

        came_to = Counter(type(result).__name__ for result in results)
        assert sum(isinstance(result, Device) for result in results) == 1, came_to
        assert all(isinstance(one, (Device, InvalidInput, Refused)) for one in results), came_to
    assert services.backup_codes_left(ann) == 9


def _try(user: User, code: str, _number: int) -> Device:
    return services.check_code(user=user, code=code)


def test_whoever_begins_twice_at_once_has_one_secret() -> None:
    ann = User.objects.create(username="ann", is_staff=True)

    all_returned(at_once(SESSIONS, lambda _: services.begin(user=ann)))

    assert TOTPDevice.objects.filter(user=ann).count() == 1
