"""What the tests of the client share."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from responses import RequestsMock

from rewards_site.button.client import ButtonClient
from rewards_site.button.pages import Page

BASE = "https://api.usebutton.com"
ACCOUNTS = f"{BASE}/v1/affiliation/accounts"
TRANSACTIONS = f"{ACCOUNTS}/acc-1/transactions"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = "sk-0123456789abcdef"


class Waits(list[float]):
    """Notes the pauses instead of making them."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def make_client(waits: Waits, **changed: Any) -> ButtonClient:
    options: dict[str, Any] = {"api_key": KEY, "base_url": BASE, "draw": lambda: 1.0}
    return ButtonClient(**options | {"sleep": waits, "clock": lambda: NOW} | changed)


def envelope(*rows: object, next_url: object = None) -> dict[str, Any]:
    return {"meta": {"status": "ok", "next": next_url, "previous": None}, "objects": list(rows)}


def pages_of(client: ButtonClient, **changed: Any) -> Iterator[Page]:
    options: dict[str, Any] = {"account_id": "acc-1", "start": None, "end": None, "page_size": None}
    return client.transaction_pages(**options | changed)


def queries(button: RequestsMock) -> list[str]:
    return [str(call.request.url).partition("?")[2] for call in button.calls]
