"""When the keys cannot be had: what is known goes on working, the rest is our outage, not a 401."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from typing import Any

import pytest
import requests
import responses as responses_library
from pytest_django import Settings

from rewards_site.members import jwks
from rewards_site.members.jwks import JwksCache, JwksUnavailable
from tests.members.calling import call, problem_of
from tests.members.keys import ec_key, key_set, public_jwk, rsa_key, signed

_numbers = itertools.count()
ONE = key_set(public_jwk(rsa_key("one"), "one"))
BOTH = key_set(public_jwk(rsa_key("one"), "one"), public_jwk(rsa_key("two"), "two"))
TWO = key_set(public_jwk(rsa_key("two"), "two"))


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def url() -> str:
    return f"https://id.example/outages/{next(_numbers)}"


@pytest.fixture
def names(url: str, clock: Clock) -> Callable[[str], list[str | None]]:
    """The names of the keys found for a `kid`."""
    cache = JwksCache(url, monotonic=clock)

    def found(kid: str) -> list[str | None]:
        return [key.kid for key in cache.keys_for(kid=kid, algorithm="RS256")]

    return found


Names = Callable[[str], list[str | None]]


@pytest.mark.parametrize(
    "answer",
    [
        {"body": requests.ConnectionError("refused")},
        {"body": requests.ReadTimeout("slow")},
        {"body": requests.exceptions.SSLError("not trusted")},
        {"body": "", "status": 500},
        {"body": ONE, "status": 404},
        {"body": "", "status": 302, "headers": {"Location": "https://evil.example/"}},
        {"body": "<!DOCTYPE html><title>Log in</title>"},
        {"body": "[]"},
        {"body": "null"},
        {"body": '{"keys": {}}'},
        {"body": '{"keys": []}'},
        {"body": '{"keys": [{"kty": "oct", "k": "AAAA"}]}'},
        {"body": "[" * 100_000},
        {"body": b"\xff\xfe\x00"},
        {"body": ONE + " " * 300_000},
        {"body": key_set(*[public_jwk(ec_key(), str(number)) for number in range(101)])},
    ],
    ids=[
        *("no connection", "time-out", "TLS", "500", "404", "redirect", "HTML", "list", "null"),
        *("keys is an object", "no key", "no public key", "deep", "not UTF-8", "huge", "101 keys"),
    ],
)
def test_first_keys_that_cannot_be_had_are_our_outage(
    names: Names, button: responses_library.RequestsMock, url: str, answer: Any
) -> None:
    button.get(url, **answer)

    with pytest.raises(JwksUnavailable):
        names("one")

    assert [call.request.url for call in button.calls] == [url]


def test_known_keys_outlive_an_outage_of_a_day(
    names: Names, button: responses_library.RequestsMock, url: str, clock: Clock
) -> None:
    button.get(url, body=ONE)
    assert names("one") == ["one"]
    button.replace("GET", url, status=503)

    clock.seconds += 3600 * 23
    assert names("one") == ["one"]
    with pytest.raises(JwksUnavailable):
        names("two")
    clock.seconds += 3600 * 2
    with pytest.raises(JwksUnavailable):
        names("one")
    button.replace("GET", url, body=ONE)
    clock.seconds += 11
    assert names("one") == ["one"]


def test_a_new_key_is_found_at_once_and_an_old_one_goes_within_five_minutes(
    names: Names, button: responses_library.RequestsMock, url: str, clock: Clock
) -> None:
    button.get(url, body=ONE)
    assert names("one") == ["one"]
    button.replace("GET", url, body=BOTH)
    clock.seconds += 20

    assert names("two") == ["two"]
    assert names("one") == ["one"]

    button.replace("GET", url, body=TWO)
    clock.seconds += 301
    assert names("one") == []
    assert names("two") == ["two"]


def test_unknown_names_are_asked_for_once_in_ten_seconds(
    names: Names, button: responses_library.RequestsMock, url: str, clock: Clock
) -> None:
    button.get(url, body=ONE)

    for number in range(500):
        assert names(f"made-up-{number}") == []
    assert len(button.calls) == 1
    clock.seconds += 10
    for number in range(500):
        assert names(f"made-up-{number}") == []

    assert len(button.calls) == 2


def test_a_failing_refresh_is_tried_once_a_minute(
    names: Names, button: responses_library.RequestsMock, url: str, clock: Clock
) -> None:
    button.get(url, body=ONE)
    names("one")
    button.replace("GET", url, status=500)
    clock.seconds += 301

    for _ in range(120):
        assert names("one") == ["one"]
        clock.seconds += 1

    assert len(button.calls) == 3


def test_of_a_crowd_four_wait_for_one_fetch_and_the_others_are_asked_to_come_again(
    button: responses_library.RequestsMock, url: str, clock: Clock
) -> None:
    """Sixteen threads at once, no key yet, and no answer before twelve were turned away."""
    cache = JwksCache(url, monotonic=clock, wait_seconds=30)
    everybody, all_turned_away = threading.Barrier(16), threading.Semaphore(0)
    found: list[int] = []
    refused: list[int] = []

    def late(_request: object) -> tuple[int, dict[str, str], str]:
        for _ in range(12):
            assert all_turned_away.acquire(timeout=30)
        return 200, {}, ONE

    button.add_callback("GET", url, callback=late)

    def ask() -> None:
        everybody.wait()
        try:
            found.append(len(cache.keys_for(kid="one", algorithm="RS256")))
        except JwksUnavailable as error:
            refused.append(error.retry_after)
            all_turned_away.release()

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (found, refused) == ([1] * 4, [3] * 12)
    assert len(button.calls) == 1
    assert len(cache.keys_for(kid="one", algorithm="RS256")) == 1


def test_keys_that_were_fetched_ahead_are_there(
    button: responses_library.RequestsMock, url: str, settings: Settings
) -> None:
    settings.MEMBER_JWT_JWKS_URL = url
    button.get(url, body=ONE)

    jwks.fetch_ahead()

    assert [key.kid for key in jwks.jwks_at(url).keys_for(kid="one", algorithm="RS256")] == ["one"]
    assert len(button.calls) == 1


@pytest.mark.parametrize("address", ["", "http://id.example/jwks.json", "nonsense"])
def test_nothing_is_fetched_ahead_from_no_good_address(
    button: responses_library.RequestsMock, settings: Settings, address: str
) -> None:
    settings.MEMBER_JWT_JWKS_URL = address

    jwks.fetch_ahead()

    assert len(button.calls) == 0


def test_who_has_a_key_does_not_wait_for_anothers_fetch(
    button: responses_library.RequestsMock, url: str, clock: Clock
) -> None:
    cache = JwksCache(url, monotonic=clock)
    button.get(url, body=ONE)
    cache.keys_for(kid="one", algorithm="RS256")
    clock.seconds += 400
    is_asking, may_answer = threading.Event(), threading.Event()

    def hang(_request: object) -> tuple[int, dict[str, str], str]:
        is_asking.set()
        may_answer.wait(30)
        return 200, {}, ONE

    button.remove("GET", url)
    button.add_callback("GET", url, callback=hang)
    one = threading.Thread(target=cache.keys_for, kwargs={"kid": "one", "algorithm": "RS256"})
    one.start()
    assert is_asking.wait(30)

    assert [key.kid for key in cache.keys_for(kid="one", algorithm="RS256")] == ["one"]

    may_answer.set()
    one.join()


@pytest.mark.django_db
def test_the_member_reads_503_with_retry_after(
    button: responses_library.RequestsMock, url: str, settings: Settings
) -> None:
    settings.MEMBER_JWT_JWKS_URL = url
    button.get(url, status=502)

    response = call("me/", token=signed(rsa_key("one")))

    document = problem_of(response, status=503)
    assert document["type"] == "/problems/keys-unavailable"
    assert response.headers["Retry-After"] == "10"
    assert "WWW-Authenticate" not in response.headers
    assert problem_of(call("me/", token="garbage"), status=401)["status"] == 401
