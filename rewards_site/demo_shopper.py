"""`make demo`: members with the app in their hands, and what they do with it.

They know what an app knows: the publisher's API with a token of the member, and the link it is
given. They open their offers, tap one, follow the link and buy at the brand, which Button's sandbox
plays. Some things go wrong as they do in real life: a link whose reference was altered on the way,
one that was passed on to somebody else. Now and then one asks for their money, or misses a reward.
What is not answered is tried again in the next round.

What they need comes in DEMO_SHOPPERS as JSON, by the names of Shoppers' fields.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import sys
import threading
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

PAUSE_SECONDS = (1.5, 3.5)
LOOKS_ONLY_EVERY = 8
ALTERED_EVERY = 9
PASSED_ON_EVERY = 11
"""Rounds; before the first of them each brand had an order that went as it should."""
REDEEMS_EVERY = 70
CLAIMS_EVERY = 90
"""Rounds: every few minutes."""
_REDEEMED = {"USD": 1_000, "GBP": 800, "JPY": 1_500}
"""In minor units, where there is so much."""
NOT_ANSWERED = (urllib.error.URLError, OSError, ValueError)


@dataclass(frozen=True, kw_only=True)
class Opened:
    """A link, and the offer that it was given for."""

    link: str
    offer_id: str


@dataclass(kw_only=True)
class Shoppers:
    """Who buys; a round is one member's look at the offers, and what comes of it."""

    site: str
    button: str
    seed: int
    tokens: dict[str, str]
    opened: dict[str, Opened] = field(default_factory=dict)

    def go_round(self, number: int) -> str:
        """What happened, in a line for the log. Raises: OSError, ValueError (not answered)."""
        chance = random.Random(f"{self.seed}/{number}")  # noqa: S311  # play money
        member = chance.choice(sorted(self.tokens))
        if number % REDEEMS_EVERY == 0:
            return self._redeem(number, member)
        if number % CLAIMS_EVERY == 0:
            return self._claim(member)
        merchants = self._merchants(member, has_phone=chance.random() < 0.7)
        if not merchants:
            return f"{member} is offered nothing"
        merchant = merchants[number % len(merchants)]  # one after the other: soon each had a tap
        offer = chance.choice(merchant["offers"])
        tapped = self._api(member, "clicks/", {"offer_token": offer["token"], "url": None})
        what = f"{member} at {merchant['name']}: {offer['label']}"
        link = tapped["link"]
        if link is None:
            return f"{what}; no link: {tapped['link_problem']}"
        if number % LOOKS_ONLY_EVERY == 0:
            return f"{what}; buys nothing"
        opened = Opened(link=link, offer_id=offer["id"])
        order = self._buy(self._as_it_arrives(number, member, opened))
        return f"{what}; {order['button_order_id']}"

    def _redeem(self, number: int, member: str) -> str:
        """Ask for money by PayPal; it is ops' then."""
        for balance in self._api(member, "balances/")["results"]:
            amount = _REDEEMED.get(balance["currency"], 0)
            if 0 < amount <= balance["available"]:
                body = {
                    "currency": balance["currency"],
                    "amount": amount,
                    "method": "paypal",
                    "destination": f"{member}@example.com",
                }
                self._api(member, "redemptions/", body, key=f"{self.seed}/{number}")
                return f"{member} asks for {amount} {balance['currency']}"
        return f"{member} has nothing to ask for"

    def _claim(self, member: str) -> str:
        """Ask after the latest tap: most such claims are answered at once, by the facts."""
        taps = self._api(member, "clicks/")["results"]
        if not taps:
            return f"{member} has tapped nothing yet"
        body = {"click_id": taps[0]["click_id"], "note": "Where is my reward?"}
        answer = self._api(member, "claims/", body)
        return f"{member} misses a reward: {answer['verdict']}"

    def _merchants(self, member: str, *, has_phone: bool) -> list[dict[str, Any]]:
        """Those with offers. With a phone more is known of the member: there are other rates."""
        known = {"device_ids": [_device(member)], "email_sha256s": [_email(member)]}
        answer = self._api(member, "offers/", known if has_phone else None)
        return [merchant for merchant in answer["merchants"] if merchant["offers"]]

    def _as_it_arrives(self, number: int, member: str, opened: Opened) -> Opened:
        """The link as the brand's site is opened with it: mostly as the API gave it."""
        others = [one for whose, one in sorted(self.opened.items()) if whose != member]
        self.opened[member] = opened
        if number % ALTERED_EVERY == 0:
            reference = dict(parse_qsl(urlsplit(opened.link).query)).get("btn_pub_ref", "")
            altered = _with(opened.link, btn_pub_ref=f"{reference[:-6]}AAAAAA")
            return replace(opened, link=altered)
        if number % PASSED_ON_EVERY == 0 and others:
            return replace(others[0], link=_with(others[0].link, btn_pub_user=member))
        return opened

    def _buy(self, opened: Opened) -> dict[str, Any]:
        body = {"link": opened.link, "offer_id": opened.offer_id}
        return call(f"{self.button}/control/purchases", body)

    def _api(
        self, member: str, path: str, body: dict[str, Any] | None = None, *, key: str | None = None
    ) -> dict[str, Any]:
        address = f"{self.site}/api/v1/{path}"
        return call(address, body, token=self.tokens[member], idempotency_key=key)


def first_offers(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Of each merchant that has any, in the order of GET offers/."""
    return [merchant["offers"][0] for merchant in answer["merchants"] if merchant["offers"]]


def call(
    url: str,
    body: dict[str, Any] | None,
    *,
    token: str | None = None,
    idempotency_key: str | None = None,
) -> dict[str, Any]:
    """The JSON that is answered; with a body it is posted. Raises: OSError, ValueError."""
    headers = {"Content-Type": "application/json"}
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        read: dict[str, Any] = json.load(answer)
    return read


def _with(link: str, **changed: str) -> str:
    """The same link, saying something else; no slash between host and `?`, as Button has it."""
    base, _, query = link.partition("?")
    said = {**dict(parse_qsl(query)), **changed}
    return base + "?" + "&".join(f"{key}={quote(value, safe='')}" for key, value in said.items())


def _device(member: str) -> str:
    """As an iPhone tells it."""
    digits = hashlib.sha256(f"device of {member}".encode()).hexdigest().upper()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _email(member: str) -> str:
    return hashlib.sha256(f"{member}@example.com".encode()).hexdigest()


def main() -> None:
    os.environ["no_proxy"] = "*"  # all of it is on this machine; urllib minds http_proxy
    shoppers = Shoppers(**json.loads(os.environ["DEMO_SHOPPERS"]))
    pause = threading.Event()
    for number in itertools.count(1):
        try:
            line = shoppers.go_round(number)
        except NOT_ANSWERED as error:
            line = f"round {number}: {error}"
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
        pause.wait(random.Random(number).uniform(*PAUSE_SECONDS))  # noqa: S311


if __name__ == "__main__":
    main()
