"""What `make demo` shows beside its shoppers: one of each thing that needs a human.

Told to Button's sandbox by its control calls, so that all of it arrives the way it always does;
what staff do is done in the admin, by who may do it.
"""

from __future__ import annotations

import json
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from http.cookiejar import CookieJar
from typing import Any

WAIT_SECONDS_MAX = 30
_BRAND = "Fernhill Outfitters"
_PAYS_LESS, _PAYS_PERCENT = "Voltaic Electronics", 80
_EXPENSIVE_MINOR = 18_000
"""A commission whose half is above the limit (50 USD) from which two people move an order."""


class Story:
    """Control calls to the sandbox at `url`."""

    def __init__(self, *, url: str, api_key: str) -> None:
        self._url = url
        self._api_key = api_key

    def begin(self) -> str:
        """Orders of every kind; the id of the expensive one. Before the worker's first reading."""
        self._missed_webhooks()  # first, while no shopper's webhook can be lost in their stead
        for number, currency in enumerate(("USD", "GBP", "JPY", "KWD"), start=3):
            self._order(customer=f"member-{number}", currency=currency, merchant="Café Aurore")
        self._order(customer=None, merchant=_BRAND, lines=[_line("Day pack, 22 litres", 6400)])
        self._changed_member()
        self._change(_PAYS_LESS, {"pays_percent": _PAYS_PERCENT})
        expensive = self._order(
            customer="member-2", merchant="Lumen & Pine", total=240_000, amount=_EXPENSIVE_MINOR
        )
        self._call(f"/control/orders/{expensive}/validate", {})
        return expensive

    def change_brand(self) -> None:
        """A brand that from now on takes longer, and pays nothing for gift cards."""
        brand = self._brand(_BRAND)
        minutes = int(brand["finalization_window_minutes"]) + 30 * 24 * 60
        change = {
            "finalization_window_minutes": minutes,
            "exclusion_details": "Gift cards and sale items earn no commission.",
        }
        self._change(_BRAND, change)

    def _brand(self, name: str) -> dict[str, Any]:
        brands: list[dict[str, Any]] = self._call("/control/brands")["brands"]
        return next(brand for brand in brands if brand["name"] == name)

    def _change(self, name: str, changes: dict[str, Any]) -> None:
        self._call(f"/control/brands/{self._brand(name)['id']}", changes)

    def _changed_member(self) -> None:
        """Button tells a known order again, as another member's: it waits for people."""
        order_id = self._order(
            customer="member-1",
            merchant=_BRAND,
            lines=[_line("Trail running jacket", 8900)],
            at=_ago(minutes=40),
        )
        row = next(row for row in self._rows() if row["button_order_id"] == order_id)
        row["modified_date"] = _ago(minutes=5)
        row["publisher_customer_id"] = "member-6"
        told = self._call("/control/webhooks/events", {"event_type": "tx-pending", "data": row})
        self._must_arrive(told["hook_id"])

    def _must_arrive(self, hook_id: str) -> None:
        """Of the webhooks that are lost, not this one: the API would never tell of it."""
        deliveries = self._call("/control/deliveries")["deliveries"]
        if any(one["hook_id"] == hook_id and one["state"] == "lost" for one in deliveries):
            self._call(f"/control/deliveries/{hook_id}/resend", {})

    def _missed_webhooks(self) -> None:
        """An adjustment and the final state that no webhook tells of: the sync finds the last."""
        order_id = self._order(
            customer="member-1",
            merchant="Northbridge Books",
            lines=[_line("Atlas of the night sky", 4500), _line("E-reader", 13900)],
            at=_ago(minutes=50),
        )
        self._call("/control/faults", {"kind": "lost", "count": 2})
        self._call(
            f"/control/orders/{order_id}/adjust",
            {"lines": [_line("E-reader", 13900)], "at": _ago(minutes=30)},
        )
        self._call(f"/control/orders/{order_id}/validate", {"at": _ago(minutes=10)})

    def _order(self, **fields: Any) -> str:
        return str(self._call("/control/orders", fields)["button_order_id"])

    def _rows(self) -> list[dict[str, Any]]:
        """Those of the last hour, as the API tells them."""
        asked = f"?page_size=500&time_field=modified_date&start={_ago(minutes=60)}"
        answer = self._call(f"/v1/affiliation/transactions{asked}")
        rows: list[dict[str, Any]] = answer["objects"]
        return rows

    def _call(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        key = b64encode(f"{self._api_key}:".encode()).decode()
        request = urllib.request.Request(  # noqa: S310  # the sandbox's own address
            self._url + path,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            read: dict[str, Any] = json.load(answer)
        return read


class StaffMember:
    """A staff member at the admin of `site`, as a browser is."""

    def __init__(
        self, *, site: str, username: str, password: str, stopping: threading.Event
    ) -> None:
        self._site = site
        self._stopping = stopping
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._browser = urllib.request.build_opener(cookies)
        login = "/admin/login/?next=/admin/"
        self._submit(login, self.open(login), username=username, password=password)

    def propose_move(self, order_id: str, *, customer_id: str, reason: str) -> bool:
        """Ask for a move that needs a second person; False if the role may not, or in vain."""
        key = self._key_of(order_id)
        if key is None:
            return False
        address = f"/admin/transactions/transaction/do/move/?id={key}"
        try:
            page = self.open(address)
            answer = self._submit(address, page, id=key, customer_id=customer_id, reason=reason)
        except urllib.error.HTTPError:
            return False
        return "a second person has to approve it" in answer

    def _key_of(self, order_id: str) -> str | None:
        """The key of the order's page, once its webhook has come."""
        for _ in range(WAIT_SECONDS_MAX):
            page = self.open(f"/admin/transactions/transaction/?q={order_id}&status=validated")
            found = re.search(r"/transactions/transaction/(\d+)/change/", page)
            if found:
                return found[1]
            if self._stopping.wait(timeout=1):
                break
        return None

    def open(self, address: str, body: bytes | None = None) -> str:
        """The text of the page at `address`; with a body it is posted."""
        request = urllib.request.Request(  # noqa: S310  # the demo's own address
            self._site + address, data=body, headers={"Referer": self._site + address}
        )
        with self._browser.open(request, timeout=30) as answer:
            text: str = answer.read().decode()
        return text

    def _submit(self, address: str, page: str, **fields: str) -> str:
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
        body = {"csrfmiddlewaretoken": token[1] if token else "", **fields}
        return self.open(address, urllib.parse.urlencode(body).encode())


def _line(description: str, cents: int) -> dict[str, Any]:
    """One article, and a twentieth of its price as the commission."""
    return {"description": description, "amount": cents, "publisher_commission": cents // 20}


def _ago(*, minutes: int) -> str:
    return (datetime.now(tz=UTC) - timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")
