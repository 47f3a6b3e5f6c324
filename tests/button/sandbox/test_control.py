"""Control calls: what they do, what they refuse, and faults on demand."""

from __future__ import annotations

from dataclasses import replace

import pytest
import requests

from rewards_site.button.sandbox import api_control
from rewards_site.button.sandbox.answers import Request
from rewards_site.button.sandbox.clock import SystemClock
from rewards_site.button.sandbox.control import Control
from rewards_site.button.sandbox.running import Sandbox
from tests.button.sandbox.caller import ALL, Caller

AUTH = ("sk-sandbox-0000000000000000", "")


def test_the_state_tells_the_truth_about_every_order(caller: Caller) -> None:
    kept = caller.order(customer="member-1", currency="GBP", total=5000, amount=500, pub_ref="c-1")
    caller.control(f"orders/{kept['button_order_id']}/adjust", total=3000, amount=300)
    caller.control(f"orders/{kept['button_order_id']}/validate", amount=310)
    gone = caller.order(customer=None, currency="JPY", total=900, amount=90)
    caller.control(f"orders/{gone['button_order_id']}/decline")
    caller.control("installs", customer="member-2")

    state = caller.state()

    seen = [
        {name: order[name] for name in ("customer", "status", "currency", "amount", "owed")}
        for order in state["orders"]
    ]
    assert seen == [
        {"customer": "member-1", "status": "validated", "currency": "GBP", "amount": 310,
         "owed": 310},
        {"customer": None, "status": "declined", "currency": "JPY", "amount": 90, "owed": 0},
    ]  # fmt: skip
    assert state["orders"][0]["order_total"] == 3000
    assert [install["customer"] for install in state["installs"]] == ["member-2"]
    assert set(state["organizations"][0]["accounts"]) == {"GBP", "JPY", "USD"}


def test_any_merchant_may_be_named(caller: Caller) -> None:
    caller.order(total=100, amount=10, merchant="Kitsune Games")
    caller.order(total=100, amount=10, merchant="org-228b55a5707de5c8")
    caller.order(total=100, amount=10, merchant="org-new", merchant_name="New Brand")

    names = [order["merchant_name"] for order in caller.state()["orders"]]

    assert names == ["Kitsune Games", "Button Test Merchant (Sandbox)", "New Brand"]


def test_after_a_final_state_nothing_changes(caller: Caller) -> None:
    order = caller.order(total=100, amount=10)["button_order_id"]
    caller.control(f"orders/{order}/decline")
    before = caller.state()["orders"]

    answers = [
        caller.post(f"orders/{order}/{verb}", **body)
        for verb, body in (("adjust", {"amount": 5}), ("validate", {}), ("decline", {}))
    ]

    assert [answer.status_code for answer in answers] == [409, 409, 409]
    assert answers[0].json()["error"]["message"] == (
        f"{order} is declined: after that nothing changes"
    )
    assert caller.state()["orders"] == before


def test_a_change_is_never_dated_before_the_one_it_follows(caller: Caller) -> None:
    order = caller.order(total=100, amount=10, at="2026-11-20T10:00:00.500Z")["button_order_id"]

    caller.control(f"orders/{order}/adjust", amount=5, at="2026-11-19T10:00:00Z")

    (transaction,) = caller.state()["orders"][0]["transactions"]
    assert transaction["modified_at"] == "2026-11-20T10:00:00.501Z"


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("orders", {"totl": 1}, "totl: no such field"),
        ("orders", {"total": "1"}, "total: not a whole number"),
        ("orders", {"total": True}, "total: not a whole number"),
        ("orders", {"customer": 1}, "customer: not a text"),
        ("orders", {"at": "now"}, "at: not an RFC 3339 time"),
        ("orders", {"status": "open"}, "status: not one of pending, validated, declined"),
        ("orders", {"currency": "PTS", "total": 1}, "'PTS' is not an ISO 4217 currency"),
        ("orders", {"merchant": "Nobody"}, "merchant: 'Nobody' is neither a known name nor "
         "an org- id"),
        ("orders", {"lines": [{"quantity": 1}]}, "lines.0.amount: missing"),
        ("orders", {"lines": [{"amount": 1}], "total": 1}, "lines say total and amount: leave "
         "those two out"),
        ("orders", {"oddities": {"x": True}}, "oddities.x: no such field"),
        ("faults", {"kind": "rain"}, "kind: not one of 429, 429-bare, 500, html, empty, slow, "
         "drop, cut, lost, duplicate, reordered, late, wrong-signature, unknown-user, "
         "order-checkout"),
        ("faults", {"kind": "500", "count": 0}, "count: below 1"),
        ("faults", {"kind": "slow", "seconds": -1}, "seconds: not a number from 0 to 3600"),
    ],
)  # fmt: skip
def test_a_wrong_control_call_is_told_and_does_nothing(
    caller: Caller, path: str, body: dict[str, object], message: str
) -> None:
    answer = caller.post(path, **body)

    assert answer.status_code == 400
    assert answer.json() == {"error": {"message": message}}
    assert caller.state()["orders"] == []


