"""Two people publish rules that compete, at once: the second one is told of the first."""

from __future__ import annotations

import pytest

from offers.rules import publishing
from offers.rules.models import RuleState, RuleVersion
from rewards_site.kernel.errors import Conflict, Refused
from tests.concurrency.crowd import at_once
from tests.factories import NOON
from tests.offers.rules.making import drafted, next_draft, no_gates, person, published

pytestmark = [pytest.mark.postgres, pytest.mark.usefixtures("committed_db")]
PEOPLE = 6


def publish_all(drafts: list[RuleVersion]) -> list[RuleVersion | BaseException]:
    person()

    def work(number: int) -> RuleVersion:
        draft = drafts[number % len(drafts)]
        return publishing.publish(
            version_id=draft.pk,
            content_hash=draft.content_hash,
            acknowledged=(),
            actor=person(),
            reason="Now",
            at=NOON,
        )

    with no_gates():
        return at_once(PEOPLE, work)


def competing() -> list[RuleVersion]:
    return [drafted(f"Rule {number}") for number in range(PEOPLE)]


def test_of_rules_that_compete_one_is_published() -> None:
    results = publish_all(competing())

    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(refusal) for refusal in refused] == [Refused] * (PEOPLE - 1)
    assert RuleVersion.objects.filter(state=RuleState.PUBLISHED).count() == 1


def test_control_without_the_lock_more_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "lock_all_rules", lambda: None)

    publish_all(competing())

    assert RuleVersion.objects.filter(state=RuleState.PUBLISHED).count() > 1


def test_one_draft_published_by_many_is_published_once() -> None:
    first = published("Spring", at=NOON)
    draft = next_draft(first.rule)

    results = publish_all([draft])

    assert not [result for result in results if isinstance(result, Conflict)]
    states = RuleVersion.objects.order_by("number").values_list("state", flat=True)
    assert list(states) == [RuleState.WITHDRAWN, RuleState.PUBLISHED]
    assert first.rule.changes.filter(kind="published").count() == 2
