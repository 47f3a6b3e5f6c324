"""A key set that never answers, through the production web server: all else goes on."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import select
import threading
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.button.socket_server import Connection, serving
from tests.conftest import CommittedDatabase
from tests.journeys.processes import MEMBER_SECRET, WEBHOOK_SECRET, Product
from tests.members.calling import token_for
from tests.members.keys import rsa_key, signed

PING = b'{"ping": true}'
CROWD = 24
ATTEMPTS_MAX = 10


def test_a_key_set_that_never_answers_holds_up_nobody_else(
    committed_db: CommittedDatabase, tmp_path: Path
) -> None:
    product = Product(database_url=committed_db.url, button_url="http://127.0.0.1:9", home=tmp_path)
    with serving(*[until_we_give_up] * 100) as server:
        product.set(MEMBER_JWT_JWKS_URL=f"{server.url}/jwks.json")
        try:
            product.start_web("--processes", "1", "--threads", "8")
            attempts = (still_waiting(product.url) for _ in range(ATTEMPTS_MAX))
            # None wait in the ten seconds after a fetch that failed; then it is tried again.
            waiting = next((count for count in attempts if count), 0)
        finally:
            product.end()

    assert 1 <= waiting <= 4


def until_we_give_up(connection: Connection) -> None:
    connection.read_request()  # there is none: it returns when our side has closed


def still_waiting(url: str) -> int:
    """How many of a crowd that came first wait for keys yet, when the others have their answers."""
    asking = [http.client.HTTPConnection(urlsplit(url).netloc, timeout=60) for _ in range(CROWD)]
    for connection in asking:
        connection.request(
            "GET", "/api/v1/me/", headers={"Authorization": f"Bearer {signed(rsa_key())}"}
        )
    assert ask_the_rest(url) == [200, 200]
    answered, _, _ = select.select([connection.sock for connection in asking], [], [], 0)
    for connection in asking:
        answer = connection.getresponse()
        assert answer.status == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["Retry-After"] in ("3", "10")
        connection.close()
    threading.Event().wait(2)
    return CROWD - len(answered)


def ask_the_rest(url: str) -> list[int]:
    """A member whose token is signed with the secret, and a webhook."""
    token = token_for(secret=MEMBER_SECRET)
    signature = hmac.new(WEBHOOK_SECRET.encode(), PING, hashlib.sha256).hexdigest()
    return [
        requests.get(
            f"{url}/api/v1/balances/", headers={"Authorization": f"Bearer {token}"}, timeout=60
        ).status_code,
        requests.post(
            f"{url}/webhooks/button/",
            data=PING,
            headers={"X-Button-Signature": signature},
            timeout=60,
        ).status_code,
    ]
