"""The rows that our product writes for pending orders seen for the first time, by plain SQL.

What somebody who knows PostgreSQL writes by hand where speed is all that counts: set-based, a fixed
number of statements, upserts, one commit. It runs in a database of our own migrations, so the same
constraints, indexes and triggers are at work. What it leaves out is what a product is for: it knows
one shape of order and no changes, no attribution, no terms but the default share, and what the
database refuses is lost. test_raw.py holds it to the product's rows.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from rewards_site.kernel.ids import time_ordered_id
from tests.benchmarks import raw_sql as sql

Order = dict[str, Any]
"""An order as Button tells it; see orders.py."""

_SHARE_BPS = 5000
_TERMS = json.dumps({"type": "share", "source": "default share", "share_bps": _SHARE_BPS})


class Cursor(Protocol):
    """Django's cursor, or psycopg's with client-side parameters."""

    def execute(self, query: Any, params: Any = None) -> Any: ...

    def fetchall(self) -> Any: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """A webhook that tells of an order."""

    body: bytes
    event: dict[str, Any]

    @property
    def digest(self) -> str:
        said = {name: value for name, value in self.event.items() if name != "request_id"}
        return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def take_webhook(cursor: Cursor, hook: Hook, *, at: datetime) -> bool:
    """Keep the webhook and book its order, in the caller's transaction; False: known already."""
    told: Order = hook.event["data"]
    (numbers,) = _numbers(cursor, 1)
    cursor.execute(
        sql.HOOK,
        [
            *(hook.event["id"], hook.event["event_type"], told["id"], hook.body, hook.digest),
            *(at, at, numbers[0]),
        ],
    )
    if not cursor.fetchall():
        return False
    _book(cursor, [told], [numbers], at=at, source="webhook", raw_rows=[""])
    return True


def load_page(cursor: Cursor, told: Sequence[Order], *, at: datetime) -> int:
    """Book those of a page that are not there as they are told; how many."""
    cursor.execute(sql.KNOWN, [[order["id"] for order in told]])
    known = dict(cursor.fetchall())
    new = [order for order in told if known.get(order["id"]) != _time(order["modified_date"])]
    if not new:
        return 0
    rows = [json.dumps(order) for order in new]
    _book(cursor, new, _numbers(cursor, len(new)), at=at, source="sync", raw_rows=rows)
    return len(new)


def _numbers(cursor: Cursor, count: int) -> list[tuple[int, int, int]]:
    """Keys for `count` transactions, children and entry groups."""
    cursor.execute(sql.NUMBERS, [count])
    numbers: list[tuple[int, int, int]] = cursor.fetchall()
    return numbers


