"""post(): the only writer of entries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from rewards_site.kernel import rows
from rewards_site.kernel.db import in_transaction
from rewards_site.kernel.money import BIGINT_MAX
from rewards_site.kernel.rows import Question, Write
from transactions.ledger.accounts import NO_ACCOUNTS, KnownAccounts, opened_accounts, sort_key
from transactions.ledger.activity import (
    Numbers,
    activity_of,
    activity_questions,
    numbers_told,
)
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.horizon import TICK, Booking, booking_questions, booking_told
from transactions.ledger.models import Account, Entry, EntryGroup


@dataclass(frozen=True, slots=True)
class Posting:
    """An instruction: debit one account and credit another with the same amount.

    It cannot be unbalanced. The amount is in minor units, above 0, of both accounts' currency.
    """

    debit: AccountKey
    credit: AccountKey
    amount_minor: int

    def __post_init__(self) -> None:
        if self.amount_minor <= 0:
            raise ValueError("a posting is of more than zero")
        if self.debit.currency != self.credit.currency:
            raise ValueError("a posting has one currency")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDraft:
    """Postings to be booked together, for one cause that is never used twice.

    `earned_minor` is what of it is a final reward, credited to a member's available account: it
    adds to `lifetime_earned`, which is never reduced.
    """

    cause: str
    kind: GroupKind
    postings: tuple[Posting, ...]
    earned_minor: int = 0

    def net_by_account(self) -> dict[AccountKey, int]:
        """Debits less credits per account; accounts that come out at zero are left out."""
        net: dict[AccountKey, int] = {}
        for posting in self.postings:
            net[posting.debit] = net.get(posting.debit, 0) + posting.amount_minor
            net[posting.credit] = net.get(posting.credit, 0) - posting.amount_minor
        return {key: amount for key, amount in net.items() if amount}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A group the books do not take: an account would fall below zero, or leave 64 bits."""

    cause: str
    reason: str


@dataclass(frozen=True, slots=True)
class Posted:
    """Ids of the groups written, by cause; and the drafts that were refused, of which nothing was.

    A draft whose postings cancel out altogether writes no group and is in neither.
    """

    group_ids: dict[str, int]
    refusals: dict[str, Refusal]
    at: datetime
    """When: of the groups, and of all that is recorded with them. Reports go by it."""
    writes: list[Write] = field(default_factory=list)
    """What prepare() leaves to be written; post() has written it."""
    activity: dict[tuple[str, int, str], UUID] = field(default_factory=dict)
    """(cause, member, currency) → the public id of their item of activity."""


def post(drafts: Sequence[GroupDraft], *, after: datetime | None = None) -> Posted:
    """prepare(), and write it."""
    posted = prepare(drafts, after=after)
    rows.run(posted.writes)
    return posted


def prepare(
    drafts: Sequence[GroupDraft],
    *,
    after: datetime | None = None,
    known: KnownAccounts = NO_ACCOUNTS,
) -> Posted:
    """Book any number of groups in a fixed number of statements; each whole or not at all.

    All is decided and locked, and nothing is written: the caller runs `writes`, together with its
    own.

    They are booked at one instant, read under the locks (horizon.py), later than `after` and no
    earlier than what the members' accounts hold. Without a draft it is still read: whoever records
    something that moves no money does so at an instant that reports can rely on. `known` are
    accounts that were read before (accounts_question): where all are in it none is looked for.

    Call it last and once in the caller's transaction. Locks: the accounts of the members touched,
    in one statement, by pk; then their activity counts (activity.py). Drafts are booked in the
    order given; one that would take a member's account below zero is refused alone.
    """
    assert in_transaction()
    nets = {draft.cause: draft.net_by_account() for draft in drafts}
    assert len(nets) == len(drafts), "a cause is used once"
    wanted = {key for net in nets.values() for key in net}
    accounts = known if wanted <= known.keys() else opened_accounts(wanted)
    members, numbers, booking = _lock(
        [accounts[key] for key in wanted], _pots(nets.values()), count=len(drafts)
    )
    book = _Book(accounts=accounts, members=members)
    taken = [draft for draft in drafts if nets[draft.cause] and book.take(draft, nets[draft.cause])]
    floors = [account.last_posted_at for account in members.values()]
    floors += [after + TICK] if after is not None else []
    at = max([booking.at, *(floor for floor in floors if floor is not None)])
    group_ids = {draft.cause: pk for draft, pk in zip(taken, booking.group_ids, strict=False)}
    writes = _writes(taken, book, group_ids, at=at)
    items, item_writes = activity_of(
        [entry for draft in taken for entry in book.entries[draft.cause]], members, numbers
    )
    causes = {pk: cause for cause, pk in group_ids.items()}
    return Posted(
        group_ids=group_ids,
        refusals=book.refusals,
        at=at,
        writes=[*writes, *item_writes],
        activity={
            (causes[item.group_id], item.member_id, item.currency): item.public_id for item in items
        },
    )


