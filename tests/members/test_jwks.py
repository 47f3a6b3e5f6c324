"""Tokens signed with a private key, checked with the public ones at MEMBER_JWT_JWKS_URL."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import logging
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import responses as responses_library
from pytest_django import Settings

from tests.factories import MEMBER
from tests.members.calling import call, problem_of, token_for
from tests.members.keys import ec_key, key_set, pem, private_jwk, public_jwk, rsa_key, signed

pytestmark = pytest.mark.django_db

_numbers = itertools.count()


@pytest.fixture
def url(settings: Settings) -> str:
    """A JWKS of the test's own: keys are kept by URL. No HS256 secret is set."""
    settings.MEMBER_JWT_SECRET = ""
    settings.MEMBER_JWT_JWKS_URL = f"https://id.example/{next(_numbers)}/jwks.json"
    return str(settings.MEMBER_JWT_JWKS_URL)


def status(token: str) -> int:
    return int(call("balances/", token=token).status_code)


@pytest.mark.parametrize("key", [rsa_key(), ec_key()], ids=["RS256", "ES256"])
def test_a_token_of_a_published_key_names_its_member(
    url: str, button: responses_library.RequestsMock, key: Any
) -> None:
    button.get(url, body=key_set(public_jwk(key)))

    answer = call("me/", token=signed(key))

    assert answer.json()["customer_id"] == MEMBER
    assert status(signed(key, customer_id="somebody-else")) == 200
    assert len(button.calls) == 1


def test_keys_are_told_apart_by_name_and_by_algorithm(
    url: str, button: responses_library.RequestsMock
) -> None:
    button.get(
        url,
        body=key_set(
            public_jwk(rsa_key("a"), "a"), public_jwk(rsa_key("b"), "b"), public_jwk(ec_key(), "b")
        ),
    )

    assert status(signed(rsa_key("a"), kid="a")) == 200
    assert status(signed(rsa_key("b"), kid="b")) == 200
    assert status(signed(ec_key(), kid="b")) == 200
    assert status(signed(rsa_key("a"), kid="b")) == 401
    assert status(signed(ec_key(), kid="a")) == 401


def test_without_a_name_each_key_of_the_algorithm_is_tried(
    url: str, button: responses_library.RequestsMock
) -> None:
    button.get(url, body=key_set(public_jwk(rsa_key("a"), "a"), public_jwk(rsa_key("b"), None)))

    assert status(signed(rsa_key("b"), kid=None)) == 200
    assert status(signed(rsa_key("c"), kid=None)) == 401


def test_two_keys_of_one_name_are_both_tried(
    url: str, button: responses_library.RequestsMock
) -> None:
    button.get(url, body=key_set(public_jwk(rsa_key("a"), "x"), public_jwk(rsa_key("b"), "x")))

    assert status(signed(rsa_key("a"), kid="x")) == 200
    assert status(signed(rsa_key("b"), kid="x")) == 200


