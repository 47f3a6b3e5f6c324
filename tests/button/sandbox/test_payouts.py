"""The sandbox's provider of payouts: wire, memory, trouble, and its own books."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests

from rewards_site.button.sandbox.payouts import CLIENT_ID, CLIENT_SECRET
from rewards_site.button.sandbox.running import Sandbox
from tests.button.sandbox.caller import Caller

PAYOUTS = "/v1/payments/payouts"


def item(name: str, value: str = "7.00", currency: str = "USD") -> dict[str, Any]:
    return {
        "recipient_type": "EMAIL",
        "receiver": f"{name}@example.org",
        "sender_item_id": f"item-{name}",
        "amount": {"value": value, "currency": currency},
    }


class Sender:
    def __init__(self, sandbox: Sandbox) -> None:
        self.url = sandbox.url
        self.token = ""
        answer = self.log_in((CLIENT_ID, CLIENT_SECRET))
        assert answer.status_code == 200
        self.token = answer.json()["access_token"]

    def log_in(self, client: tuple[str, str]) -> requests.Response:
        told = {"grant_type": "client_credentials"}
        return requests.post(f"{self.url}/v1/oauth2/token", data=told, auth=client, timeout=10)

    def send(self, batch_id: str, *items: dict[str, Any]) -> requests.Response:
        body = {"sender_batch_header": {"sender_batch_id": batch_id}, "items": list(items)}
        return requests.post(self.url + PAYOUTS, json=body, headers=self._headers, timeout=10)

    def ask(self, payout_batch_id: str, **params: str) -> requests.Response:
        url = f"{self.url}{PAYOUTS}/{payout_batch_id}"
        return requests.get(url, params=params, headers=self._headers, timeout=10)

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@pytest.fixture
def sender(sandbox: Sandbox) -> Sender:
    return Sender(sandbox)


def books(caller: Caller) -> dict[str, tuple[str, str, int]]:
    ledger = requests.get(f"{caller.url}/control/payouts", timeout=10).json()["ledger"]
    return {key: (row["paid"], row["returned"], row["payments"]) for key, row in ledger.items()}


def test_a_batch_is_taken_paged_and_on_the_books(sender: Sender, caller: Caller) -> None:
    taken = sender.send("b-1", item("ann"), item("failed-f"), item("unclaimed-u"))

    assert taken.status_code == 201
    header = taken.json()["batch_header"]
    assert header["batch_status"] == "PENDING"
    assert header["sender_batch_header"] == {"sender_batch_id": "b-1"}
    pages = [
        sender.ask(header["payout_batch_id"], page=str(page), page_size="2").json()
        for page in (1, 2)
    ]
    assert [page["total_pages"] for page in pages] == [2, 2]
    told = [
        (one["payout_item"]["sender_item_id"], one["transaction_status"])
        for page in pages
        for one in page["items"]
    ]
    assert told == [
        ("item-ann", "SUCCESS"),
        ("item-failed-f", "FAILED"),
        ("item-unclaimed-u", "UNCLAIMED"),
    ]
    assert books(caller) == {
        "item-ann": ("7.00", "0", 1),
        "item-failed-f": ("0", "0", 0),
        "item-unclaimed-u": ("0", "0", 0),
    }


def test_a_batch_is_taken_once_in_30_days_and_then_paid_again(
    sandbox: Sandbox, sender: Sender, caller: Caller
) -> None:
    first = sender.send("b-1", item("ann")).json()["batch_header"]["payout_batch_id"]

    again = sender.send("b-1", item("ann"))

    assert again.status_code == 400
    assert again.json()["details"] == [
        {"field": "SENDER_BATCH_ID", "issue": "Duplicate batch request"}
    ]
    assert again.json()["links"][0]["href"] == f"{sandbox.url}{PAYOUTS}/{first}"
    assert books(caller) == {"item-ann": ("7.00", "0", 1)}

    sandbox.advance(timedelta(days=31))
    assert Sender(sandbox).send("b-1", item("ann")).status_code == 201
    assert books(caller) == {"item-ann": ("14.00", "0", 2)}


@pytest.mark.parametrize(
    ("kind", "taken"),
    [("drop-before", 0), ("drop-after", 1), ("500-before", 0), ("500-after", 1), ("refused", 0)],
)
def test_trouble_before_and_after_it_was_taken(
    sender: Sender, caller: Caller, kind: str, taken: int
) -> None:
    caller.control("payouts/faults", kind=kind)

    if kind.startswith("drop"):
        with pytest.raises(requests.ConnectionError):
            sender.send("b-1", item("ann"))
    else:
        assert sender.send("b-1", item("ann")).status_code == (422 if kind == "refused" else 500)

    assert len(books(caller)) == taken


def test_one_bad_payment_refuses_the_whole_batch(sender: Sender, caller: Caller) -> None:
    bad = item("bob") | {"receiver": "nobody"}

    answer = sender.send("b-1", item("ann"), bad)

    assert answer.status_code == 400
    assert answer.json()["details"] == [
        {"field": "items[1]", "issue": "Receiver is invalid or does not match with type"}
    ]
    assert books(caller) == {}


def test_only_its_own_client_is_let_in(sandbox: Sandbox, sender: Sender) -> None:
    assert sender.log_in((CLIENT_ID, "guessed")).status_code == 401
    sandbox.advance(timedelta(hours=10))
    assert sender.send("b-1", item("ann")).json() == {"error": "invalid_token"}
