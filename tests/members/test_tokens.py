"""Who a token names, and every way in which one is refused."""

from __future__ import annotations

import base64
import json
import logging
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import time_machine
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from tests.factories import MEMBER
from tests.members.calling import call, problem_of, token_for

pytestmark = pytest.mark.django_db


def segment(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def in_seconds(seconds: float) -> float:
    return time.time() + seconds


def with_header(header: Any) -> str:
    """A token with this header and an empty signature."""
    claims = {"sub": MEMBER, "exp": int(in_seconds(300))}
    return f"{segment(header)}.{segment(claims)}."


REFUSED: dict[str, Callable[[], str]] = {
    "empty": lambda: "",
    "garbage": lambda: "garbage",
    "two dots": lambda: "..",
    "not base64": lambda: "!!!.###.$$$",
    "alg none": lambda: with_header({"alg": "none", "typ": "JWT"}),
    "alg None": lambda: with_header({"alg": "None"}),
    "no alg": lambda: with_header({"typ": "JWT"}),
    "alg is a list": lambda: with_header({"alg": ["HS256"]}),
    "header is a list": lambda: with_header(["HS256"]),
    "header nested a thousand deep": lambda: with_header(b"[" * 3000 + b"]" * 3000),
    "detached payload": lambda: with_header({"alg": "HS256", "b64": False, "crit": ["b64"]}),
    "HS512": lambda: jwt.encode(
        {"sub": MEMBER, "exp": int(in_seconds(300))},
        "member-secret-for-tests-0123456789-0123456789-0123456789-0123456789",
        algorithm="HS512",
    ),
    "another secret": lambda: token_for(secret="another-secret-0123456789-0123456789"),
    "signature cut off": lambda: token_for().rpartition(".")[0] + ".",
    "last letter changed": lambda: token_for()[:-2] + ("A" if token_for()[-2] != "A" else "B"),
    "no exp": lambda: token_for(exp=None),
    "exp a moment ago": lambda: token_for(exp=int(in_seconds(-1))),
    "exp is text": lambda: token_for(exp=str(int(in_seconds(300)))),
    "exp is true": lambda: token_for(exp=True),
    "exp is a list": lambda: token_for(exp=[int(in_seconds(300))]),
    "exp is NaN": lambda: token_for(exp=float("nan")),
    "exp is infinite": lambda: token_for(exp=float("inf")),
    "nbf is infinite": lambda: token_for(nbf=float("inf")),
    "nbf is text": lambda: token_for(nbf="soon"),
    "nbf in a minute": lambda: token_for(nbf=int(in_seconds(60))),
    "no sub": lambda: token_for(None),
    "sub is empty": lambda: token_for(""),
    "sub is a number": lambda: token_for(42),
    "sub is a list": lambda: token_for([MEMBER]),
    "sub has a blank": lambda: token_for("user 42"),
    "sub has a line break": lambda: token_for("user-42\n"),
    "sub has a NUL": lambda: token_for("user-42\x00"),
    "sub is not ASCII": lambda: token_for("usér"),
    "sub is 256 long": lambda: token_for("u" * 256),
    "claims are a list": lambda: jwt.PyJWS().encode(
        b'["u"]', "member-secret-for-tests-0123456789-0123456789", algorithm="HS256"
    ),
    "over 8 KiB": lambda: token_for(padding="x" * 8192),
}


@pytest.mark.parametrize("make", REFUSED.values(), ids=REFUSED.keys())
def test_a_token_that_is_not_good_is_refused(make: Callable[[], str]) -> None:
    response = call("balances/", token=make())

    document = problem_of(response, status=401)
    assert document["type"] == "/problems/unauthenticated"
    assert document["detail"] == "The token is not valid or has expired."
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="members", error="invalid_token"'


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "bearer\t", "Basic dTpw", "Bearer é", "\xff\xfe", "Bearer " + "a." * 500_000],
    ids=["none", "no token", "a tab", "Basic", "not ASCII", "latin-1", "a megabyte"],
)
def test_any_other_authorization_is_401(header: str) -> None:
    headers = {"HTTP_AUTHORIZATION": header} if header else {}

    response = Client().get("/api/v1/me/", **headers)  # type: ignore[arg-type]  # raw WSGI header

    problem_of(response, status=401)
    assert response.headers["WWW-Authenticate"].startswith("Bearer ")