def segment(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def by_secret(secret: bytes) -> str:
    """HS256 with any secret, also with those that libraries refuse to sign with."""
    payload = jwt.decode(signed(rsa_key()), options={"verify_signature": False})
    text = f"{segment({'alg': 'HS256', 'typ': 'JWT', 'kid': 'one'})}.{segment(payload)}"
    mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def unsigned(algorithm: str) -> str:
    payload = jwt.decode(signed(rsa_key()), options={"verify_signature": False})
    return f"{segment({'alg': algorithm, 'kid': 'one'})}.{segment(payload)}."


FOREIGN = {"jku": "https://evil.example/jwks.json", "x5u": "https://evil.example/cert.pem"}
HOSTILE: dict[str, Callable[[], str]] = {
    "alg none": lambda: unsigned("none"),
    "RS256 without a signature": lambda: unsigned("RS256"),
    "HS256 with the public key as secret": lambda: by_secret(pem(rsa_key())),
    "HS256 with the empty secret": lambda: by_secret(b""),
    "HS256, and no secret is set up": lambda: by_secret(b"s" * 40),
    "another key of the same name": lambda: signed(rsa_key("evil")),
    "another key, brought along by address": lambda: signed(rsa_key("evil"), headers=FOREIGN),
    "another key, brought along": lambda: signed(
        rsa_key("evil"), headers={"jwk": public_jwk(rsa_key("evil"))}
    ),
    "RS512": lambda: jwt.encode(
        {"sub": MEMBER, "exp": 2e9}, rsa_key(), "RS512", headers={"kid": "one"}
    ),
    "PS256": lambda: jwt.encode(
        {"sub": MEMBER, "exp": 2e9}, rsa_key(), "PS256", headers={"kid": "one"}
    ),
    "kid is a path": lambda: signed(rsa_key(), kid="../../one"),
    "kid is empty": lambda: signed(rsa_key(), kid=""),
    "expired": lambda: signed(rsa_key(), exp=1),
    "no exp": lambda: signed(rsa_key(), exp=None),
    "not yet": lambda: signed(rsa_key(), nbf=4_000_000_000),
    "no sub": lambda: signed(rsa_key(), sub=None),
    "sub with a blank": lambda: signed(rsa_key(), customer_id="u 1"),
    "over 8 KiB": lambda: signed(rsa_key(), padding="x" * 8192),
    "unknown crit": lambda: signed(rsa_key(), headers={"crit": ["exp"]}),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_a_hostile_token_is_401_and_leads_nowhere(
    url: str, button: responses_library.RequestsMock, make: Callable[[], str]
) -> None:
    button.get(url, body=key_set(public_jwk(rsa_key())))

    document = problem_of(call("me/", token=make()), status=401)

    assert document["detail"] == "The token is not valid or has expired."
    assert {request.request.url for request in button.calls} <= {url}


def test_kid_must_be_text(url: str, button: responses_library.RequestsMock) -> None:
    button.get(url, body=key_set(public_jwk(rsa_key())))
    payload = segment(jwt.decode(signed(rsa_key()), options={"verify_signature": False}))

    for kid in (1, None, ["one"], {"one": 1}):
        assert status(f"{segment({'alg': 'RS256', 'kid': kid})}.{payload}.AAAA") == 401


def test_with_both_set_the_algorithm_decides(
    url: str, button: responses_library.RequestsMock, settings: Settings
) -> None:
    settings.MEMBER_JWT_SECRET = pem(rsa_key()).decode()[27:91]  # as unwise as can be
    button.get(url, body=key_set(public_jwk(rsa_key())))

    assert status(token_for()) == 200
    assert len(button.calls) == 0, "HS256 needs no key of theirs"
    assert status(signed(rsa_key())) == 200
    assert status(by_secret(pem(rsa_key()))) == 401
    settings.MEMBER_JWT_SECRET = "another-secret-0123456789-0123456789"
    assert status(signed(rsa_key())) == 200
    assert status(token_for(secret="wrong-secret-0123456789-0123456789")) == 401


def test_without_a_key_set_no_public_key_is_looked_for(
    button: responses_library.RequestsMock,
) -> None:
    assert status(signed(rsa_key())) == 401
    assert len(button.calls) == 0


def test_issuer_and_audience_are_checked(
    url: str, button: responses_library.RequestsMock, settings: Settings
) -> None:
    settings.MEMBER_JWT_ISSUER, settings.MEMBER_JWT_AUDIENCE = "https://id.example", "rewards"
    button.get(url, body=key_set(public_jwk(ec_key())))

    assert status(signed(ec_key(), iss="https://id.example", aud="rewards")) == 200
    assert status(signed(ec_key(), iss="https://id.example")) == 401
    assert status(signed(ec_key(), iss="https://evil.example", aud="rewards")) == 401


@pytest.mark.parametrize(
    "told",
    [
        public_jwk(rsa_key(), use="enc"),
        public_jwk(rsa_key(), alg="RS512"),
        public_jwk(rsa_key(), alg="HS256"),
        public_jwk(rsa_key(), key_ops=["sign"]),
        public_jwk(rsa_key(), key_ops="verify"),
        public_jwk(rsa_key("small", 1024)),
        public_jwk(rsa_key(), n="AQAB"),
        public_jwk(rsa_key(), n="!!"),
        public_jwk(rsa_key(), n=7),
        public_jwk(rsa_key(), e=None),
        private_jwk(rsa_key()),
        {"kty": "oct", "kid": "one", "k": "c2VjcmV0"},
        "one",
        None,
    ],
    ids=[
        *("for encryption", "RS512", "HS256", "for signing", "key_ops is text", "1024 bits"),
        *("17 bits", "not base64", "a number", "no exponent", "private", "symmetric", "text"),
        "null",
    ],
)
@pytest.mark.filterwarnings("ignore::jwt.InsecureKeyLengthWarning")
def test_a_key_that_is_none_for_us_verifies_nothing_and_spoils_no_other(
    url: str, button: responses_library.RequestsMock, told: Any
) -> None:
    button.get(url, body=key_set(told, public_jwk(ec_key(), "good")))

    small = isinstance(told, dict) and len(str(told.get("n", ""))) == 171
    assert status(signed(rsa_key("small", 1024) if small else rsa_key())) == 401
    assert status(signed(ec_key(), kid="good")) == 200


def test_another_curve_is_not_es256(url: str, button: responses_library.RequestsMock) -> None:
    key = ec_key("p384", "SECP384R1")
    button.get(url, body=key_set(public_jwk(key), public_jwk(ec_key(), "good")))

    assert status(signed(key)) == 401


def test_a_private_key_in_public_is_reported_without_it(
    url: str, button: responses_library.RequestsMock, caplog: pytest.LogCaptureFixture
) -> None:
    told = private_jwk(rsa_key())
    button.get(url, body=key_set(told, public_jwk(ec_key(), "good")))

    with caplog.at_level(logging.ERROR, logger="rewards_site.members.jwks"):
        status(signed(ec_key(), kid="good"))

    assert caplog.messages == ["members.jwks_private_key"]
    assert told["d"] not in str(caplog.records[0].__dict__)


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("http://id.example/jwks.json", "Use https"),
        ("file:///etc/passwd", "must look like https"),
        ("https://", "must look like https"),
        ("id.example", "must look like https"),
        ("https://[", "is not a URL"),
    ],
)
def test_an_address_that_is_none_is_told_in_the_log(
    settings: Settings, caplog: pytest.LogCaptureFixture, address: str, words: str
) -> None:
    settings.MEMBER_JWT_JWKS_URL = address

    with caplog.at_level(logging.ERROR, logger="rewards_site.members.tokens"):
        document = problem_of(call("me/", token=signed(rsa_key())), status=401)

    assert document["detail"] == "Tokens are not set up on this server."
    assert words in caplog.records[0].__dict__["why"]
