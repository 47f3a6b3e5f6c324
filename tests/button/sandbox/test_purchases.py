"""Shoppers who follow one of Button's links: whose order it is, and what it pays."""

from __future__ import annotations

from fractions import Fraction
from math import floor
from typing import Any
from urllib.parse import quote

import pytest

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.baskets import Pay, priced
from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.records import Line
from rewards_site.button.sandbox.running import running_sandbox
from tests.button.sandbox.caller import ALL, Caller
from tests.button.sandbox.stage import NOON

USER, REFERENCE = "u-8f14e45fceea", "AVq3+x/J0&c=5 n6"
HOME = "https://www.fernhill-outfitters.example/"
FERNHILL = catalog.BRANDS[0]


def link_of(
    caller: Caller, *, url: str = HOME, user: str = USER, reference: str = REFERENCE
) -> str:
    experience = {"btn_pub_user": user, "btn_pub_ref": reference}
    answer = caller.ask("/v1/links", {"url": url, "experience": experience})
    link: str = answer.json()["object"]["links"]["universal"]
    return link


def offers_of(caller: Caller, merchant_id: str = FERNHILL.id, **who: Any) -> list[Any]:
    asked = {"user_id": USER, "merchant_id": merchant_id, **who}
    answer = caller.ask("/v1/offers", asked).json()
    offers: list[Any] = answer["object"]["merchant_offers"][0]["offers"]
    return offers


def fixed_offer(caller: Caller) -> tuple[str, Any]:
    """A brand, and an amount that it lists for one of many users."""
    for number in range(50):
        user = f"u-{number}"
        answer = caller.ask("/v1/offers", {"user_id": user}).json()
        for merchant in answer["object"]["merchant_offers"]:
            for offer in merchant["offers"]:
                if "rate_fixed" in offer:
                    return merchant["merchant_id"], offer
    raise AssertionError("nobody lists an amount")


def listed(order: Any, offer: Any, *, percent: int = 100) -> int:
    total: int = order["order_total"]
    return floor(total * Fraction(offer["rate_percent"]) * percent / 10_000)


def test_the_order_carries_what_the_link_says_and_pays_what_was_offered(caller: Caller) -> None:
    offer = next(one for one in offers_of(caller) if one["display_params"]["category"] == "Bags")

    bought = caller.control("purchases", link=link_of(caller), offer_id=offer["id"])
    before = caller.objects(ALL)
    caller.control("settle")
    (row,) = caller.objects(ALL)

    assert before == []  # the brand reports it a little later
    assert row["button_order_id"] == bought["button_order_id"]
    assert (row["publisher_customer_id"], row["pub_ref"]) == (USER, REFERENCE)
    assert row["commerce_organization"] == FERNHILL.id
    assert {line["category"] for line in row["order_line_items"] if line["amount"] > 0} == {"Bags"}
    assert row["btn_ref"] == bought["btn_ref"]
    assert bought["amount"] == listed(bought, offer) > 0


def test_an_amount_is_paid_once_for_an_order_in_its_currency(caller: Caller) -> None:
    merchant_id, offer = fixed_offer(caller)
    brands = caller.session.get(f"{caller.url}/control/brands", timeout=10).json()["brands"]
    url = next(brand["homepage"] for brand in brands if brand["id"] == merchant_id)

    bought = caller.control("purchases", link=link_of(caller, url=url), offer_id=offer["id"])

    unit = {"USD": 100, "GBP": 100, "JPY": 1, "KWD": 1000}[offer["currency"]]
    assert bought["currency"] == offer["currency"]
    assert bought["amount"] == Fraction(offer["rate_fixed"]) * unit


def test_a_brand_may_pay_less_than_it_lists(caller: Caller) -> None:
    offer = offers_of(caller)[0]
    caller.control(f"brands/{FERNHILL.id}", pays_percent=80)

    bought = caller.control("purchases", link=link_of(caller), offer_id=offer["id"])

    assert offers_of(caller)[0] == offer
    assert bought["amount"] == listed(bought, offer, percent=80) < listed(bought, offer)


