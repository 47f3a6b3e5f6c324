"""Published rules as values: for what is booked, and for what is shown and clicked."""

from __future__ import annotations

from datetime import datetime

from offers.rules import gates
from offers.rules.match import Rule
from offers.rules.models import RuleState, RuleVersion
from offers.rules.promise import Promise, plain_points
from offers.rules.terms import TermsKind
from offers.rules.window import Window


def rule_history() -> tuple[Rule, ...]:
    """Every version ever published, withdrawn ones too, oldest first; one query.

    Which of them held at an instant, match.py says.
    """
    versions = RuleVersion.objects.exclude(state=RuleState.DRAFT).select_related("rule")
    return tuple(rule_of(version) for version in versions.order_by("published_at", "pk"))


def rules_for_clicks(at: datetime) -> tuple[Rule, ...]:
    """As rule_history(), less promotions that hold at `at` and whose budget is used up.

    A budget stops later clicks only: what is booked goes by rule_history(). Nobody is asked how
    much is used unless a promotion holds.
    """
    versions = list(RuleVersion.objects.exclude(state=RuleState.DRAFT).select_related("rule"))
    rules = [(version, rule_of(version)) for version in versions]
    budgets = {
        rule.id: (version.budget_currency, version.budget_minor or 0)
        for version, rule in rules
        if version.is_promotion and rule.holds_at(at)
    }
    used = gates.budget_used({rule_id: currency for rule_id, (currency, _) in budgets.items()})
    spent = {rule_id for rule_id, (_, most) in budgets.items() if used.get(rule_id, 0) >= most}
    return tuple(rule for _, rule in rules if rule.id not in spent or not rule.terms.is_promotion)


def rule_of(version: RuleVersion, *, published_at: datetime | None = None) -> Rule:
    """A version as what decides; a draft as if it were published at `published_at`."""
    published = published_at if version.published_at is None else version.published_at
    assert published is not None, "a draft holds at no instant of its own"
    rule_id = str(version.rule.public_id)
    promise = promise_of(version)
    return Rule(
        id=rule_id,
        version=version.number,
        published_at=published,
        terms=promise.terms(
            source=f"rule «{version.rule.name}» v{version.number}",
            rule_id=rule_id,
            version=version.number,
        ),
        name=version.rule.name,
        priority=version.priority,
        merchant_id=version.merchant_id,
        category=version.category or None,
        withdrawn_at=version.withdrawn_at,
        window=Window(starts_at=version.starts_at, ends_at=version.ends_at),
    )


def promise_of(version: RuleVersion) -> Promise:
    """What the version says, as it was typed."""
    return Promise(
        zone=version.zone,
        kind=TermsKind(version.kind),
        share_bps=version.share_bps,
        fixed_minor=version.fixed_minor,
        points=plain_points(version.points),
        currency=version.currency,
        cap_minor=version.cap_minor,
        minimum_order_minor=version.minimum_order_minor,
        minimum_currency=version.minimum_currency,
        is_promotion=version.is_promotion,
        budget_minor=version.budget_minor,
        budget_currency=version.budget_currency,
        priority=version.priority,
        merchant_id=version.merchant_id,
        category=version.category,
        starts=_local(version.starts_local),
        ends=_local(version.ends_local),
        note=version.note,
    )


def _local(text: str) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