def test_no_token_at_all_is_401_without_an_error_code() -> None:
    response = Client().get("/api/v1/transactions/")

    assert problem_of(response, status=401)["title"] == "A valid token is needed"
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="members"'


@given(st.text(st.characters(max_codepoint=255), max_size=60), st.sampled_from(["", "Bearer "]))
def test_whatever_the_header_says_the_answer_is_401(text: str, scheme: str) -> None:
    response = Client().get("/api/v1/balances/", HTTP_AUTHORIZATION=scheme + text)

    assert response.status_code == 401


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"iat": int(in_seconds(3600))},
        {"iat": "yesterday", "jti": 7},
        {"nbf": int(in_seconds(5))},
        {"exp": in_seconds(300.5)},
        {"aud": "whoever", "iss": "whoever"},
        {"admin": True, "roles": ["x"]},
    ],
    ids=["plain", "iat ahead", "iat text", "nbf just ahead", "exp fraction", "iss, aud", "more"],
)
def test_a_good_token_is_accepted(claims: dict[str, Any]) -> None:
    assert call("me/", token=token_for(**claims)).json()["customer_id"] == MEMBER


@pytest.mark.parametrize("customer_id", ["!", "~" * 255, "a/b?c=d&e#%20\\\"'<>"])
def test_every_customer_id_of_the_rule_is_accepted(customer_id: str) -> None:
    assert call("me/", customer_id=customer_id).json()["customer_id"] == customer_id


def test_the_scheme_is_read_in_any_case() -> None:
    response = Client().get("/api/v1/me/", headers={"Authorization": f"bEARER  {token_for()}"})

    assert response.status_code == 200


def test_a_token_ends_at_the_second_of_its_exp() -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        token = token_for(exp=1_800_000_010)
        clock.move_to(1_800_000_009.999)
        before = call("balances/", token=token).status_code
        clock.move_to(1_800_000_010)
        after = call("balances/", token=token).status_code

    assert (before, after) == (200, 401)


def test_issuer_and_audience_are_checked_when_set(settings: Settings) -> None:
    settings.MEMBER_JWT_ISSUER, settings.MEMBER_JWT_AUDIENCE = "https://shop.example", "rewards"
    good = {"iss": "https://shop.example", "aud": ["rewards", "more"]}

    def status(**claims: Any) -> int:
        return int(call("balances/", token=token_for(**claims)).status_code)

    assert status(**good) == 200
    assert status(**good | {"aud": "rewards"}) == 200
    assert status() == 401
    assert status(**good | {"iss": None}) == 401
    assert status(**good | {"aud": None}) == 401
    assert status(**good | {"iss": "https://other.example"}) == 401
    assert status(**good | {"aud": "other"}) == 401


@pytest.mark.parametrize(
    "secret", ["", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----"]
)
def test_without_a_usable_secret_everybody_is_told_so_and_the_log_why(
    settings: Settings, caplog: pytest.LogCaptureFixture, secret: str
) -> None:
    token = token_for()
    settings.MEMBER_JWT_SECRET = secret

    with caplog.at_level(logging.ERROR, logger="rewards_site.members.tokens"):
        response = call("me/", token=token)

    assert problem_of(response, status=401)["detail"] == "Tokens are not set up on this server."
    (record,) = caplog.records
    assert record.getMessage() == "members.tokens_not_set_up"
    assert "MEMBER_JWT_SECRET" in record.__dict__["why"]


def test_a_refused_token_is_not_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    token = token_for(exp=1)

    with caplog.at_level(logging.DEBUG):
        call("me/", token=token)

    assert "members.token_refused" in caplog.messages
    assert all(token not in str(record.__dict__) for record in caplog.records)
