"""expire_idle(): warn of balances that lie idle, and end those that were warned of in time.

Idle is a balance whose member had no booking in its currency for a number of days, and has nothing
pending and nothing being redeemed in it. Whoever cannot redeem loses nothing: a balance below the
minimum does not expire, nor does one of a member, or with an order, that is frozen; when that ends
the days begin anew. Each warning is a row; a booking, a freeze, or another policy makes it void.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import DateTimeField, Exists, F, Max, OuterRef, Q, Subquery

from rewards_site.kernel import rows
from rewards_site.kernel.db import (
    atomic,
    constraints_checked,
    overwrite,
    retry_deadlocks,
)
from rewards_site.members.queries import held_members
from rewards_site.notifications.announce import announce
from rewards_site.notifications.news import News, NewsKind
from transactions.expiry.models import (
    Expiry,
    ExpiryPolicy,
)
from transactions.freezes.queries import ends_of_freezes, in_force
from transactions.ledger.chart import AccountKey, AccountKind, GroupKind
from transactions.ledger.models import Account
from transactions.ledger.posting import GroupDraft, Posting, lock_balances, post

log = logging.getLogger(__name__)

MEMBERS_AT_ONCE = 200


@dataclass(slots=True)
class Expired:
    """What a run did."""

    warned: int = 0
    expired: int = 0

    def __str__(self) -> str:
        return f"{self.warned} warned, {self.expired} expired"


def expire_idle(*, at: datetime) -> Expired:
    """Of every currency that is set to: first what is due, then who is to be warned.

    May run twice, at once, or die half-way: a warning is one row, an expiry is one cause.
    """
    done = Expired()
    for policy in ExpiryPolicy.objects.filter(is_on=True).order_by("currency"):
        last = 0
        while due := _due(policy, after=last, at=at):
            done.expired += retry_deadlocks(partial(_expire, due, at=at))
            last = due[-1]
        last = 0
        while fresh := _candidates(policy, after=last, at=at):
            done.warned += retry_deadlocks(partial(_warn, fresh, policy, at=at))
            last = fresh[-1]
    if done.warned or done.expired:
        log.info("balances.idle", extra={"warned": done.warned, "expired": done.expired})
    return done


def _idle_accounts(currency: str, *, at: datetime) -> Any:
    """Available accounts that could be redeemed, of whom nothing is under way or frozen."""
    theirs = Account.objects.filter(member=OuterRef("member"), currency=currency)
    under_way = theirs.filter(
        kind__in=[AccountKind.PENDING, AccountKind.REDEEMING],
        credited_minor__gt=F("debited_minor"),
    )
    frozen = in_force(at).filter(
        Q(member=OuterRef("member"))
        | Q(member__same_as=OuterRef("member"))
        | Q(transaction__member=OuterRef("member"))
    )
    latest = theirs.order_by().values("member").annotate(at=Max("last_posted_at")).values("at")
    least = max(1, settings.REDEMPTION_MINIMUMS.get(currency, 1))
    return Account.objects.filter(
        ~Exists(under_way),
        ~Exists(frozen),
        kind=AccountKind.AVAILABLE,
        currency=currency,
        credited_minor__gte=F("debited_minor") + least,
    ).annotate(booked_at=Subquery(latest, output_field=DateTimeField()))


def _idle_since(accounts: Any, *, at: datetime) -> dict[int, datetime]:
    """member → since when these accounts lie idle: the last booking, or the end of a freeze."""
    since: dict[int, datetime] = dict(accounts.values_list("member", "booked_at"))
    for member_id, ended_at in ends_of_freezes(since.keys(), at=at).items():
        since[member_id] = max(since[member_id], ended_at)
    return since


def _candidates(policy: ExpiryPolicy, *, after: int, at: datetime) -> list[int]:
    """Members, by pk, who may have to be told."""
    before = at - timedelta(days=policy.idle_days - policy.warn_days)
    found = _idle_accounts(policy.currency, at=at).filter(booked_at__lte=before, member__gt=after)
    return list(found.order_by("member").values_list("member", flat=True)[:MEMBERS_AT_ONCE])


def _warn(member_ids: Sequence[int], policy: ExpiryPolicy, *, at: datetime) -> int:
    """Tell those of them whose balance lies idle, under lock; how many were told."""
    before = at - timedelta(days=policy.idle_days - policy.warn_days)
    with atomic():
        held_members(set(member_ids))
        keys = [
            AccountKey(AccountKind.AVAILABLE, policy.currency, member_id=pk) for pk in member_ids
        ]
        balances = lock_balances(keys)
        of_them = _idle_accounts(policy.currency, at=at).filter(member__in=member_ids)
        made = [
            Expiry(
                member_id=member_id,
                currency=policy.currency,
                idle_since=since,
                policy_at=policy.changed_at,
                warned_at=at,
                expires_at=max(
                    since + timedelta(days=policy.idle_days), at + timedelta(days=policy.warn_days)
                ),
            )
            for member_id, since in sorted(_idle_since(of_them, at=at).items())
            if since <= before
        ]
        new = set(rows.insert_new(made)) if made else set()
        told = list(Expiry.objects.filter(pk__in=new).order_by("pk"))
        announce([_warning(row, balances[_key(row)], at=at) for row in told])
        return len(told)


def _warning(row: Expiry, amount_minor: int, *, at: datetime) -> News:
    return News(
        kind=NewsKind.BALANCE_EXPIRING,
        key=f"expiry/{row.pk}/warned",
        member_id=row.member_id,
        at=at,
        currency=row.currency,
        before_minor=amount_minor,
        after_minor=amount_minor,
        facts={"days": (row.expires_at - at).days},
    )


def _due(policy: ExpiryPolicy, *, after: int, at: datetime) -> list[int]:
    """Warnings given under the policy in force whose time is over; those under another are void."""
    found = Expiry.objects.filter(
        currency=policy.currency,
        policy_at=policy.changed_at,
        expires_at__lte=at,
        expired_at__isnull=True,
        pk__gt=after,
    )
    return list(found.order_by("pk").values_list("pk", flat=True)[:MEMBERS_AT_ONCE])


def _expire(keys: Sequence[int], *, at: datetime) -> int:
    """End these balances, as far as they still lie idle; how many."""
    with atomic():
        asked = Expiry.objects.filter(pk__in=keys, expired_at__isnull=True)
        held_members(set(asked.values_list("member", flat=True)))
        due = list(asked.select_for_update(of=("self",), no_key=True).order_by("pk"))
        balances = lock_balances([_key(row) for row in due])
        idle: dict[tuple[int, str], datetime] = {}
        for currency in {row.currency for row in due}:
            of_them = _idle_accounts(currency, at=at).filter(
                member__in=[row.member_id for row in due]
            )
            for member_id, since in _idle_since(of_them, at=at).items():
                idle[member_id, currency] = since
        ending = [row for row in due if idle.get((row.member_id, row.currency)) == row.idle_since]
        posted = post([_draft(row, balances[_key(row)]) for row in ending])
        assert not posted.refusals, "what is there can be taken"
        for row in ending:
            row.expired_at = posted.at
            row.amount_minor = balances[_key(row)]
            row.entry_group_id = posted.group_ids[_cause(row)]
        overwrite(ending, ["expired_at", "amount_minor", "entry_group"])
        announce([_news(row, posted.activity) for row in ending])
        rows.run(constraints_checked())
        return len(ending)


def _key(row: Expiry) -> AccountKey:
    return AccountKey(AccountKind.AVAILABLE, row.currency, member_id=row.member_id)


def _cause(row: Expiry) -> str:
    return f"expiry/{row.pk}"


def _draft(row: Expiry, amount_minor: int) -> GroupDraft:
    posting = Posting(
        debit=_key(row),
        credit=AccountKey(AccountKind.EXPIRED, row.currency),
        amount_minor=amount_minor,
    )
    return GroupDraft(cause=_cause(row), kind=GroupKind.EXPIRY, postings=(posting,))


def _news(row: Expiry, activity: Mapping[tuple[str, int, str], UUID]) -> News:
    assert row.expired_at is not None
    assert row.amount_minor is not None
    return News(
        kind=NewsKind.BALANCE_EXPIRED,
        key=_cause(row),
        member_id=row.member_id,
        at=row.expired_at,
        currency=row.currency,
        before_minor=row.amount_minor,
        after_minor=0,
        available_change_minor=-row.amount_minor,
        activity_id=activity.get((_cause(row), row.member_id, row.currency)),
        facts={"days": (row.expired_at - row.idle_since).days},
    )
