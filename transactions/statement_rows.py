"""The orders of a member as they are stored, a page in one statement, by SQL made once.

Order, brand, children and revisions come in one round trip and are of one instant; the ORM needed
four, and most of an answer's time went there (docs/performance.md). Commission is not selected.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.db import connection

from offers.rules.terms import POINTS_KINDS
from rewards_site.button.schemas import APP_INSTALL
from rewards_site.kernel.api.seek import Seek, SeekRows
from rewards_site.kernel.sql_values import (
    as_instant,
    as_instant_or_none,
    as_json,
    as_uuid,
    uuid_parameter,
)
from transactions.models import RevisionKind
from transactions.releases.choices import ReleaseMode


@dataclass(frozen=True, slots=True)
class ChildRow:
    """What is shown of a child."""

    tx_id: str
    status: str
    created_at: datetime
    modified_at: datetime
    read_at: datetime
    told: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """What is shown of a revision."""

    number: int
    recorded_at: datetime
    status: str
    reward_minor: int
    member_id: int | None
    is_in_points: bool = False
    is_merge: bool = False
    """Whether it is nothing but its member's merging with another."""
    is_held: bool = False
    """Whether its final reward is held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRow:
    """What is shown of an order, with its children, and its revisions by their number."""

    public_id: uuid.UUID
    button_order_id: str | None
    status: str
    reward_currency: str
    reward_minor: int
    member_id: int
    order_total_minor: int | None
    order_currency: str
    purchased_at: datetime
    final_at: datetime | None
    is_held: bool
    released_at: datetime | None
    click_id: uuid.UUID | None
    merchant_id: str | None
    merchant_name: str | None
    window_history: list[list[str | int | None]]
    """Of the brand (offers/windows.py); empty where none is described."""
    record_days: tuple[int, int] | None
    """How long 8 in 10 of the brand's earlier orders took; None where too little is known."""
    release: tuple[str, int]
    """When final rewards of the brand become available: the mode, the days (releases/)."""
    children: list[ChildRow]
    revisions: list[RevisionRow]


def orders_of(customer_id: str, *, status: str | None = None) -> SeekRows[OrderRow]:
    """The orders that the member of this customer id may see, for NewestFirst."""

    def read(seek: Seek) -> list[OrderRow]:
        sql = _page_sql(
            connection.vendor,
            has_status=status is not None,
            has_position=seek.position is not None,
            is_ascending=seek.is_ascending,
        )
        parameters: list[Any] = [customer_id]
        parameters += [status] if status is not None else []
        parameters += [uuid_parameter(seek.position)] if seek.position is not None else []
        return _read(sql, [*parameters, seek.limit])

    return SeekRows(read)


def find_order(customer_id: str, public_id: uuid.UUID) -> OrderRow | None:
    """One of them."""
    found = _read(_one_sql(connection.vendor), [uuid_parameter(public_id), customer_id])
    return found[0] if found else None


def orders_by_id(order_ids: Sequence[int]) -> list[OrderRow]:
    """These orders, whosever they are, by their public ids; one statement."""
    if not order_ids:
        return []
    marks = ", ".join(["%s"] * len(order_ids))
    page = f"id IN ({marks}) ORDER BY public_id"
    return _read(_sql(connection.vendor, page, is_ascending=True), list(order_ids))


_COLUMNS = (
    *("public_id", "button_order_id", "status", "reward_currency", "reward_minor", "member_id"),
    *("order_total_minor", "order_currency", "purchased_at", "final_at"),
    *("is_held", "released_at"),
)
_WHO = "SELECT COALESCE(same_as_id, id) FROM members_member WHERE customer_id = %s"
# By an array of one, and ordered by it, PostgreSQL has no index but (member, public_id) to choose:
# with `=` it may walk all orders by public_id instead, past everybody's, to find an old one's few.
_MEMBER = {
    "postgresql": f"member_id = ANY(ARRAY({_WHO}))",
    "sqlite": f"member_id = ({_WHO})",
}
_SHOWN_STATUS = "CASE WHEN is_held THEN 'pending' ELSE status END"
_VISIBLE = f"NOT is_test AND category <> '{APP_INSTALL}'"


@cache
def _page_sql(vendor: str, *, has_status: bool, has_position: bool, is_ascending: bool) -> str:
    where = f"{_MEMBER[vendor]} AND {_VISIBLE}"
    where += f" AND {_SHOWN_STATUS} = %s" if has_status else ""
    where += f" AND public_id {'>' if is_ascending else '<'} %s" if has_position else ""
    order = "member_id DESC, public_id" if is_ascending else "member_id, public_id DESC"
    return _sql(vendor, f"{where} ORDER BY {order} LIMIT %s", is_ascending=is_ascending)


