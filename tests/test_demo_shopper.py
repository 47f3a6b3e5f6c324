"""What members of `make demo` do with the links they are given."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from rewards_site.demo_shopper import ALTERED_EVERY, PASSED_ON_EVERY, Opened, Shoppers

REFERENCE = "AVq3xJ0c5n6mV2Qz8yL1o4rT7uWb9dEf"


def _opened(member: str, *, offer_id: str = "offer-1") -> Opened:
    link = (
        "https://r.bttn.io?btn_url=https%3A%2F%2Fwww.brand.example&"
        f"btn_pub_user={member}&btn_pub_ref={REFERENCE}{member}&btn_ref=org-1"
    )
    return Opened(link=link, offer_id=offer_id)


def _said(opened: Opened) -> dict[str, list[str]]:
    return parse_qs(urlsplit(opened.link).query)


def _shoppers() -> Shoppers:
    return Shoppers(site="", button="", seed=1, tokens={})


def test_a_link_is_followed_as_it_was_given() -> None:
    assert _shoppers()._as_it_arrives(1, "ann", _opened("ann")) == _opened("ann")


def test_some_references_are_altered_on_the_way() -> None:
    arrived = _shoppers()._as_it_arrives(ALTERED_EVERY, "ann", _opened("ann"))

    assert _said(arrived) == _said(_opened("ann")) | {"btn_pub_ref": [f"{REFERENCE[:-3]}AAAAAA"]}


def test_some_links_are_passed_on_to_somebody_else() -> None:
    shoppers = _shoppers()
    shoppers._as_it_arrives(1, "bob", _opened("bob", offer_id="offer-2"))

    arrived = shoppers._as_it_arrives(PASSED_ON_EVERY, "ann", _opened("ann"))

    assert _said(arrived) == _said(_opened("bob")) | {"btn_pub_user": ["ann"]}
    assert arrived.offer_id == "offer-2"
