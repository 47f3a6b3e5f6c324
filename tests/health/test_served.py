"""What the production web server believes of those who ask, over a real socket."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.conftest import CommittedDatabase
from tests.journeys.processes import Product

TOKEN = "token-of-the-scraper-0123456789"


@pytest.fixture
def product(committed_db: CommittedDatabase, tmp_path: Path) -> Iterator[Product]:
    product = Product(database_url=committed_db.url, button_url="http://127.0.0.1:9", home=tmp_path)
    yield product
    product.end()


def get(product: Product, path: str, **headers: str) -> tuple[int, str]:
    """Status and body; a `_` in a header's name stays one only after `raw_`."""
    connection = http.client.HTTPConnection(urlsplit(product.url).netloc, timeout=30)
    named = {
        name[4:] if name.startswith("raw_") else name.replace("_", "-"): value
        for name, value in headers.items()
    }
    connection.request("GET", path, headers=named)
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    return answer.status, body


def is_taken_for_https(product: Product) -> bool:
    """Whether a log-in from an https page is of our own origin, if a proxy says TLS ended there."""
    page = requests.get(f"{product.url}/admin/login/", timeout=30)
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found
    answer = requests.post(
        f"{product.url}/admin/login/",
        data={"csrfmiddlewaretoken": found[1], "username": "nobody", "password": "wrong"},
        headers={
            "Cookie": f"csrftoken={page.cookies['csrftoken']}",
            "Origin": product.url.replace("http://", "https://"),
            "X-Forwarded-Proto": "https",
        },
        timeout=30,
    )
    return answer.status_code == 200  # the log-in page again; else 403


def test_without_a_proxy(product: Product) -> None:
    product.start_web("--processes", "1", "--threads", "4")

    assert get(product, "/metrics")[0] == 200
    assert get(product, "/metrics", X_Forwarded_For="127.0.0.1")[0] == 403
    assert get(product, "/metrics", Via="1.1 proxy")[0] == 403
    assert get(product, "/health/live/", raw_PATH_INFO="/metrics")[1] == '{"status": "ok"}'
    assert not is_taken_for_https(product)


def test_behind_a_proxy(product: Product) -> None:
    product.set(TRUST_PROXY="on")
    product.start_web("--processes", "1", "--threads", "4")

    assert get(product, "/metrics")[0] == 403
    assert get(product, "/metrics", X_Forwarded_For="127.0.0.1")[0] == 403
    # What a client could send through a proxy to be led past the proxy's own rules.
    assert get(product, "/health/live/", raw_PATH_INFO="/metrics")[1] == '{"status": "ok"}'
    assert get(product, "/health/live/", raw_SCRIPT_NAME="/health")[1] == '{"status": "ok"}'
    assert is_taken_for_https(product)


def test_behind_a_proxy_with_a_token(product: Product) -> None:
    product.set(TRUST_PROXY="on", METRICS_TOKEN=TOKEN)
    product.start_web("--processes", "1", "--threads", "4")

    asked = {"X_Forwarded_For": "203.0.113.9", "Authorization": f"Bearer {TOKEN}"}
    assert get(product, "/metrics", **asked)[0] == 200
    assert get(product, "/metrics", X_Forwarded_For="203.0.113.9")[0] == 401
