"""No version of a rule is published that was not back-tested as it is."""

from __future__ import annotations

from django.urls import reverse

from offers.rules import gates
from offers.rules.models import RuleVersion
from rewards_site.button.schemas import APP_INSTALL
from transactions.backtests.models import BackTest, BackTestStatus
from transactions.models import Transaction

NAME = "back-test"


def objection(version: RuleVersion) -> str:
    tests = BackTest.objects.filter(content_hash=version.content_hash, rule=version.rule_id)
    statuses = set(tests.values_list("status", flat=True))
    if BackTestStatus.DONE in statuses:
        if tests.filter(order_count__gt=0).exists() or not _has_orders():
            return ""
        return "Its back-test looked at no order at all: choose days in which some were bought."
    if statuses & {BackTestStatus.QUEUED, BackTestStatus.RUNNING}:
        return "Its back-test is not through yet."
    return "It was not back-tested as it is now."


def _has_orders() -> bool:
    """Whether there is anything to test with: a new installation has a first rule, too."""
    real = Transaction.objects.filter(is_test=False).exclude(category=APP_INSTALL)
    return real.exists()


def ask_url(version: RuleVersion) -> str:
    return f"{reverse('admin:backtests_backtest_ask')}?version={version.pk}"


def register() -> None:
    gates.register_gate(NAME, gates.Gate(objection=objection, way_out=ask_url))
