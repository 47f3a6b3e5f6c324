"""Making, checking and revoking keys."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import secrets
import string
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError
from django.db.models import Q

from rewards_site.api_keys.models import KEY_ID_LENGTH, ApiKey
from rewards_site.api_keys.scopes import Scope
from rewards_site.kernel.db import DatabaseUnavailable, atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, Refused

log = logging.getLogger(__name__)

NAME_LENGTH_MAX = 100
REASON_LENGTH_MAX = 500
USE_IS_NOTED_EVERY = timedelta(minutes=10)
_KEY_ID_LETTERS = string.ascii_lowercase + string.digits
_KEY = re.compile(rf"rk_([a-z0-9]{{{KEY_ID_LENGTH}}})_[A-Za-z0-9_-]{{43}}")


class KeyRefused(Refused):
    """Not a key of ours, or one that is revoked or expired."""

    code = "key_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """A key that was just made, and the only copy of its text."""

    row: ApiKey
    text: str

    def __repr__(self) -> str:
        return f"MadeKey({self.row})"


def make_api_key(
    *,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime | None,
    actor: AbstractBaseUser,
    at: datetime,
) -> MadeKey:
    """A new key. Raises: InvalidInput; Conflict (a key of that name is in force)."""
    name = name.strip()
    if not 0 < len(name) <= NAME_LENGTH_MAX:
        raise InvalidInput(
            "A key needs a name.", fields={"name": f"1-{NAME_LENGTH_MAX} characters"}
        )
    if not scopes:
        raise InvalidInput("A key without any scope opens nothing.", fields={"scopes": "choose"})
    if expires_at is not None and expires_at <= at:
        raise InvalidInput(
            "The key would have expired already.", fields={"expires_at": "in the future"}
        )
    key_id = "".join(secrets.choice(_KEY_ID_LETTERS) for _ in range(KEY_ID_LENGTH))
    text = f"rk_{key_id}_{secrets.token_urlsafe(32)}"
    try:
        with atomic():
            row = ApiKey.objects.create(
                name=name,
                key_id=key_id,
                secret_digest=_digest(text),
                scopes=sorted(scope.value for scope in scopes),
                created_at=at,
                created_by_id=actor.pk,
                expires_at=expires_at,
            )
    except IntegrityError as error:
        raise Conflict("A key of that name is in force: revoke it first.") from error
    log.info("api_keys.made", extra={"key": row.pk, "actor": actor.pk})
    return MadeKey(row=row, text=text)


def revoke_api_key(*, pk: int, actor: AbstractBaseUser, reason: str, at: datetime) -> None:
    """Refuse the key from now on, for ever. Raises: InvalidInput, NotFound, Conflict."""
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    changed = ApiKey.objects.filter(pk=pk, revoked_at=None).update(
        revoked_at=at, revoked_by_id=actor.pk, revoke_reason=reason
    )
    if not changed and not ApiKey.objects.filter(pk=pk).exists():
        raise NotFound("There is no such key.")
    if not changed:
        raise Conflict("This key was revoked already.")
    log.info("api_keys.revoked", extra={"key": pk, "actor": actor.pk})


def check_api_key(text: str, *, at: datetime) -> ApiKey:
    """The key that `text` is, in force at `at`; its use is noted. Raises: KeyRefused."""
    match = _KEY.fullmatch(text)
    if match is None:
        raise KeyRefused("not a key")
    row = ApiKey.objects.filter(key_id=match[1]).first()
    # Compared in constant time; which ids exist is no secret.
    if row is None or not hmac.compare_digest(bytes(row.secret_digest), _digest(text)):
        raise KeyRefused("unknown")
    if row.revoked_at is not None:
        raise KeyRefused("revoked")
    if row.expires_at is not None and row.expires_at <= at:
        raise KeyRefused("expired")
    _note_use(row, at=at)
    return row


def _note_use(row: ApiKey, *, at: datetime) -> None:
    """Every ten minutes at most, or each read would be a write; never at the read's cost."""
    before = at - USE_IS_NOTED_EVERY
    if row.last_used_at is not None and row.last_used_at > before:
        return
    try:
        ApiKey.objects.filter(Q(last_used_at=None) | Q(last_used_at__lte=before), pk=row.pk).update(
            last_used_at=at
        )
    except DatabaseUnavailable:
        log.warning("api_keys.use_not_noted", extra={"key": row.pk})


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("ascii")).digest()
