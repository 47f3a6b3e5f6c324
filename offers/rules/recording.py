"""The history of rules: every change with who, when and why. The writer of RuleChange."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Max

from offers.rules.models import ChangeKind, RewardRule, RuleChange, RuleVersion
from offers.rules.store import promise_of
from offers.rules.words import EVERY_MERCHANT, said
from rewards_site.kernel.errors import InvalidInput, NotFound

log = logging.getLogger(__name__)

REASON_LENGTH_MAX = 500


def record(
    version: RuleVersion,
    kind: ChangeKind,
    *,
    actor: User,
    reason: str,
    at: datetime,
    what: Sequence[Sequence[str]] = (),
    acknowledged: Sequence[str] = (),
    approver: User | None = None,
) -> None:
    """Add a change to the rule's history; its row is locked by the caller."""
    last = RuleChange.objects.filter(rule=version.rule_id).aggregate(last=Max("number"))["last"]
    RuleChange.objects.create(
        rule_id=version.rule_id,
        number=(last or 0) + 1,
        version_number=version.number,
        kind=kind,
        at=at,
        actor=actor,
        approver=approver,
        reason=reason,
        what=[list(change) for change in what],
        acknowledged=list(acknowledged),
        content_hash=version.content_hash,
    )
    log.info(
        "rule.changed",
        extra={
            "rule": version.rule_id,
            "version": version.number,
            "change": kind.value,
            "actor": actor.pk,
        },
    )


def merchant_text(version: RuleVersion) -> str:
    if version.merchant is None:
        return EVERY_MERCHANT
    name = str(version.merchant)
    return name if name == version.merchant_id else f"{name} ({version.merchant_id})"


def said_by(version: RuleVersion) -> dict[str, str]:
    return said(promise_of(version), merchant_text(version))


def checked_reason(reason: str) -> str:
    """`reason` without blanks around it. Raises: InvalidInput."""
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_LENGTH_MAX:
        raise InvalidInput(
            "A reason is needed.", fields={"reason": f"1-{REASON_LENGTH_MAX} characters"}
        )
    return reason


def locked_rule(rule_id: int) -> RewardRule:
    """The rule, locked to the commit. Raises: NotFound."""
    rules = RewardRule.objects.select_for_update(no_key=True, of=("self",))
    rule = rules.filter(pk=rule_id).first()
    if rule is None:
        raise NotFound("There is no such rule.")
    return rule


def lock_all_rules() -> None:
    """One publishing or withdrawing at a time: each is checked against all the others in force."""
    list(
        RewardRule.objects.select_for_update(no_key=True, of=("self",))
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def version_or_refuse(version_id: int) -> RuleVersion:
    """Raises: NotFound; a draft may have been deleted since the page was opened."""
    versions = RuleVersion.objects.select_related("rule", "merchant")
    version = versions.filter(pk=version_id).first()
    if version is None:
        raise NotFound("There is no such version: its draft was deleted.")
    return version