def test_orders_live_on_and_pay_the_same_rate_after_each_change() -> None:
    with running_sandbox(seed=7, clock=SteppedClock(NOON)) as sandbox:
        caller = Caller(sandbox)
        offer, link = offers_of(caller)[0], link_of(caller)
        bought = [
            caller.control("purchases", link=link, offer_id=offer["id"], currency="USD")
            for _ in range(24)
        ]
        caller.control("settle")
        orders = caller.state()["orders"]

    assert {order["button_order_id"] for order in orders} == {
        order["button_order_id"] for order in bought
    }
    assert {order["status"] for order in orders} == {"validated", "declined"}
    assert [order["amount"] for order in orders] == [listed(order, offer) for order in orders]
    totals = {one["button_order_id"]: one["order_total"] for one in bought}
    assert any(order["order_total"] < totals[order["button_order_id"]] for order in orders)


def test_without_an_offer_each_article_pays_what_it_pays(caller: Caller) -> None:
    bought = caller.control("purchases", link=link_of(caller), currency="USD")
    caller.control("settle")
    (row,) = caller.objects(ALL)

    rates = {goods.sku: goods.bps for goods in FERNHILL.goods}
    lines = [line for line in row["order_line_items"] if line["sku"] in rates]
    assert [line["publisher_commission"] for line in lines] == [
        line["amount"] * line["quantity"] * rates[line["sku"]] // 10_000 for line in lines
    ]
    assert bought["amount"] == row["amount"] > 0


def test_a_reference_comes_back_altered_as_the_link_was(caller: Caller) -> None:
    link = link_of(caller, reference="abc").replace("btn_pub_ref=abc", "btn_pub_ref=xyz")

    assert caller.control("purchases", link=link)["pub_ref"] == "xyz"


def test_the_same_calls_give_the_same_orders() -> None:
    bought = []
    for _ in range(2):
        with running_sandbox(seed=7, clock=SteppedClock(NOON)) as sandbox:
            caller = Caller(sandbox)
            offer = offers_of(caller)[0]
            link = link_of(caller)
            bought.append(caller.control("purchases", link=link, offer_id=offer["id"]))

    assert bought[0] == bought[1]


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"link": "https://example.com/?btn_url=x"}, 400, "link: none of Button's"),
        ({"link": "https://r.bttn.io?btn_ref=org-1"}, 400, "link: its btn_ref is no publisher"),
        ({"offer_id": "offer-unknown"}, 404, "Nobody was told of offer-unknown"),
        ({"currency": "CHF"}, 400, "currency: 'CHF' is not one"),
        ({"offer": "x"}, 400, "offer: no such field"),
    ],
)
def test_what_nobody_can_buy_by_is_refused(
    caller: Caller, changes: Any, status: int, message: str
) -> None:
    answer = caller.post("purchases", **{"link": link_of(caller)} | changes)

    assert answer.status_code == status
    assert message in answer.json()["error"]["message"]
    caller.control("settle")
    assert caller.state()["orders"] == []


@pytest.mark.parametrize("url", ["https://quayside-cycles.example/", "https://nobody.example/", ""])
def test_a_link_by_hand_leads_to_approved_brands_only(caller: Caller, url: str) -> None:
    publisher = caller.state()["organizations"][0]["id"]
    link = f"https://r.bttn.io?btn_url={quote(url, safe='')}&btn_ref={publisher}"

    answer = caller.post("purchases", link=link)

    assert answer.status_code == 400
    assert "no brand that has approved" in answer.json()["error"]["message"]


def test_lines_share_what_the_order_pays_to_the_last_cent() -> None:
    prices = [(333, 1), (999, 2), (1, 3), (-200, 1)]
    basket = tuple(
        Line(identifier=str(n), amount=amount, quantity=quantity, commission=7)
        for n, (amount, quantity) in enumerate(prices)
    )

    by_rate = priced(basket, Pay(part=Fraction(65, 1000)))
    by_amount = priced(basket, Pay(fixed_minor=250))
    of_nothing = priced(tuple(line.of(0) for line in basket), Pay(fixed_minor=250))

    assert [line.commission for line in by_rate] == [21, 129, 0, -12]
    assert sum(line.commission for line in by_rate) == 2134 * 65 // 1000
    assert sum(line.commission for line in by_amount) == 250
    assert [line.commission for line in of_nothing] == [0, 0, 0, 0]