def lock_balances(wanted: Iterable[AccountKey]) -> dict[AccountKey, int]:
    """Open these accounts where missing, lock the members' in one statement; what is on each.

    For who must know a member's balance before drafting: name every account that the drafts may
    touch, then post() them. Credits less debits, in minor units; the house's accounts are left out.
    """
    assert in_transaction()
    accounts = opened_accounts(wanted)
    members = {row.pk: row for row in rows.ask(_locked(accounts.values()))[0]}
    return {
        key: members[account.pk].credited_minor - members[account.pk].debited_minor
        for key, account in accounts.items()
        if account.pk in members
    }


class _Book:
    """The balances while drafts are booked in memory, under lock."""

    def __init__(self, *, accounts: KnownAccounts, members: dict[int, Account]) -> None:
        self.accounts = accounts
        self.members = members
        self.entries: dict[str, list[Entry]] = {}
        self.refusals: dict[str, Refusal] = {}
        self.touched: dict[int, Account] = {}

    def take(self, draft: GroupDraft, net: dict[AccountKey, int]) -> bool:
        """Add the draft's entries, or say why not and change nothing."""
        reason = self._objection(draft, net)
        if reason:
            self.refusals[draft.cause] = Refusal(cause=draft.cause, reason=reason)
            return False
        self.entries[draft.cause] = [
            self._entry(draft, key, amount)
            for key, amount in sorted(net.items(), key=lambda item: sort_key(item[0]))
        ]
        return True

    def _objection(self, draft: GroupDraft, net: dict[AccountKey, int]) -> str:
        for key, amount in net.items():
            if abs(amount) > BIGINT_MAX:
                return "the amount is past 64 bits"
            account = self.members.get(self.accounts[key].pk)
            if account is None:
                continue
            debited = account.debited_minor + max(0, amount)
            credited = account.credited_minor + max(0, -amount)
            if max(debited, credited, account.earned_minor + draft.earned_minor) > BIGINT_MAX:
                return "the account's total would be past 64 bits"
            if credited < debited:
                return (
                    f"the member's {key.kind} {key.currency} would fall below zero "
                    f"({credited - debited} minor units)"
                )
        return ""

    def _entry(self, draft: GroupDraft, key: AccountKey, amount: int) -> Entry:
        entry = Entry(
            account_id=self.accounts[key].pk,
            number=0,
            debit_minor=max(0, amount),
            credit_minor=max(0, -amount),
        )
        account = self.members.get(entry.account_id)
        if account is not None:
            account.debited_minor += entry.debit_minor
            account.credited_minor += entry.credit_minor
            account.entry_count += 1
            if key.kind is AccountKind.AVAILABLE and entry.credit_minor:
                account.earned_minor += draft.earned_minor
            entry.number = account.entry_count
            entry.balance_after_minor = account.credited_minor - account.debited_minor
            self.touched[account.pk] = account
        return entry


def _pots(nets: Iterable[Mapping[AccountKey, int]]) -> list[tuple[int, str]]:
    """(member, currency) of each item of activity that these groups make."""
    return [
        pot
        for net in nets
        for pot in sorted(
            {(key.member_id, key.currency) for key in net if key.member_id is not None}
        )
    ]


def _locked(accounts: Iterable[Account]) -> Question[Account]:
    """The members' accounts among these, to be locked and read again."""
    ids = sorted(account.pk for account in accounts if account.member_id is not None)
    return rows.rows_of(Account, {"id": ids}, is_locked=True)


def _lock(
    accounts: Iterable[Account], pots: Sequence[tuple[int, str]], *, count: int
) -> tuple[dict[int, Account], Numbers, Booking]:
    """The members' accounts and their counts, locked; then keys for `count` groups, the instant."""
    asked = activity_questions(pots)
    locked, *answers = rows.ask(_locked(accounts), *asked, *booking_questions(count))
    numbers = numbers_told(pots, answers[: len(asked)])
    return {account.pk: account for account in locked}, numbers, booking_told(answers[len(asked) :])


def _writes(
    taken: Sequence[GroupDraft], book: _Book, group_ids: Mapping[str, int], *, at: datetime
) -> list[Write]:
    """Entries first, then the groups that seal them, then the running totals."""
    for cause, entries in book.entries.items():
        for entry in entries:
            entry.group_id = group_ids[cause]
    groups = [
        EntryGroup(
            pk=group_ids[draft.cause],
            cause=draft.cause,
            kind=draft.kind,
            posted_at=at,
            entry_count=len(book.entries[draft.cause]),
        )
        for draft in taken
    ]
    for account in book.touched.values():
        account.last_posted_at = at
    return [
        *rows.insert([entry for draft in taken for entry in book.entries[draft.cause]]),
        *rows.insert(groups),
        *rows.overwrite(
            [book.touched[pk] for pk in sorted(book.touched)],
            ["debited_minor", "credited_minor", "earned_minor", "entry_count", "last_posted_at"],
        ),
    ]