def test_an_adjustment_says_what_to(caller: Caller) -> None:
    order = caller.order(total=100, amount=10)["button_order_id"]

    answer = caller.post(f"orders/{order}/adjust")

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "lines, total or amount: one of them is needed"
    assert caller.post("orders/btnorder-0/adjust", amount=1).status_code == 404


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff"])
def test_a_body_that_is_no_json_object_is_a_400(sandbox: Sandbox, body: bytes) -> None:
    answer = requests.post(f"{sandbox.url}/control/orders", data=body, timeout=10)

    assert answer.status_code == 400


def test_other_machines_have_no_control(sandbox: Sandbox) -> None:
    more_routes = api_control.routes(sandbox.shop)
    control = Control(
        world=sandbox.world, clock=SystemClock(), planned=sandbox, more_routes=more_routes
    )
    request = Request(
        method="POST",
        path="/control/keys",
        query="",
        headers={},
        body=b'{"key": "sk-more"}',
        base_url=sandbox.url,
        is_local=False,
    )

    assert control.answer(request).status == 403
    assert len(sandbox.world.organizations) == 2
    assert control.answer(replace(request, is_local=True)).status == 201
    assert len(sandbox.world.organizations) == 3


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Via"])
def test_nor_has_whoever_comes_through_a_proxy(sandbox: Sandbox, header: str) -> None:
    url = f"{sandbox.url}/control/state"

    assert requests.get(url, headers={header: "127.0.0.1"}, timeout=10).status_code == 403
    assert requests.get(url, timeout=10).status_code == 200


def test_text_and_numbers_that_break_a_receiver_can_be_sent(caller: Caller) -> None:
    odd = {"customer": "a\x00b", "pub_ref": "\ud800", "merchant": "org-\udfff"}
    caller.order(**odd, currency="JPY", total=2**70, amount=-(2**64))

    (row,) = caller.objects(ALL)

    assert (row["publisher_customer_id"], row["pub_ref"]) == ("a\x00b", "\ud800")
    assert (row["order_total"], row["amount"]) == (2**70, -(2**64))


def test_a_ping_without_an_endpoint_is_refused(caller: Caller) -> None:
    answer = caller.post("webhooks/ping")

    assert answer.status_code == 409
    assert answer.json()["error"]["message"] == "No webhook URL was given at the start"


@pytest.mark.parametrize(("kind", "status"), [("429", 429), ("500", 500)])
def test_a_fault_meets_the_next_requests_and_is_over(
    caller: Caller, kind: str, status: int
) -> None:
    caller.control("faults", kind=kind, count=2)

    answers = [caller.get(ALL) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert answers[0].json()["meta"] == {"status": "error"}
    assert answers[0].headers.get("Retry-After") == ("1" if kind == "429" else None)


def test_a_gateway_answers_in_html_and_nothing_in_nothing(caller: Caller) -> None:
    caller.control("faults", kind="html")
    caller.control("faults", kind="empty")

    html, empty, right = (caller.get(ALL) for _ in range(3))

    assert (html.status_code, html.headers["Content-Type"]) == (502, "text/html")
    assert (empty.status_code, empty.content) == (200, b"")
    assert right.json()["objects"] == []


@pytest.mark.parametrize("kind", ["drop", "cut"])
def test_a_connection_breaks(caller: Caller, kind: str) -> None:
    caller.order(total=100, amount=10)
    caller.control("faults", kind=kind)

    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        requests.get(caller.url + ALL, auth=AUTH, timeout=10)
    assert len(caller.objects(ALL)) == 1


def test_a_slow_answer_is_the_right_one(caller: Caller) -> None:
    caller.control("faults", kind="slow", seconds=30)
    caller.control("faults", kind="slow", seconds=0.05)

    with pytest.raises(requests.Timeout):
        requests.get(caller.url + ALL, auth=AUTH, timeout=0.5)
    assert caller.objects(ALL) == []


def test_a_fault_keeps_to_its_path_and_can_be_taken_back(caller: Caller) -> None:
    caller.control("faults", kind="500", count=5, path="/v1/affiliation/accounts")

    assert caller.get(ALL).status_code == 200
    assert caller.get("/v1/affiliation/accounts").status_code == 500
    listed = requests.get(f"{caller.url}/control/faults", timeout=10).json()
    assert [(fault["kind"], fault["count"]) for fault in listed["faults"]] == [("500", 4)]
    assert requests.delete(f"{caller.url}/control/faults", timeout=10).json() == {"faults": []}
    assert caller.get("/v1/affiliation/accounts").status_code == 200
