"""`manage.py issue_member_token`."""

from __future__ import annotations

import io

import jwt
import pytest
import time_machine
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.members.calling import call

SECRET = "member-secret-for-tests-0123456789-0123456789"


def issue(*arguments: str) -> str:
    out = io.StringIO()
    call_command("issue_member_token", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_what_is_printed_is_a_token_that_works_and_nothing_else() -> None:
    printed = issue("user-42")

    assert printed.count("\n") == 1
    assert call("me/", token=printed.strip()).json()["customer_id"] == "user-42"


@time_machine.travel("2026-11-20T12:00:00Z", tick=False)
@pytest.mark.parametrize(("arguments", "days"), [([], 30), (["--days", "7"], 7)])
def test_it_is_good_for_as_many_days_as_asked(arguments: list[str], days: int) -> None:
    claims = jwt.decode(issue("user-42", *arguments).strip(), SECRET, algorithms=["HS256"])

    assert claims == {"sub": "user-42", "iat": 1795176000, "exp": 1795176000 + days * 86400}


def test_issuer_and_audience_are_those_that_are_checked(settings: Settings) -> None:
    settings.MEMBER_JWT_ISSUER, settings.MEMBER_JWT_AUDIENCE = "https://shop.example", "rewards"

    claims = jwt.decode(issue("user-42").strip(), options={"verify_signature": False})

    assert (claims["iss"], claims["aud"]) == ("https://shop.example", "rewards")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["user 42"], "A customer id is 1 to 255 visible ASCII characters without blanks."),
        ([""], "A customer id is 1 to 255 visible ASCII characters without blanks."),
        (["u" * 256], "A customer id is 1 to 255 visible ASCII characters without blanks."),
        (["user-42", "--days", "0"], "A token is good for 1 to 3650 days."),
        (["user-42", "--days", "3651"], "A token is good for 1 to 3650 days."),
    ],
)
def test_it_refuses_with_a_sentence_and_exit_status_1(arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError) as refusal:
        issue(*arguments)

    assert str(refusal.value) == sentence
    assert refusal.value.returncode == 1


def test_without_a_secret_it_says_what_to_do(settings: Settings) -> None:
    settings.MEMBER_JWT_SECRET = ""

    with pytest.raises(CommandError) as refusal:
        issue("user-42")

    assert str(refusal.value) == "MEMBER_JWT_SECRET is not set: set it, then ask again."


def test_with_public_keys_alone_it_says_who_signs(settings: Settings) -> None:
    settings.MEMBER_JWT_SECRET = ""
    settings.MEMBER_JWT_JWKS_URL = "https://id.example/jwks.json"

    with pytest.raises(CommandError) as refusal:
        issue("user-42")

    assert str(refusal.value) == (
        "Tokens are issued with HS256, which needs MEMBER_JWT_SECRET. Here only "
        "MEMBER_JWT_JWKS_URL is set: whoever holds the private keys of that set signs tokens."
    )
