"""Keys are made with a secret that is kept nowhere, and revoked for ever."""

from __future__ import annotations

import hashlib
import logging
import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection

from rewards_site.api_keys.models import ApiKey
from rewards_site.api_keys.scopes import Scope
from rewards_site.api_keys.services import check_api_key, make_api_key, revoke_api_key
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound
from rewards_site.kernel.log import redact
from tests.api_keys.calling import MADE_AT, make_key

pytestmark = pytest.mark.django_db


def everything_stored() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM api_keys_apikey")
        return str(
            [
                [str(bytes(c) if isinstance(c, memoryview) else c) for c in row]
                for row in cursor.fetchall()
            ]
        )


def test_only_a_digest_of_the_key_is_kept() -> None:
    made = make_key()

    assert re.fullmatch(r"rk_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", made.text)
    secret = made.text[16:]
    assert secret not in everything_stored()
    assert bytes(ApiKey.objects.get().secret_digest) == hashlib.sha256(made.text.encode()).digest()
    assert made.text not in repr(made) + str(made) + str(made.row)
    assert make_key(name="another").text[16:] != secret


def test_neither_making_nor_refusing_writes_a_key_into_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.DEBUG):
        made = make_key()
        check_api_key(made.text, at=MADE_AT)

    assert "api_keys.made" in caplog.messages
    assert all(made.text[16:] not in str(record.__dict__) for record in caplog.records)
    assert made.text[16:] not in redact(f"a stray line with {made.text} in it")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"scopes": []}, "scopes"),
        ({"expires_at": MADE_AT}, "expires_at"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused(change: dict[str, Any], field: str) -> None:
    actor = User.objects.create(username="root")
    wanted: dict[str, Any] = {
        "name": "desk",
        "scopes": [Scope.MEMBERS_READ],
        "expires_at": None,
        "actor": actor,
        "at": MADE_AT,
    }

    with pytest.raises(InvalidInput) as caught:
        make_api_key(**wanted | change)

    assert set(caught.value.fields) == {field}
    assert not ApiKey.objects.exists()


def test_a_name_is_used_again_only_after_it_was_revoked() -> None:
    first = make_key(name="desk")
    with pytest.raises(Conflict):
        make_key(name=" desk ")
    actor = User.objects.get(username="root")

    revoke_api_key(pk=first.row.pk, actor=actor, reason="rotated", at=MADE_AT)
    second = make_key(name="desk")

    assert check_api_key(second.text, at=MADE_AT).pk == second.row.pk
    with pytest.raises(Conflict):
        revoke_api_key(pk=first.row.pk, actor=actor, reason="again", at=MADE_AT)
    with pytest.raises(NotFound):
        revoke_api_key(pk=0, actor=actor, reason="whom", at=MADE_AT)
    with pytest.raises(InvalidInput):
        revoke_api_key(pk=second.row.pk, actor=actor, reason=" ", at=MADE_AT)
    row = ApiKey.objects.get(pk=first.row.pk)
    assert (row.revoked_by_id, row.revoke_reason, row.revoked_at) == (actor.pk, "rotated", MADE_AT)


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM api_keys_apikey",
        "UPDATE api_keys_apikey SET scopes = '[\"redemptions:write\"]'",
        "UPDATE api_keys_apikey SET expires_at = NULL",
        "UPDATE api_keys_apikey SET revoked_at = created_at",
    ],
)
def test_the_database_keeps_a_key_as_it_was_made(statement: str) -> None:
    make_key(expires_at=MADE_AT + timedelta(days=1))

    with pytest.raises(DatabaseError), atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    row = ApiKey.objects.get()
    assert (row.scopes, row.revoked_at) == (["members:read"], None)
    assert row.expires_at == MADE_AT + timedelta(days=1)
