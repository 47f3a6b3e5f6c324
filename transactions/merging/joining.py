"""Merging two members: all that one holds, and their orders, go to the other. One commit.

The money goes as it stands on the accounts, in one group per currency: what was spent of it is
spent. The orders follow by set-based statements, each with a revision that says so; their entries
stay where they were booked. The customer ids of the one stand for the other from then on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from rewards_site.kernel.db import check_constraints_now, in_transaction, overwrite
from rewards_site.kernel.errors import Conflict, NotFound, Refused
from rewards_site.kernel.money import BIGINT_MAX
from rewards_site.members.models import CustomerIdChange, Member
from rewards_site.members.queries import rows_of
from rewards_site.members.services import lock_members, merge
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.models import Account
from transactions.ledger.posting import GroupDraft, Posted, Posting, lock_balances, post
from transactions.merging.earning import earned_by_both
from transactions.merging.models import MergedBalance
from transactions.merging.seen import Held, Seen, held_by, must_be_unchanged, seen_now
from transactions.models import RevisionKind, Source, Transaction, TransactionRevision
from transactions.moving import Actors
from transactions.redemptions.queries import open_redemptions

_NAMED_MAX = 5
_MOVED = (AccountKind.PENDING, AccountKind.AVAILABLE, AccountKind.PAID_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    change: CustomerIdChange
    order_count: int
    held: Held
    """What went to the other."""


def merge_members(
    source_id: int, target_id: int, *, actors: Actors, at: datetime, seen: Seen | None = None
) -> Merged:
    """Merge `source` into `target`, in the caller's transaction, if it is still as it was `seen`.

    Locks the orders, then both members, alone, then their ledger accounts: who books for either
    waits, and then books for the one that is left. Raises: NotFound, Conflict (merged already; not
    as it was seen; an order came in meanwhile), Refused (a payout is under way; the totals would
    leave 64 bits).
    """
    assert in_transaction()
    assert actors.approver_id is not None
    kept_by = _orders_it_kept_of(source_id)
    locked_count, last_at = _lock_orders(source_id, kept_by)
    members = lock_members({source_id, target_id})
    source, target = _checked(members, source_id, target_id)
    held = _lock_money(source_id, target_id)
    if seen is not None:
        must_be_unchanged(seen, seen_now(source_id, target_id, held))
    _must_be_all(source, kept_by, locked_count)
    earned_twice = earned_by_both(source_id, target_id)
    for currency, minor in earned_twice.items():
        held.earned[currency] -= minor
    change = merge(
        source,
        target,
        actor_id=actors.actor_id,
        approver_id=actors.approver_id,
        reason=actors.reason,
        at=at,
    )
    posted = _move_money(change, source, target, held, after=last_at)
    _add_earned(held, target)
    order_count = _move_orders(source, target, actors=actors, at=at, posted_at=posted.at)
    _move_kept(kept_by, source, target, actors=actors, at=at, posted_at=posted.at)
    check_constraints_now()
    return Merged(change=change, order_count=order_count, held=held)


def _orders_it_kept_of(member_id: int) -> list[int]:
    """Orders that were moved on when this member had spent of them: few, if any.

    Looked for among those that ever were theirs, by any of their ids: there is an index of these.
    """
    theirs = TransactionRevision.objects.filter(member__in=rows_of(member_id))
    found = (
        Transaction.objects.filter(
            pk__in=theirs.values("transaction"), unrecovered__has_key=str(member_id)
        )
        .exclude(member=member_id)
        .values_list("pk", flat=True)
    )
    return sorted(found)


def _lock_orders(member_id: int, more: Sequence[int]) -> tuple[int, datetime | None]:
    """Lock the member's orders, and `more`, by pk: how many, and when the last of them changed."""
    rows = list(
        Transaction.objects.select_for_update(no_key=True)
        .filter(Q(member=member_id) | Q(pk__in=more))
        .order_by("pk")
        .values_list("changed_at", flat=True)
    )
    return len(rows), max(rows, default=None)


def _must_be_all(source: Member, kept_by: Sequence[int], locked_count: int) -> None:
    """That no order of theirs came, or went with some of it kept, before the member was locked.

    Such an order is not locked, and locking it now would be against the order of docs/locks.md.
    Raises: Conflict.
    """
    count = Transaction.objects.filter(Q(member=source.pk) | Q(pk__in=kept_by)).count()
    if count != locked_count or _orders_it_kept_of(source.pk) != list(kept_by):
        raise Conflict(f"Orders of {source} changed this very moment. Nothing was merged: again.")


def _checked(members: dict[int, Member], source_id: int, target_id: int) -> tuple[Member, Member]:
    if len(members) != 2:
        raise NotFound("There is no such pair of members.")
    source, target = members[source_id], members[target_id]
    for row in (source, target):
        if row.same_as_id is not None:
            raise Conflict(f"{row} was merged or renamed meanwhile. Propose it again.")
    return source, target


def _lock_money(source_id: int, target_id: int) -> Held:
    """What the one has, with every account locked that a merge of it touches."""
    seen = held_by(source_id)
    lock_balances(
        AccountKey(kind, currency, member_id=member_id)
        for currency, kinds in seen.balances.items()
        for kind in {*kinds, *(_MOVED if seen.earned[currency] else ())}
        for member_id in (source_id, target_id)
    )
    return held_by(source_id)