@cache
def _one_sql(vendor: str) -> str:
    return _sql(vendor, f"public_id = %s AND {_MEMBER[vendor]} AND {_VISIBLE}", is_ascending=True)


def _sql(vendor: str, page: str, *, is_ascending: bool) -> str:
    is_pg = vendor == "postgresql"
    row, rows = ("json_build_array", "json_agg") if is_pg else ("json_array", "json_group_array")
    told = "child.told" if is_pg else "json(child.told)"
    columns = ", ".join(f"shown.{name}" for name in _COLUMNS)
    kind = "revision.terms->>'type'" if is_pg else "json_extract(revision.terms, '$.type')"
    return f"""
    SELECT {columns}, click.public_id, merchant.merchant_id,
        COALESCE(NULLIF(overlay.shown_name, ''), merchant.name), profile.window_history,
        (SELECT {rows}({row}(child.tx_id, child.status, child.created_at, child.modified_at,
                child.read_at, {told}))
            FROM transactions_transactionchild child WHERE child.transaction_id = shown.id),
        (SELECT {rows}({row}(revision.number, revision.recorded_at, revision.status,
                revision.reward_minor, revision.member_id, revision.kind, {kind},
                revision.is_held))
            FROM transactions_transactionrevision revision
            WHERE revision.transaction_id = shown.id),
        record.low_days, record.high_days,
        COALESCE(release.mode, otherwise.mode), COALESCE(release.delay_days, otherwise.delay_days)
    FROM (SELECT id, merchant_id AS brand, click_id AS tap, {", ".join(_COLUMNS)}
        FROM transactions_transaction WHERE {page}) shown
    LEFT JOIN clicks_click click ON click.id = shown.tap
    LEFT JOIN offers_merchant merchant ON merchant.merchant_id = shown.brand
    LEFT JOIN offers_merchantoverlay overlay ON overlay.merchant_id = shown.brand
    LEFT JOIN offers_merchantprofile profile ON profile.merchant_id = shown.brand
    LEFT JOIN brandrecord_brandrecord record ON record.merchant_id = shown.brand
    LEFT JOIN releases_releasepolicy release ON release.merchant_id = shown.brand
    LEFT JOIN releases_releasepolicy otherwise ON otherwise.is_default
    ORDER BY shown.public_id {"" if is_ascending else "DESC"}
    """  # noqa: S608  # our own names


def _read(sql: str, parameters: Sequence[Any]) -> list[OrderRow]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return [_order(row) for row in cursor.fetchall()]


def _order(row: Sequence[Any]) -> OrderRow:
    own, more = row[: len(_COLUMNS)], row[len(_COLUMNS) :]
    click_id, merchant_id, merchant_name, windows, children, revisions, low, high, mode, days = more
    return OrderRow(
        public_id=as_uuid(own[0]),
        button_order_id=own[1],
        status=own[2],
        reward_currency=own[3],
        reward_minor=own[4],
        member_id=own[5],
        order_total_minor=own[6],
        order_currency=own[7],
        purchased_at=as_instant(own[8]),
        final_at=as_instant_or_none(own[9]),
        is_held=bool(own[10]),
        released_at=as_instant_or_none(own[11]),
        click_id=None if click_id is None else as_uuid(click_id),
        merchant_id=merchant_id,
        merchant_name=merchant_name,
        window_history=as_json(windows) or [],
        record_days=None if low is None else (low, high),
        release=(mode or ReleaseMode.VALIDATED.value, days or 0),
        children=[
            ChildRow(
                tx_id, status, as_instant(created_at), as_instant(modified), as_instant(read), told
            )
            for tx_id, status, created_at, modified, read, told in as_json(children) or []
        ],
        revisions=sorted((_revision(told) for told in as_json(revisions) or []), key=_number),
    )


def _revision(told: Sequence[Any]) -> RevisionRow:
    number, recorded_at, status, reward_minor, member_id, kind, terms, is_held = told
    return RevisionRow(
        number,
        as_instant(recorded_at),
        status,
        reward_minor,
        member_id,
        terms in POINTS_KINDS,
        kind == RevisionKind.MERGED,
        bool(is_held),
    )


def _number(revision: RevisionRow) -> int:
    return revision.number
