"""What post() booked, as each member will read it: one numbered item per group and currency.

Written in post()'s own commit. One row of the member's (ActivityCount), taken after the accounts,
makes their items one line over all currencies: who holds it has the latest number, and every
booking with a lower one is committed and seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce

from rewards_site.kernel import rows
from rewards_site.kernel.db import is_postgres
from rewards_site.kernel.rows import Question, Write
from transactions.activity.models import ActivityCount, MemberActivity
from transactions.ledger.balances import Difference
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Account, Entry

_SHOWN = (AccountKind.PENDING, AccountKind.AVAILABLE)
_SQLITE_ROWS_MAX = 400
"""Members counted in one statement; SQLite takes 999 parameters. PostgreSQL counts all in one."""

_CHUNK = 5000
"""Rows read at once when the items are derived again."""

_Pot = tuple[int, str, str]
"""Member, currency, account kind."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """What members' items are numbered on from, and what their accounts hold that stay untouched.

    `taken` are how many numbers each member was given, `before` the last one given before those.
    """

    taken: Mapping[int, int]
    before: Mapping[int, int]
    balances: Mapping[_Pot, int]


def activity_questions(pots: Sequence[tuple[int, str]]) -> list[Question[Any]]:
    """Ask for one item for each (member, currency) in `pots`: numbers_told() reads the answers.

    To be asked when the members' accounts are locked. It locks the members' counts, sorted by
    member. What other accounts of theirs hold is read after that: until then they may be another
    booking's, and now they are what the lower numbers made of them.
    """
    members = sorted(Counter(member_id for member_id, _ in pots).items())
    if not members:
        return []
    step = len(members) if is_postgres() else _SQLITE_ROWS_MAX
    questions: list[Question[Any]] = [
        _numbers_of(members[start : start + step]) for start in range(0, len(members), step)
    ]
    balances = rows.rows_of(
        Account,
        {
            "member_id": {member_id for member_id, _ in pots},
            "currency": {currency for _, currency in pots},
            "kind": [kind.value for kind in _SHOWN],
        },
    )
    return [*questions, balances]


def numbers_told(pots: Sequence[tuple[int, str]], answers: Sequence[Sequence[Any]]) -> Numbers:
    """The answers to activity_questions() of the same `pots`."""
    if not pots:
        return Numbers({}, {}, {})
    *numbers, accounts = answers
    taken = Counter(member_id for member_id, _ in pots)
    return Numbers(
        taken,
        {member_id: count - taken[member_id] for part in numbers for member_id, count in part},
        {
            (row.member_id, row.currency, row.kind): row.credited_minor - row.debited_minor
            for row in accounts
        },
    )


def activity_of(
    entries: Sequence[Entry], accounts: Mapping[int, Account], numbers: Numbers
) -> tuple[list[MemberActivity], list[Write]]:
    """Number what these entries, in order, did to the members' `accounts`; what is to be written.

    `accounts` are the locked ones by pk, with the totals after all of `entries`. Of the numbers
    taken those that are not needed are given back: what was asked for may have been refused.
    """
    changes: Counter[_Pot] = Counter()
    items: dict[tuple[int, int, str], MemberActivity] = {}
    for entry in entries:
        account = accounts.get(entry.account_id)
        if account is None:
            continue  # the house's
        assert account.member_id is not None
        key = (entry.group_id, account.member_id, account.currency)
        item = items.get(key)
        if item is None:
            item = items[key] = MemberActivity(
                group_id=entry.group_id,
                member_id=account.member_id,
                currency=account.currency,
                pending_change_minor=0,
                available_change_minor=0,
            )
        change = entry.credit_minor - entry.debit_minor
        if account.kind == AccountKind.PENDING:
            item.pending_change_minor = change
        elif account.kind == AccountKind.AVAILABLE:
            item.available_change_minor = change
        changes[account.member_id, account.currency, account.kind] += change
    balances: Counter[_Pot] = Counter({**numbers.balances, **_balances_before(changes, accounts)})
    last = dict(numbers.before)
    for item in items.values():
        last[item.member_id] += 1
        item.number = last[item.member_id]
        pending = (item.member_id, item.currency, AccountKind.PENDING.value)
        available = (item.member_id, item.currency, AccountKind.AVAILABLE.value)
        balances[pending] += item.pending_change_minor
        balances[available] += item.available_change_minor
        item.pending_after_minor = balances[pending]
        item.available_after_minor = balances[available]
    told = list(items.values())
    return told, [*rows.insert(told), *_given_back(numbers, last)]


def _given_back(numbers: Numbers, last: Mapping[int, int]) -> list[Write]:
    return rows.overwrite(
        [
            ActivityCount(member_id=member_id, item_count=last[member_id])
            for member_id, count in sorted(numbers.taken.items())
            if last[member_id] < numbers.before[member_id] + count
        ],
        ["item_count"],
    )


def _numbers_of(members: Sequence[tuple[int, int]]) -> Question[Any]:
    """Inserts, locks, counts and reads in one statement."""
    table = connection.ops.quote_name(ActivityCount._meta.db_table)
    values = ", ".join(["(%s, %s)"] * len(members))
    return Question(
        f"INSERT INTO {table} (member_id, item_count) VALUES {values} "  # noqa: S608  # ours
        "ON CONFLICT (member_id) DO UPDATE "
        f"SET item_count = {table}.item_count + excluded.item_count "
        "RETURNING member_id, item_count",
        [number for row in members for number in row],
        list,
    )


def _balances_before(
    changes: Mapping[_Pot, int], accounts: Mapping[int, Account]
) -> dict[_Pot, int]:
    """What was on the locked `accounts` before `changes`."""
    before: dict[_Pot, int] = {}
    for account in accounts.values():
        assert account.member_id is not None
        pot = (account.member_id, account.currency, account.kind)
        before[pot] = account.credited_minor - account.debited_minor - changes.get(pot, 0)
    return before


def wrong_activity() -> Iterator[Difference]:
    """Items that are not what the entries say, are not numbered 1, 2, 3 …, or do not add up."""
    yield from _wrong_changes()
    yield from _wrong_lines()


def _wrong_changes() -> Iterator[Difference]:
    """Both sides are read in the order of (group, member, currency), so memory stays flat."""
    net = F("credit_minor") - F("debit_minor")
    booked = (
        Entry.objects.filter(account__member__isnull=False)
        .values_list("group_id", "account__member_id", "account__currency")
        .annotate(
            pending=Coalesce(Sum(net, filter=Q(account__kind=AccountKind.PENDING)), 0),
            available=Coalesce(Sum(net, filter=Q(account__kind=AccountKind.AVAILABLE)), 0),
        )
        .order_by("group_id", "account__member_id", "account__currency")
    )
    told = MemberActivity.objects.order_by("group_id", "member_id", "currency").values_list(
        *("group_id", "member_id", "currency"), *("pending_change_minor", "available_change_minor")
    )
    there, here = booked.iterator(chunk_size=_CHUNK), told.iterator(chunk_size=_CHUNK)
    entry, item = next(there, None), next(here, None)
    while entry is not None or item is not None:
        if entry == item:
            entry, item = next(there, None), next(here, None)
        elif item is None or (entry is not None and entry[:3] < item[:3]):
            assert entry is not None
            yield _difference(entry[0], entry[1], "has entries and no item of activity")
            entry = next(there, None)
        elif entry is None or item[:3] < entry[:3]:
            yield _difference(item[0], item[1], "has an item of activity and no entries")
            item = next(here, None)
        else:
            what = f"is {item[3]} pending, {item[4]} available in the activity; "
            yield _difference(
                entry[0], entry[1], f"{what}its entries say {entry[3]}, {entry[4]} {entry[2]}"
            )
            entry, item = next(there, None), next(here, None)


def _difference(group_id: int, member_id: int, what: str) -> Difference:
    return Difference(f"entry group {group_id}, member {member_id}", what)


def _wrong_lines() -> Iterator[Difference]:
    counts = dict(ActivityCount.objects.values_list("member_id", "item_count"))
    items = MemberActivity.objects.order_by("member_id", "number").values_list(
        *("member_id", "number", "currency", "pending_change_minor", "available_change_minor"),
        *("pending_after_minor", "available_after_minor"),
    )
    member_id, number = None, 0
    after: dict[str, tuple[int, int]] = {}
    for row in items.iterator(chunk_size=_CHUNK):
        if row[0] != member_id:
            if member_id is not None and counts.pop(member_id, None) != number:
                yield Difference(f"member {member_id}", f"does not count {number} items")
            member_id, number, after = row[0], 0, {}
        number += 1
        before = after.get(row[2], (0, 0))
        if row[1] != number or (before[0] + row[3], before[1] + row[4]) != (row[5], row[6]):
            yield Difference(
                f"item {row[1]} of member {member_id}",
                f"ends at {row[5]} pending, {row[6]} available {row[2]}; "
                f"the items before make it number {number}, {before[0] + row[3]} and "
                f"{before[1] + row[4]}",
            )
            number = row[1]
        after[row[2]] = (row[5], row[6])
    if member_id is not None and counts.pop(member_id, None) != number:
        yield Difference(f"member {member_id}", f"does not count {number} items")
    for other in sorted(counts):
        yield Difference(f"member {other}", "counts items and has none")
