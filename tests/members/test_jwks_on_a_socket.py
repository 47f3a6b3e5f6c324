"""The key set over a real socket: what it is asked, and servers that never come to an end."""

from __future__ import annotations

import pytest

from rewards_site.members.jwks import JwksCache, JwksUnavailable
from tests.button.socket_server import Behaviour, serving
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
