"""Our own HTTP: it ends in time whatever the other side does, on a real socket."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from rewards_site.health.outward import NotReached, look, post_json
from tests.button.socket_server import Connection, serving

SECONDS_MAX = 0.5


def answer(connection: Connection) -> None:
    connection.send(
        b"HTTP/1.1 200 OK\r\nDate: Fri, 20 Nov 2026 12:00:00 GMT\r\nContent-Length: 2\r\n\r\nok"
    )


def drip_headers(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    connection.drip(b"a" * 1000, every_seconds=0.05)


def lead_elsewhere(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n")


def test_what_was_posted_and_what_came_back() -> None:
    with serving(answer) as server:
        seen = post_json(server.url + "/hook", {"text": "é"}, seconds_max=5)

    assert (seen.status, seen.date) == (200, datetime(2026, 11, 20, 12, 0, tzinfo=UTC))
    [request] = server.requests
    assert request.startswith("POST /hook HTTP/1.1\r\n")
    assert "Authorization" not in request


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    with serving(lead_elsewhere) as server:
        assert look(server.url, seconds_max=5).status == 302


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Connection.say_nothing, "no answer came within 0.5 seconds"),
        (drip_headers, "no answer came within 0.5 seconds"),
        (Connection.reset, "no connection could be made (ConnectionError)"),
    ],
)
def test_who_answers_badly_is_given_up_in_time(behaviour: object, said: str) -> None:
    assert callable(behaviour)
    with serving(behaviour) as server, pytest.raises(NotReached) as raised:
        look(server.url, seconds_max=SECONDS_MAX)

    assert str(raised.value) == said


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "no-url", "http://[", "ftp://x/"])
def test_an_address_that_leads_nowhere_is_told_without_the_address(url: str) -> None:
    with pytest.raises(NotReached) as raised:
        look(url, seconds_max=SECONDS_MAX)

    assert url not in str(raised.value)
