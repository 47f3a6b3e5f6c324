"""What a revision booked: the entries of its group, with the balance of each member after it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from rewards_site.kernel.admin.columns import link, page_url
from rewards_site.kernel.admin.text import EMPTY, displayable, money_text
from transactions.ledger.models import Entry
from transactions.models import TransactionRevision


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """One entry group as people read it."""

    url: str
    summary: str
    """Each member's movement with the balance after it."""
    lines: list[list[Any]]
    """Account, whose, debit, credit, balance after."""


def bookings_of(revisions: Iterable[TransactionRevision]) -> dict[int, Booking]:
    """Group id → its booking; one query for all of them."""
    groups = {
        revision.entry_group_id: revision.entry_group
        for revision in revisions
        if revision.entry_group is not None
    }
    by_group: dict[int, list[Entry]] = defaultdict(list)
    if groups:
        entries = Entry.objects.filter(group__in=groups.keys())
        for entry in entries.select_related("account__member", "account__merchant").order_by("pk"):
            by_group[entry.group_id].append(entry)
    return {
        key: Booking(
            url=page_url(group),
            summary=_summary(by_group[key]),
            lines=[_line(entry) for entry in by_group[key]],
        )
        for key, group in groups.items()
        if key is not None and group is not None
    }


def _summary(entries: Iterable[Entry]) -> str:
    texts = []
    for entry in entries:
        account, minor = entry.account, entry.credit_minor - entry.debit_minor
        if account.member is None or entry.balance_after_minor is None:
            continue
        sign = "+" if minor > 0 else ""
        now = money_text(entry.balance_after_minor, account.currency)
        texts.append(
            f"{displayable(str(account.member))}: {account.kind} "
            f"{sign}{money_text(minor, account.currency)}, then {now}"
        )
    return "; ".join(texts) or "the house's accounts only"


def _line(entry: Entry) -> list[Any]:
    account, currency = entry.account, entry.account.currency
    after = entry.balance_after_minor
    return [
        link(account, page_url(account)),
        displayable(str(account.member or account.merchant or "house")),
        money_text(entry.debit_minor, currency) if entry.debit_minor else "",
        money_text(entry.credit_minor, currency) if entry.credit_minor else "",
        money_text(after, currency) if after is not None else EMPTY,
    ]
