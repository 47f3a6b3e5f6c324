"""Whether what a token promises may still be clicked: a promotion's budget stops later clicks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from offers.rules import gates
from offers.rules.models import RuleState, RuleVersion
from offers.rules.store import rule_of


def is_used_up(terms: Mapping[str, Any], *, at: datetime) -> bool:
    """Whether `terms` (`Terms.as_json()`) are of a promotion that has no budget left.

    Nobody is asked where they are of none. The version in force at `at` says how much the budget
    is, else that of the terms: a promotion that was withdrawn since still has its limit.
    """
    rule_id = terms.get("rule_id")
    if not (terms.get("is_promotion") and rule_id):
        return False
    versions = RuleVersion.objects.filter(rule__public_id=rule_id, is_promotion=True)
    published = versions.exclude(state=RuleState.DRAFT).select_related("rule")
    decisive = None
    for version in published.order_by("published_at", "pk"):
        if rule_of(version).holds_at(at) or version.number == terms.get("version"):
            decisive = version
    if decisive is None:
        return False
    used = gates.budget_used({rule_id: decisive.budget_currency})
    return used.get(rule_id, 0) >= (decisive.budget_minor or 0)
