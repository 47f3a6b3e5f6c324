"""A web page of another site, open in a browser of this machine, has no control of the sandbox."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from rewards_site.button.sandbox.running import Sandbox
from tests.button.sandbox.caller import Caller


def order(sandbox: Sandbox, host: str | None, origin: str | None) -> int:
    """The status of an order reported as a browser would; PORT stands for the sandbox's."""
    port = urlsplit(sandbox.url).port
    assert port is not None
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    headers = {"Host": host, "Origin": origin, "Content-Type": "text/plain"}
    body = b'{"total": 100, "amount": 10}'
    connection.putrequest("POST", "/control/orders", skip_host=True)
    for name, value in headers.items():
        if value is not None:
            connection.putheader(name, value.replace("PORT", str(port)))
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:PORT", "https://evil.example"),
        ("127.0.0.1:PORT", "null"),
        ("127.0.0.1:PORT", ""),
        ("127.0.0.1:PORT", "http://127.0.0.1:8000"),
        ("127.0.0.1:PORT", "https://127.0.0.1:PORT"),
        ("127.0.0.1:PORT", "http://localhost:PORT"),
        ("evil.example:PORT", "http://evil.example:PORT"),
        ("evil.example:PORT", None),
        ("localhost.evil.example", None),
        ("notlocalhost:PORT", None),
        ("127.0.0.1.evil.example", None),
        ("localhost@evil.example", None),
        ("", None),
        (None, None),
    ],
)
def test_what_another_site_may_have_sent_is_refused(
    sandbox: Sandbox, caller: Caller, host: str | None, origin: str | None
) -> None:
    assert order(sandbox, host, origin) == 403
    assert caller.state()["orders"] == []


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("127.0.0.1:PORT", None),
        ("127.0.0.1:PORT", "http://127.0.0.1:PORT"),
        ("LOCALHOST:PORT", "http://localhost:PORT"),
        ("button.localhost:PORT", None),
        ("[::1]:PORT", None),
        ("192.0.2.7", None),
    ],
)
def test_who_asks_by_localhost_or_an_address_has_control(
    sandbox: Sandbox, caller: Caller, host: str, origin: str | None
) -> None:
    assert order(sandbox, host, origin) == 201
    assert len(caller.state()["orders"]) == 1
