"""An order's page: its children, its revisions with what changed, its entry groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from django.db.models import Model
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel
from rewards_site.kernel.admin.text import EMPTY, displayable, label, money_text, utc_text
from transactions.ledger.models import Entry
from transactions.models import Transaction, TransactionChild, TransactionRevision

_NOT_NEWS = {"tx_id", "account_id", "modified_at", "flags"}
"""Said by other columns, or the same for ever."""


def children_panel(row: Transaction) -> Panel:
    children = list(row.children.order_by("pk")[: ROWS_MAX + 1])
    return Panel(
        title="Children",
        note="Button's tx ids of this order, each as it was last told. One of them decides.",
        headings=["tx id", "Status", "#Commission", "Created", "Modified", "Last told by"],
        rows=[
            [
                link(child.tx_id, page_url(child)),
                label(child.status),
                money_text(child.amount_minor, row.currency),
                utc_text(child.created_at),
                utc_text(child.modified_at),
                child.source,
            ]
            for child in children[:ROWS_MAX]
        ],
        empty="This order has no child; that cannot be. Run manage.py verify_ledger.",
        more_url=_more(TransactionChild, row, len(children)),
    )


def revisions_panel(row: Transaction) -> Panel:
    revisions = list(
        row.revisions.select_related("child", "member", "actor", "entry_group").order_by("-number")[
            : ROWS_MAX + 1
        ]
    )
    changes = changes_of(reversed(revisions), row.currency)
    return Panel(
        title="Revisions, newest first",
        note="All that Button ever said of this order and all that staff decided, never changed.",
        headings=[
            "#No.",
            "Recorded",
            "By",
            "What changed",
            "Status",
            "#Reward",
            "#Change",
            "Booked",
        ],
        rows=[
            [
                link(revision.number, page_url(revision)),
                utc_text(revision.recorded_at),
                said_by(revision),
                changes[revision.number],
                label(revision.status),
                money_text(revision.reward_minor, row.currency),
                signed_text(revision.change_minor, row.currency),
                _group_link(revision),
            ]
            for revision in revisions[:ROWS_MAX]
        ],
        empty="This order has no revision; that cannot be. Run manage.py verify_ledger.",
        more_url=_more(TransactionRevision, row, len(revisions)),
    )


def groups_panel(row: Transaction) -> Panel:
    entries = (
        Entry.objects.filter(group__transactionrevision__transaction=row)
        .select_related("group", "account__member", "account__merchant")
        .order_by("-group_id", "pk")[: ROWS_MAX * 4]
    )
    rows: list[list[Any]] = []
    last = None
    for entry in entries:
        is_first = entry.group_id != last
        last = entry.group_id
        account = entry.account
        rows.append(
            [
                link(entry.group, page_url(entry.group)) if is_first else "",
                utc_text(entry.group.posted_at) if is_first else "",
                link(account, page_url(account)),
                account.member or account.merchant or "house",
                money_text(entry.debit_minor, account.currency) if entry.debit_minor else "",
                money_text(entry.credit_minor, account.currency) if entry.credit_minor else "",
            ]
        )
    return Panel(
        title="Entry groups, newest first",
        headings=["Group", "Posted", "Account", "Whose", "#Debit", "#Credit"],
        rows=rows,
        empty="Nothing was booked for this order: no revision of it moved money.",
    )


def _more(model: type[Model], row: Transaction, found: int) -> str:
    return list_url(model, f"transaction={row.pk}") if found > ROWS_MAX else ""


def changes_of(revisions: Iterable[TransactionRevision], currency: str) -> dict[int, SafeString]:
    """Revision number → what it said that the one before it, of the same child, did not."""
    before: dict[int | None, Mapping[str, Any]] = {}
    changes: dict[int, SafeString] = {}
    for revision in revisions:
        if revision.observation is None:
            changes[revision.number] = _lines([f"member: {revision.member}", *_quoted(revision)])
            continue
        known = before.get(revision.child_id, {})
        told = revision.observation
        news = [
            _difference(name, known.get(name), told.get(name), _currency_of(name, told, currency))
            for name in told
            if name not in _NOT_NEWS and told.get(name) != known.get(name)
        ]
        news += [f"flagged: {flag}" for flag in told.get("flags", [])]
        if revision.missing_from:
            news.append(
                "states may be missing between "
                f"{utc_text(revision.missing_from)} and {utc_text(revision.missing_until)}"
            )
        changes[revision.number] = _lines(news or ["said again, with a later date"])
        before[revision.child_id] = {**known, **told}
    return changes


def said_by(revision: TransactionRevision) -> str:
    if revision.actor is not None:
        return f"{revision.actor.get_username()} (staff)"
    return f"{revision.source}: {revision.child}"


def signed_text(minor: int, currency: str) -> str:
    if minor == 0:
        return EMPTY
    return f"{'+' if minor > 0 else ''}{money_text(minor, currency)}"


def _quoted(revision: TransactionRevision) -> list[str]:
    return [f"reason: {revision.reason}"] if revision.reason else []


def _difference(name: str, old: Any, new: Any, currency: str) -> str:
    heading = name.removesuffix("_minor").removesuffix("_at").replace("_", " ")
    if name == "lines":
        return f"lines: {len(new or [])}"
    text = _plain(name, new, currency)
    before = _plain(name, old, currency)
    return f"{heading}: {text}" if old is None else f"{heading}: {before} → {text}"


def _currency_of(name: str, told: Mapping[str, Any], currency: str) -> str:
    """Of the field `name`, where it is money; an order's total may be in another currency."""
    if name == "order_total_minor":
        return str(told.get("order_currency") or currency)
    return currency if name.endswith("_minor") else ""


def _plain(name: str, value: Any, currency: str) -> str:
    if currency and isinstance(value, int):
        return money_text(value, currency)
    if name.endswith("_at") and isinstance(value, str):
        return utc_text(datetime.fromisoformat(value))
    return str(value)


def _lines(texts: Iterable[str]) -> SafeString:
    shown = ((displayable(text),) for text in islice(texts, 40))
    return format_html_join("", '<span class="change">{}</span>', shown)


def _group_link(revision: TransactionRevision) -> SafeString | str:
    group = revision.entry_group
    return link("entries", page_url(group)) if group else EMPTY
