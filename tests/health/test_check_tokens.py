"""What `manage.py check_button` says of members' tokens."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import requests
import responses
from pytest_django import Settings

from rewards_site.health.inspections import Line
from rewards_site.health.token_inspections import inspect_tokens
from rewards_site.kernel import clock
from rewards_site.members.models import Member
from tests.members.keys import ec_key, key_set, public_jwk, rsa_key

_numbers = itertools.count()


@pytest.fixture
def url(settings: Settings) -> str:
    settings.MEMBER_JWT_SECRET = ""
    settings.MEMBER_JWT_JWKS_URL = f"https://id.example/checked/{next(_numbers)}/jwks.json?key=abc"
    return str(settings.MEMBER_JWT_JWKS_URL)


def said() -> list[str]:
    return [_text(line) for line in inspect_tokens(clock.now())]


def _text(line: Line) -> str:
    return f"{line.verdict} {line.subject}: {line.said}"


@pytest.mark.django_db
def test_the_secret_is_tried_and_makes_no_member(settings: Settings) -> None:
    settings.MEMBER_JWT_ISSUER, settings.MEMBER_JWT_AUDIENCE = "https://id.example", "rewards"

    assert said() == ["OK MEMBER_JWT_SECRET: signs and checks tokens (HS256)"]
    assert not Member.objects.exists()


def test_a_short_secret_is_tried_all_the_same(settings: Settings) -> None:
    """That it is short is a line of its own: see short_secrets()."""
    settings.MEMBER_JWT_SECRET = "short"

    assert said() == ["OK MEMBER_JWT_SECRET: signs and checks tokens (HS256)"]


def test_a_secret_that_is_none(settings: Settings) -> None:
    settings.MEMBER_JWT_SECRET = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"

    (line,) = inspect_tokens(clock.now())

    assert _text(line) == "FAIL MEMBER_JWT_SECRET: MEMBER_JWT_SECRET is no secret for HS256"
    assert "openssl rand -hex 32" in line.what_to_do


def test_neither_is_set(settings: Settings) -> None:
    settings.MEMBER_JWT_SECRET = ""

    (line,) = inspect_tokens(clock.now())

    assert _text(line).startswith("WARN members' tokens: MEMBER_JWT_SECRET and MEMBER_JWT_JWKS_URL")
    assert line.what_to_do == "set one of them for the member API."


def test_the_key_set_is_fetched_and_counted(url: str, button: responses.RequestsMock) -> None:
    keys = [public_jwk(rsa_key("a"), "a"), public_jwk(rsa_key("b"), "b"), public_jwk(ec_key(), "c")]
    button.get(url, body=key_set(*keys, {"kty": "oct", "k": "AAAA"}))

    assert said() == ["OK MEMBER_JWT_JWKS_URL: answers with 3 keys (1 for ES256, 2 for RS256)"]


def test_keys_without_names_are_told(url: str, button: responses.RequestsMock) -> None:
    button.get(url, body=key_set(public_jwk(rsa_key("a"), None), public_jwk(rsa_key("b"), None)))

    assert said() == [
        "OK MEMBER_JWT_JWKS_URL: answers with 2 keys (2 for RS256)",
        "WARN MEMBER_JWT_JWKS_URL: keys have no kid, so each is tried for each token",
    ]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"body": requests.ConnectTimeout("no")}, "no answer could be had (ConnectTimeout)"),
        ({"status": 302, "headers": {"Location": "/"}}, "it was answered with 302"),
        ({"body": "<!DOCTYPE html>"}, "the answer is not JSON"),
        ({"body": '{"keys": []}'}, "the answer has no public key for RS256 or ES256"),
    ],
    ids=["no answer", "redirect", "HTML", "no key"],
)
def test_a_key_set_that_cannot_be_had(
    url: str, button: responses.RequestsMock, answer: Any, why: str
) -> None:
    button.get(url, **answer)

    (line,) = inspect_tokens(clock.now())

    assert _text(line) == f"FAIL MEMBER_JWT_JWKS_URL: {why}"
    assert "fetch it with curl on this machine" in line.what_to_do
    assert "key=abc" not in repr(line)


def test_an_address_that_is_none_is_not_asked(
    button: responses.RequestsMock, settings: Settings
) -> None:
    settings.MEMBER_JWT_JWKS_URL = "http://id.example/jwks.json"

    lines = list(inspect_tokens(clock.now()))

    assert [line.verdict for line in lines] == ["OK", "FAIL"]
    assert lines[1].said.startswith("is http: whoever is on the way could be any member")
    assert lines[1].what_to_do == "copy the jwks_uri of your identity provider."
    assert len(button.calls) == 0
