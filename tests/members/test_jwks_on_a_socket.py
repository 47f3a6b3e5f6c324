"""The key set over a real socket: what it is asked, and servers that never come to an end."""

from __future__ import annotations

import threading

import pytest

from rewards_site.members.jwks import JwksCache, JwksUnavailable
from tests.button.socket_server import Behaviour, Connection, serving
from tests.members.keys import ec_key, key_set, public_jwk

BODY = key_set(public_jwk(ec_key())).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def test_it_is_asked_plainly_and_without_any_secret() -> None:
    with serving(lambda connection: connection.send(HEAD % len(BODY), BODY)) as server:
        cache = JwksCache(f"{server.url}/jwks.json")
        (key,) = cache.keys_for(kid="one", algorithm="ES256")

    assert key.kid == "one"
    (asked,) = server.requests
    assert asked.startswith("GET /jwks.json HTTP/1.1\r\n")
    assert "authorization" not in asked.lower()
    assert "cookie" not in asked.lower()


@pytest.mark.parametrize(
    "behaviour",
    [
        lambda connection: connection.drip(HEAD % len(BODY) + BODY, every_seconds=0.05),
        lambda connection: connection.send(HEAD % 10**12, b" " * 400_000),
        lambda connection: connection.send(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 5000),
        lambda connection: connection.send(HEAD % len(BODY), BODY[:50]),
        lambda connection: connection.send(b"220 mail.example ESMTP\r\n"),
        lambda connection: connection.reset(),
    ],
    ids=["drips", "endless", "endless headers", "cut off", "not HTTP", "reset"],
)
def test_a_server_that_does_not_answer_properly_is_left_in_time(behaviour: Behaviour) -> None:
    with serving(behaviour) as server:
        cache = JwksCache(f"{server.url}/jwks.json", total_seconds=0.5)

        with pytest.raises(JwksUnavailable):
            cache.keys_for(kid="one", algorithm="ES256")


def test_one_waits_for_a_name_that_is_not_known_and_nobody_else_does() -> None:
    """Keys are known and fresh; the other side does not answer about a new one."""
    is_asked, may_answer = threading.Event(), threading.Event()
    seconds = [1000.0]
    both = key_set(public_jwk(ec_key()), public_jwk(ec_key("two"), "two")).encode()
    found: list[str | None] = []

    def late(connection: Connection) -> None:
        is_asked.set()
        assert may_answer.wait(60)
        connection.send(HEAD % len(both), both)

    with serving(lambda connection: connection.send(HEAD % len(BODY), BODY), late) as server:
        cache = JwksCache(
            f"{server.url}/jwks.json",
            monotonic=lambda: seconds[0],
            total_seconds=60,
            wait_seconds=60,
        )

        def names(kid: str) -> list[str | None]:
            return [key.kid for key in cache.keys_for(kid=kid, algorithm="ES256")]

        assert names("one") == ["one"]
        seconds[0] += 20
        waiting = threading.Thread(target=lambda: found.extend(names("two")))
        waiting.start()
        assert is_asked.wait(30)
        for _ in range(20):
            with pytest.raises(JwksUnavailable):
                names("two")
            assert names("one") == ["one"]
        assert waiting.is_alive(), "it waits for the answer that nobody else waited for"
        may_answer.set()
        waiting.join()

    assert found == ["two"]
    assert len(server.requests) == 2


def test_no_request_waits_for_longer_than_its_time() -> None:
    with serving(Connection.say_nothing) as server:
        cache = JwksCache(f"{server.url}/jwks.json", total_seconds=60, wait_seconds=0.2)

        with pytest.raises(JwksUnavailable) as caught:
            cache.keys_for(kid="one", algorithm="ES256")

    assert caught.value.retry_after == 3
