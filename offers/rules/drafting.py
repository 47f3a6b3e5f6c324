"""Making rules and their drafts. Nothing here touches what members get: publishing.py does.

All lock the rule's row. A draft says only what may be promised (promise.check), so that what is
refused is refused while somebody types, not when it is published.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import Max

from offers.rules.models import (
    CATEGORY_LENGTH_MAX,
    NAME_LENGTH_MAX,
    ChangeKind,
    RewardRule,
    RuleChange,
    RuleState,
    RuleVersion,
)
from offers.rules.promise import Promise, check
from offers.rules.recording import (
    checked_reason,
    locked_rule,
    record,
    said_by,
    version_or_refuse,
)
from offers.rules.store import promise_of
from offers.rules.words import differences
from rewards_site.kernel.db import atomic, constraint_of
from rewards_site.kernel.errors import Conflict, InvalidInput


def make_rule(
    *, name: str, promise: Promise, actor: User, reason: str, at: datetime
) -> RuleVersion:
    """A new rule with its first draft; or another one of a rule whose drafts were all deleted.

    Idempotent: the same person asking for the same again gets the draft that is there.
    Raises: InvalidInput, by field; Conflict (another rule has that name).
    """
    name, reason = _checked_name(name), checked_reason(reason)
    promise = _checked(promise)
    try:
        with atomic():
            rule = RewardRule.objects.create(name=name, created_at=at, created_by=actor)
            return _insert(rule, promise, actor=actor, reason=reason, at=at)
    except IntegrityError as error:
        known = RewardRule.objects.filter(name__iexact=name).first()
        if known is None:
            raise Conflict(f"It cannot be kept ({constraint_of(error)}).") from error
    with atomic():
        rule = locked_rule(known.pk)
        versions = RuleVersion.objects.filter(rule=rule).select_related("rule", "merchant")
        draft = versions.filter(state=RuleState.DRAFT, drafted_by=actor).first()
        if rule.name == name and draft is not None and promise_of(draft) == promise:
            return draft
        if versions.exists():
            raise Conflict("Another rule has that name: choose another one.")
        return _insert(rule, promise, actor=actor, reason=reason, at=at)


def start_draft(*, rule_id: int, actor: User, reason: str, at: datetime) -> RuleVersion:
    """The next draft of a rule, a copy of its latest version, to be edited.

    Idempotent: the draft that is there already. Raises: NotFound; InvalidInput (reason);
    Conflict (no version is left to copy: its only draft was deleted).
    """
    reason = checked_reason(reason)
    with atomic():
        rule = locked_rule(rule_id)
        versions = RuleVersion.objects.filter(rule=rule).select_related("rule", "merchant")
        latest = versions.order_by("-number").first()
        if latest is None:
            raise Conflict("Its only draft was deleted: make a new rule.")
        if latest.state == RuleState.DRAFT:
            return latest
        return _insert(rule, promise_of(latest), actor=actor, reason=reason, at=at)


def edit_draft(
    *,
    version_id: int,
    promise: Promise,
    seen_hash: str,
    actor: User,
    reason: str,
    at: datetime,
) -> RuleVersion:
    """Write what a draft says anew; the same again changes nothing and is not recorded.

    `seen_hash` is its content hash when the editing began. Raises: NotFound; InvalidInput, by
    field; Conflict (published meanwhile, or somebody else edited it).
    """
    reason = checked_reason(reason)
    promise = _checked(promise)
    with atomic():
        version = _locked_draft(version_id)
        if promise_of(version) == promise:
            return version
        if version.content_hash != seen_hash:
            raise Conflict("Somebody else edited this draft meanwhile: open it again.")
        before = said_by(version)
        for name, value in _columns(promise, version.rule, version.number).items():
            setattr(version, name, value)
        _save(version)
        version = version_or_refuse(version.pk)
        record(
            version,
            ChangeKind.EDITED,
            actor=actor,
            reason=reason,
            at=at,
            what=differences(before, said_by(version)),
        )
        return version


def delete_draft(*, version_id: int, actor: User, reason: str, at: datetime) -> None:
    """Throw a draft away; the rule's name stays taken, and its history tells of it.

    Raises: NotFound (deleted already), InvalidInput (reason), Conflict (published meanwhile).
    """
    reason = checked_reason(reason)
    with atomic():
        version = _locked_draft(version_id)
        what = [[name, text, ""] for name, text in said_by(version).items() if text]
        record(version, ChangeKind.DELETED, actor=actor, reason=reason, at=at, what=what)
        version.delete()


def _locked_draft(version_id: int) -> RuleVersion:
    locked_rule(version_or_refuse(version_id).rule_id)
    version = version_or_refuse(version_id)  # what was read before the lock may be gone
    if version.state != RuleState.DRAFT:
        raise Conflict(
            f"It was {version.state} already and stays as it is: start a new draft of the rule."
        )
    return version


def _checked_name(name: str) -> str:
    """Without blanks around it, or twice inside. Raises: InvalidInput."""
    name = " ".join(name.split())
    if not 0 < len(name) <= NAME_LENGTH_MAX or not name.isprintable():
        message = f"1-{NAME_LENGTH_MAX} characters, such as «Spring: 60 % everywhere»."
        raise InvalidInput(message, fields={"name": message})
    return name


def _checked(promise: Promise) -> Promise:
    """Raises: InvalidInput, by field."""
    promise = replace(promise, category=" ".join(promise.category.split()))
    check(promise)
    if len(promise.category) > CATEGORY_LENGTH_MAX or not promise.category.isprintable():
        message = f"At most {CATEGORY_LENGTH_MAX} characters, on one line."
        raise InvalidInput(message, fields={"category": message})
    if promise.merchant_id is not None and not _knows_merchant(promise.merchant_id):
        message = "There is no such merchant here: give its id, org-…"
        raise InvalidInput(message, fields={"merchant_id": message})
    return promise


def _knows_merchant(merchant_id: str) -> bool:
    merchants: Any = RuleVersion._meta.get_field("merchant").related_model
    return bool(merchants.objects.filter(pk=merchant_id).exists())


def _insert(
    rule: RewardRule, promise: Promise, *, actor: User, reason: str, at: datetime
) -> RuleVersion:
    """Numbers go on from the history: that of a deleted draft never comes again."""
    told = RuleChange.objects.filter(rule=rule).aggregate(last=Max("version_number"))
    number = (told["last"] or 0) + 1
    row = RuleVersion.objects.create(
        rule=rule,
        number=number,
        drafted_at=at,
        drafted_by=actor,
        **_columns(promise, rule, number),
    )
    version = version_or_refuse(row.pk)
    what = [[name, "", text] for name, text in said_by(version).items() if text]
    record(version, ChangeKind.DRAFTED, actor=actor, reason=reason, at=at, what=what)
    return version


def _save(version: RuleVersion) -> None:
    version.save(update_fields=[*_columns(promise_of(version), version.rule, version.number)])


def _columns(promise: Promise, rule: RewardRule, number: int) -> dict[str, Any]:
    window = promise.window
    return {
        "kind": promise.kind.value,
        "share_bps": promise.share_bps,
        "fixed_minor": promise.fixed_minor,
        "points": promise.points,
        "currency": promise.currency,
        "cap_minor": promise.cap_minor,
        "minimum_order_minor": promise.minimum_order_minor,
        "minimum_currency": promise.minimum_currency,
        "is_promotion": promise.is_promotion,
        "budget_minor": promise.budget_minor,
        "budget_currency": promise.budget_currency,
        "priority": promise.priority,
        "merchant_id": promise.merchant_id,
        "category": promise.category,
        "zone": promise.zone,
        "starts_local": promise.starts.isoformat() if promise.starts else "",
        "ends_local": promise.ends.isoformat() if promise.ends else "",
        "starts_at": window.starts_at,
        "ends_at": window.ends_at,
        "note": promise.note,
        "content_hash": promise.content_hash(rule_id=str(rule.public_id), version=number),
    }