def _move_money(
    change: CustomerIdChange, source: Member, target: Member, held: Held, *, after: datetime | None
) -> Posted:
    if held.is_redeeming:
        found = ", ".join(str(row) for row in open_redemptions(source.pk)[:_NAMED_MAX])
        raise Refused(
            f"A payout of {source} is under way: {found}. Have it paid, rejected or cancelled "
            "first, then merge them."
        )
    drafts = {
        currency: _draft(change, currency, kinds, source, target)
        for currency, kinds in held.balances.items()
    }
    posted = post([draft for draft in drafts.values() if draft.postings], after=after)
    for refusal in posted.refusals.values():
        raise Refused(refusal.reason)
    MergedBalance.objects.bulk_create(
        MergedBalance(
            change=change,
            currency=currency,
            pending_minor=kinds.get(AccountKind.PENDING, 0),
            available_minor=kinds.get(AccountKind.AVAILABLE, 0),
            paid_out_minor=kinds.get(AccountKind.PAID_OUT, 0),
            earned_minor=held.earned[currency],
            entry_group_id=posted.group_ids.get(drafts[currency].cause),
        )
        for currency, kinds in held.balances.items()
    )
    return posted


def _draft(
    change: CustomerIdChange,
    currency: str,
    kinds: dict[AccountKind, int],
    source: Member,
    target: Member,
) -> GroupDraft:
    return GroupDraft(
        cause=f"merge/{change.pk}/{currency}",
        kind=GroupKind.MERGE,
        postings=tuple(
            Posting(
                debit=AccountKey(kind, currency, member_id=source.pk),
                credit=AccountKey(kind, currency, member_id=target.pk),
                amount_minor=kinds[kind],
            )
            for kind in _MOVED
            if kinds.get(kind)
        ),
    )


def _add_earned(held: Held, target: Member) -> None:
    """What one had earned counts for the other, and is not taken from the one (earning.py)."""
    for currency, earned in held.earned.items():
        if not earned:
            continue
        account = Account.objects.filter(
            member=target, currency=currency, kind=AccountKind.AVAILABLE
        )
        if not account.filter(earned_minor__lte=BIGINT_MAX - earned).update(
            earned_minor=F("earned_minor") + earned
        ):
            raise Refused("What they earned together would be past 64 bits.")


_REVISIONS = """
INSERT INTO transactions_transactionrevision (
    transaction_id, number, kind, source, raw_row, is_test, occurred_at, read_at, recorded_at,
    status, commission_minor, reward_minor, change_minor, member_id, merchant_id, terms, flags,
    unrecovered, is_held, actor_id, approver_id, reason)
SELECT id, revision_count + 1, %s, %s, '', is_test, %s, %s, %s,
    status, commission_minor, reward_minor, 0, %s, merchant_id, terms, '[]',
    unrecovered, is_held, %s, %s, %s
FROM transactions_transaction WHERE member_id = %s
"""


def _move_orders(
    source: Member, target: Member, *, actors: Actors, at: datetime, posted_at: datetime
) -> int:
    """Every order, with a revision, in two statements, however many they are."""
    when = connection.ops.adapt_datetimefield_value(at)
    recorded = connection.ops.adapt_datetimefield_value(posted_at)
    with connection.cursor() as cursor:
        cursor.execute(
            _REVISIONS,
            [
                *(RevisionKind.MERGED.value, Source.STAFF.value, when, when, recorded, target.pk),
                *(actors.actor_id, actors.approver_id, actors.reason, source.pk),
            ],
        )
    return Transaction.objects.filter(member=source).update(
        member=target, revision_count=F("revision_count") + 1, changed_at=posted_at
    )


def _move_kept(
    order_ids: Sequence[int],
    source: Member,
    target: Member,
    *,
    actors: Actors,
    at: datetime,
    posted_at: datetime,
) -> None:
    """What one kept of orders that are others' by now, the other keeps from now on."""
    rows = list(Transaction.objects.filter(pk__in=order_ids).order_by("pk"))
    for row in rows:
        kept = dict(row.unrecovered)
        minor = kept.pop(str(source.pk))
        kept[str(target.pk)] = kept.get(str(target.pk), 0) + minor
        row.unrecovered = dict(sorted(kept.items(), key=lambda item: int(item[0])))
        row.revision_count += 1
        row.changed_at = posted_at
    overwrite(rows, ["unrecovered", "revision_count", "changed_at"])
    TransactionRevision.objects.bulk_create(
        TransactionRevision(
            transaction=row,
            number=row.revision_count,
            kind=RevisionKind.MERGED,
            source=Source.STAFF,
            is_test=row.is_test,
            occurred_at=at,
            read_at=at,
            recorded_at=posted_at,
            status=row.status,
            commission_minor=row.commission_minor,
            reward_minor=row.reward_minor,
            change_minor=0,
            member_id=row.member_id,
            merchant_id=row.merchant_id,
            terms=row.terms,
            flags=[],
            unrecovered=row.unrecovered,
            is_held=row.is_held,
            actor_id=actors.actor_id,
            approver_id=actors.approver_id,
            reason=actors.reason,
        )
        for row in rows
    )