def _book(
    cursor: Cursor,
    told: Sequence[Order],
    numbers: Sequence[tuple[int, int, int]],
    *,
    at: datetime,
    source: str,
    raw_rows: Sequence[str],
) -> None:
    members = _members(cursor, told, at=at)
    rewards = [order["amount"] * _SHARE_BPS // 10_000 for order in told]
    house, balances = _accounts(cursor, told, rewards, members, at=at)
    counts = _counts(cursor, told, members)
    totals = {key: [before, count] for key, (_, before, count) in balances.items()}
    entries: list[tuple[int, int, int, int, int, int | None]] = []
    activity: list[tuple[Any, ...]] = []
    notices: list[tuple[Any, ...]] = []
    public_ids = [time_ordered_id() for _ in told]
    for order, reward, (pk, _, group), public_id in zip(
        told, rewards, numbers, public_ids, strict=True
    ):
        member, currency = members[order["publisher_customer_id"]], order["currency"]
        merchant, amount = order["commerce_organization"], order["amount"]
        total = totals[member, currency]
        total[0] += reward
        total[1] += 1
        counts[member][0] += 1
        counts[member][1] += 1
        account = balances[member, currency][0]
        commission = house["commission_pending", currency, merchant]
        margin = house["margin_pending", currency, merchant]
        entries.append((group, commission, 0, amount, 0, None))
        entries.append((group, margin, 0, 0, amount - reward, None))
        entries.append((group, account, total[1], 0, reward, total[0]))
        item = time_ordered_id()
        activity.append((item, member, group, counts[member][0], currency, reward, total[0]))
        notices.append(
            (
                *(time_ordered_id(), member, counts[member][1]),
                *(f"transaction/{pk}/revision/1/member/{member}/{currency}", currency, reward),
                *(item, public_id, json.dumps({"store": merchant})),
            )
        )
    cursor.execute(
        sql.WRITE,
        [
            *_order_columns(
                told, rewards, numbers, members, public_ids=public_ids, at=at, source=source
            ),
            *_revision_columns(told, rewards, numbers, members, raw_rows, at=at, source=source),
            *_columns(entries),
            [group for _, _, group in numbers],
            [f"transaction/{order}/revision/1" for order, _, _ in numbers],
            at,
            *_columns(notices),
            at,
            *_columns(activity),
        ],
    )


def _members(cursor: Cursor, told: Sequence[Order], *, at: datetime) -> dict[str, int]:
    """customer id → pk; members, merchants and Button accounts are made where missing."""
    names = sorted({order["publisher_customer_id"] for order in told})
    merchants = sorted({order["commerce_organization"] for order in told})
    accounts = sorted({(order["account_id"], order["currency"]) for order in told})
    cursor.execute(sql.PARTIES, [*_columns(accounts), at, merchants, at, names, at])
    cursor.execute(sql.MEMBERS, [names])
    return dict(cursor.fetchall())


def _accounts(
    cursor: Cursor,
    told: Sequence[Order],
    rewards: Sequence[int],
    members: dict[str, int],
    *,
    at: datetime,
) -> tuple[dict[tuple[str, str, str], int], dict[tuple[int, str], tuple[int, int, int]]]:
    """The house's accounts, and of the members' the pk, and balance and entries before all this.

    The members' totals are raised here, in the order of their pk.
    """
    house = sorted({(order["currency"], order["commerce_organization"]) for order in told})
    credited: Counter[tuple[int, str]] = Counter()
    counts: Counter[tuple[int, str]] = Counter()
    for order, reward in zip(told, rewards, strict=True):
        key = (members[order["publisher_customer_id"]], order["currency"])
        credited[key] += reward
        counts[key] += 1
    keys = sorted(credited)
    cursor.execute(sql.OPEN, [*_columns(house), *_columns(keys)])
    raised = [(*key, credited[key], counts[key]) for key in keys]
    cursor.execute(sql.RAISE, [*_columns(raised), at, *_columns(house)])
    found: dict[tuple[str, str, str], int] = {}
    balances: dict[tuple[int, str], tuple[int, int, int]] = {}
    for pk, kind, currency, merchant, member, balance, count in cursor.fetchall():
        if member is None:
            found[kind, currency, merchant] = pk
        else:
            key = (member, currency)
            balances[key] = (pk, balance - credited[key], count - counts[key])
    return found, balances


def _counts(cursor: Cursor, told: Sequence[Order], members: dict[str, int]) -> dict[int, list[int]]:
    """member → the numbers of the last item of activity, and of the last notice, before these."""
    items = Counter(members[order["publisher_customer_id"]] for order in told)
    cursor.execute(sql.COUNT, _columns(sorted(items.items())))
    return {
        member: [count - items[member], told_count - items[member]]
        for member, count, told_count in cursor.fetchall()
    }


def _order_columns(
    told: Sequence[Order],
    rewards: Sequence[int],
    numbers: Sequence[tuple[int, int, int]],
    members: dict[str, int],
    *,
    public_ids: Sequence[Any],
    at: datetime,
    source: str,
) -> list[Any]:
    """Parameters of the first two parts of sql.WRITE."""
    orders = [
        (
            *(pk, public_id, order["button_order_id"], order["category"]),
            *(order["status"], order["currency"], order["amount"], reward),
            *(order["publisher_customer_id"], order["order_total"], order["order_currency"]),
            *(_time(order["created_date"]), order["account_id"]),
            *(members[order["publisher_customer_id"]], order["commerce_organization"]),
        )
        for order, reward, (pk, _, _), public_id in zip(
            told, rewards, numbers, public_ids, strict=True
        )
    ]
    children = [
        (
            *(child, order["id"], order["status"], order["amount"]),
            *(_time(order["created_date"]), _time(order["modified_date"])),
            *(json.dumps(_facts(order)), pk),
        )
        for order, (pk, child, _) in zip(told, numbers, strict=True)
    ]
    return [_TERMS, at, at, *_columns(orders), source, at, *_columns(children)]


def _revision_columns(
    told: Sequence[Order],
    rewards: Sequence[int],
    numbers: Sequence[tuple[int, int, int]],
    members: dict[str, int],
    raw_rows: Sequence[str],
    *,
    at: datetime,
    source: str,
) -> list[Any]:
    """Parameters of the third part of sql.WRITE."""
    revisions = [
        (
            *(json.dumps(_observation(order)), row, _time(order["modified_date"])),
            *(order["status"], order["amount"], reward, child, group),
            *(members[order["publisher_customer_id"]], order["commerce_organization"], pk),
        )
        for order, reward, row, (pk, child, group) in zip(
            told, rewards, raw_rows, numbers, strict=True
        )
    ]
    return [source, at, at, _TERMS, *_columns(revisions)]


def _observation(order: Order) -> dict[str, Any]:
    return {
        "tx_id": order["id"],
        "status": order["status"],
        "category": order["category"],
        "account_id": order["account_id"],
        "amount_minor": order["amount"],
        "currency": order["currency"],
        "created_at": _time(order["created_date"]).isoformat(),
        "modified_at": _time(order["modified_date"]).isoformat(),
        "button_order_id": order["button_order_id"],
        "publisher_customer_id": order["publisher_customer_id"],
        "btn_ref": order["btn_ref"],
        "merchant_id": order["commerce_organization"],
        "order_total_minor": order["order_total"],
        "order_currency": order["order_currency"],
        "lines": _lines(order),
        "flags": [],
    }


def _facts(order: Order) -> dict[str, Any]:
    """Each optional field, with when it was told."""
    at = _time(order["modified_date"]).isoformat()
    said = {
        "category": order["category"],
        "button_order_id": order["button_order_id"],
        "publisher_customer_id": order["publisher_customer_id"],
        "btn_ref": order["btn_ref"],
        "merchant_id": order["commerce_organization"],
        "order_total_minor": order["order_total"],
        "order_currency": order["order_currency"],
        "lines": _lines(order),
    }
    return {name: [value, at] for name, value in said.items()}


def _lines(order: Order) -> list[dict[str, Any]]:
    return [
        {
            "identifier": line["identifier"],
            "description": line["description"],
            "quantity": line["quantity"],
            "total_minor": line["total"],
            "commission_minor": line["publisher_commission"],
        }
        for line in order["order_line_items"]
    ]


def _time(told: str) -> datetime:
    return datetime.fromisoformat(told)


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
