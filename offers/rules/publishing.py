"""Publishing a draft, withdrawing what is published: what members are promised from then on.

One at a time: every rule's row is locked, so that each is checked against all others in force.
What is published holds after `at`, what is withdrawn no more from `at` on; where a version takes
the place of another there is neither a gap nor an overlap (docs/decisions/0065). Where the locks
kept it waiting `at` is moved on by the wait: what members were shown meanwhile was true.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User

from offers.rules import gates
from offers.rules.match import INSTANT
from offers.rules.models import ChangeKind, RuleState, RuleVersion
from offers.rules.promise import check
from offers.rules.recording import (
    checked_reason,
    lock_all_rules,
    record,
    said_by,
    version_or_refuse,
)
from offers.rules.reviewing import conflicts_of
from offers.rules.store import promise_of
from rewards_site.kernel.clock import Waiting
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused


def publish(
    *,
    version_id: int,
    content_hash: str,
    acknowledged: Sequence[str],
    actor: User,
    reason: str,
    at: datetime,
) -> RuleVersion:
    """Have a draft hold after `at`; the version of its rule in force until now is withdrawn.

    `content_hash` is of the draft as it was looked at, `acknowledged` the conflicts that were read,
    in their very words. Idempotent: published by the same person already is no error.
    Raises: NotFound; InvalidInput (reason, or a promise that may not be made, by field); Refused (a
    promotion, which two people publish; a gate that is shut; conflicts that nobody acknowledged);
    Conflict (edited, published or withdrawn meanwhile).
    """
    reason = checked_reason(reason)
    waiting = Waiting()

    def work() -> RuleVersion:
        with atomic():
            return publish_checked(
                version_id=version_id,
                content_hash=content_hash,
                acknowledged=acknowledged,
                actor=actor,
                approver=None,
                reason=reason,
                at=at,
                waiting=waiting,
            )

    return retry_deadlocks(work)


def publish_checked(
    *,
    version_id: int,
    content_hash: str,
    acknowledged: Sequence[str],
    actor: User,
    approver: User | None,
    reason: str,
    at: datetime,
    waiting: Waiting | None = None,
) -> RuleVersion:
    """publish() inside the caller's transaction; `approver` is the second person of a promotion.

    `waiting` was begun when it was `at`; without it, it is `at` now.
    """
    waiting = waiting or Waiting()
    lock_all_rules()
    at = waiting.moved_on(at)
    version = version_or_refuse(version_id)
    by_them = version.published_by_id == actor.pk and version.content_hash == content_hash
    if version.state == RuleState.PUBLISHED and by_them:
        return version
    must_be_publishable(version, content_hash=content_hash, acknowledged=acknowledged, at=at)
    if version.is_promotion != (approver is not None):
        raise Refused("A promotion is published by two people, and only a promotion: propose it.")
    told = said_by(version)
    _make_room(version, actor=actor, reason=reason, at=at)
    version.state = RuleState.PUBLISHED
    version.published_at = at
    version.published_by = actor
    version.approved_by = approver
    version.save(update_fields=["state", "published_at", "published_by", "approved_by"])
    record(
        version,
        ChangeKind.PUBLISHED,
        actor=actor,
        approver=approver,
        reason=reason,
        at=at,
        what=[[name, "", text] for name, text in told.items() if text],
        acknowledged=[text for text in conflicts_of(version, at=at) if text in acknowledged],
    )
    return version


def must_be_publishable(
    version: RuleVersion, *, content_hash: str, acknowledged: Sequence[str], at: datetime
) -> None:
    """All that is asked of a draft before it holds. Raises: Conflict, InvalidInput, Refused."""
    if version.state != RuleState.DRAFT:
        raise Conflict(f"It was {version.state} already.")
    promise = promise_of(version)
    stored = promise.content_hash(rule_id=str(version.rule.public_id), version=version.number)
    if version.content_hash != content_hash:
        raise Conflict("The draft was edited since you looked at it: look at it again.")
    if stored != content_hash:
        raise Refused("The draft is not what its own hash says: edit it, then publish it.")
    check(promise)
    if version.ends_at is not None and version.ends_at <= at:
        message = "Its window is over already: edit the draft."
        raise InvalidInput(message, fields={"ends": message})
    shut = gates.unmet(version)
    if shut:
        raise Refused(" ".join(gate.sentence for gate in shut))
    unread = [text for text in conflicts_of(version, at=at) if text not in acknowledged]
    if unread:
        raise Refused(f"Read and accept first: {' '.join(unread)}")


def withdraw(*, version_id: int, actor: User, reason: str, at: datetime) -> RuleVersion:
    """Have a published version hold no more from `at` on; clicks keep the terms they were shown.

    Idempotent: withdrawn already is no error. Raises: NotFound; InvalidInput (reason); Conflict (a
    draft, which is deleted instead).
    """
    reason = checked_reason(reason)
    waiting = Waiting()

    def work() -> RuleVersion:
        with atomic():
            lock_all_rules()
            moved_on = waiting.moved_on(at)
            version = version_or_refuse(version_id)
            if version.state == RuleState.WITHDRAWN:
                return version
            if version.state == RuleState.DRAFT:
                raise Conflict("It is a draft and promises nothing: delete it instead.")
            _must_be_past(version, moved_on)
            _end(
                version,
                ChangeKind.WITHDRAWN,
                actor=actor,
                reason=reason,
                at=moved_on,
                ends_at=moved_on,
            )
            return version

    return retry_deadlocks(work)


def _make_room(version: RuleVersion, *, actor: User, reason: str, at: datetime) -> None:
    """Withdraw the version whose place this one takes.

    It holds at `at` itself, at which the new one does not hold yet: orders bought at that very
    instant go by it.
    """
    others = RuleVersion.objects.filter(rule=version.rule_id).exclude(pk=version.pk)
    for other in others.select_related("rule", "merchant"):
        _must_be_past(other, at)
        if other.state == RuleState.PUBLISHED:
            _end(
                other,
                ChangeKind.REPLACED,
                actor=actor,
                reason=reason,
                at=at,
                ends_at=at + INSTANT,
            )


def _end(
    version: RuleVersion,
    kind: ChangeKind,
    *,
    actor: User,
    reason: str,
    at: datetime,
    ends_at: datetime,
) -> None:
    version.state = RuleState.WITHDRAWN
    version.withdrawn_at = ends_at
    version.withdrawn_by = actor
    version.save(update_fields=["state", "withdrawn_at", "withdrawn_by"])
    record(version, kind, actor=actor, reason=reason, at=at)


def _must_be_past(version: RuleVersion, at: datetime) -> None:
    """A clock that stands before what was published already would rewrite history."""
    for known in (version.published_at, version.withdrawn_at):
        if known is not None and known > at:
            raise Conflict(
                f"{version} was published or withdrawn after {at:%Y-%m-%d %H:%M:%S} UTC, by the "
                "clock of another machine: try again in a moment."
            )
