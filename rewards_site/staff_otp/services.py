"""One-time codes: set up, asked for, renewed, removed by oneself, reset by another person.

Each member of staff has at most one row of django-otp's TOTPDevice, unconfirmed while nothing is
set up, and one StaticDevice with the backup codes that are left. Wrong codes are counted by the
library, which waits 1, 2, 4, 8 … seconds after them; that count is committed, so no function here
raises inside its transaction.
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass
from datetime import datetime

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django_otp import verify_token
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused

log = logging.getLogger(__name__)

BACKUP_CODES = 10
NAME = "authenticator app"
_BACKUP_NAME = "backup codes"
_CODE = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What a right first code came to; the backup codes are shown once and never again."""

    device: TOTPDevice
    backup_codes: tuple[str, ...]


def device_of(user: User) -> TOTPDevice | None:
    """The one that is in use; None where none is set up."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("pk").first()


def pending_device_of(user: User) -> TOTPDevice | None:
    """The one whose secret its owner is being shown, until its first code confirms it."""
    return TOTPDevice.objects.filter(user=user, confirmed=False).order_by("pk").first()


def backup_codes_left(user: User) -> int:
    left: int = StaticToken.objects.filter(device__user=user, device__confirmed=True).count()
    return left


def begin(*, user: User) -> TOTPDevice:
    """A new secret for whoever has none in use. Raises: Conflict."""
    with atomic():
        _hold(user)
        if device_of(user) is not None:
            raise Conflict("You have one-time codes already. Remove them first.")
        device = pending_device_of(user) or TOTPDevice(user=user)
        _empty(device)
    return device


def confirm(*, user: User, code: str, at: datetime) -> SetUp:
    """The first code proves that the app has the secret: from now on codes are asked for.

    Raises: Conflict (nothing is being set up), InvalidInput, Refused (too many wrong codes).
    """
    device = pending_device_of(user)
    if device is None:
        raise Conflict("There is no secret to confirm. Begin again.")
    _check_may_try([device])
    with atomic():
        _hold(user)
        accepted = verify_token(user, device.persistent_id, _tidy(code))
        if accepted is not None:
            assert isinstance(accepted, TOTPDevice)
            accepted.confirmed = True
            accepted.save()
            codes = _new_backup_codes(user)
            _write_log(user, accepted, "One-time codes set up.", at=at)
    if accepted is None:
        raise _wrong(user)
    log.info("staff_otp.set_up", extra={"user": user.pk})
    return SetUp(device=accepted, backup_codes=codes)


def check_code(*, user: User, code: str) -> Device:
    """The device of this user that takes the code: six digits of the app, or a backup code.

    A code is taken once. Raises: InvalidInput, Refused (too many wrong codes).
    """
    text = _tidy(code)
    kind = TOTPDevice if _CODE.fullmatch(text) else StaticDevice
    devices: list[Device] = list(kind.objects.filter(user=user, confirmed=True).order_by("pk"))
    _check_may_try(devices)
    for device in devices:
        accepted = verify_token(user, device.persistent_id, text)
        if accepted is not None:
            log.info("staff_otp.verified", extra={"user": user.pk, "by": kind.__name__})
            return accepted
    raise _wrong(user)


def renew_backup_codes(*, user: User, code: str, at: datetime) -> tuple[str, ...]:
    """Ten new ones; the old ones end. Raises: as check_code()."""
    check_code(user=user, code=code)
    with atomic():
        _hold(user)
        device = device_of(user)
        if device is not None:
            codes = _new_backup_codes(user)
            _write_log(user, device, "New backup codes made.", at=at)
    if device is None:
        raise Conflict("Your one-time codes were reset meanwhile. Set them up again.")
    return codes


def remove(*, user: User, code: str, at: datetime) -> None:
    """By oneself, with a code. Raises: as check_code()."""
    check_code(user=user, code=code)
    with atomic():
        _hold(user)
        for device in _forget(user):
            _write_log(user, device, "One-time codes removed by their owner.", at=at)
    log.info("staff_otp.removed", extra={"user": user.pk})


def reset(*, user: User, actor: User) -> None:
    """By another person, for whoever lost the phone and the backup codes. Raises: Refused."""
    if user.pk == actor.pk:
        raise Refused("Your own one-time codes you remove yourself, with a code.")
    with atomic():
        _hold(user)
        _forget(user)
    log.info("staff_otp.reset", extra={"user": user.pk, "actor": actor.pk})


def _forget(user: User) -> list[TOTPDevice]:
    """Sessions that a device had verified are not, from then on."""
    StaticDevice.objects.filter(user=user).delete()
    devices = list(TOTPDevice.objects.filter(user=user).order_by("pk"))
    for device in devices:
        _empty(device)
    return devices


def _empty(device: TOTPDevice) -> None:
    """With a new secret that nobody has used yet."""
    device.name, device.confirmed, device.key = NAME, False, default_key()
    device.last_t, device.drift, device.last_used_at = -1, 0, None
    device.throttle_reset(commit=False)
    device.save()


def _new_backup_codes(user: User) -> tuple[str, ...]:
    StaticDevice.objects.filter(user=user).delete()
    kept = StaticDevice.objects.create(user=user, name=_BACKUP_NAME)
    codes = tuple(StaticToken.random_token() for _ in range(BACKUP_CODES))
    StaticToken.objects.bulk_create(StaticToken(device=kept, token=code) for code in codes)
    return codes


def _hold(user: User) -> None:
    """One change of a person's codes at a time."""
    locked = User.objects.select_for_update(of=("self",), no_key=True)
    locked.filter(pk=user.pk).values_list("pk", flat=True).get()


def _tidy(code: str) -> str:
    """As people type it: apps show `123 456`, backup codes may be typed in capitals."""
    return re.sub(r"[\s-]", "", code).lower()


def _check_may_try(devices: list[Device] | list[TOTPDevice]) -> None:
    for device in devices:
        may_try, why = device.verify_is_allowed()
        if not may_try:
            until = why.get("locked_until") if why else None
            when = f" until {until:%H:%M:%S} UTC" if until else ""
            raise Refused(f"Too many wrong codes: no code is taken{when}. Then try again.")


def _wrong(user: User) -> InvalidInput:
    log.warning("staff_otp.refused", extra={"user": user.pk})
    words = "This code is not right, or was used before. Wait for the next one, and try again."
    return InvalidInput(words, fields={"code": words})


def _write_log(user: User, device: TOTPDevice, message: str, *, at: datetime) -> None:
    LogEntry.objects.create(
        action_time=at,
        user=user,
        content_type=ContentType.objects.get_for_model(TOTPDevice),
        object_id=str(device.pk),
        object_repr=str(device)[:200],
        action_flag=CHANGE,
        change_message=message,
    )
