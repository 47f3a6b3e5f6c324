"""Publishing, replacing and withdrawing: what holds when, and who did it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from offers.rules import gates
from offers.rules.drafting import edit_draft
from offers.rules.match import INSTANT, most_specific
from offers.rules.models import RuleChange, RuleState, RuleVersion
from offers.rules.promise import Promise
from offers.rules.publishing import publish, withdraw
from offers.rules.reviewing import conflicts_of
from offers.rules.store import promise_of, rule_history
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from tests.factories import NOON
from tests.offers.rules.making import (
    asked,
    drafted,
    kinds,
    make_merchant,
    next_draft,
    no_gates,
    person,
    publish_draft,
    published,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=1)


def publish_now(draft: RuleVersion, **other: Any) -> RuleVersion:
    with no_gates():
        return publish(**asked(draft, **other))


def in_force(at: datetime) -> str:
    rule = most_specific(rule_history(), merchant_id="org-any", at=at)
    return "default" if rule is None else f"{rule.name} v{rule.version}"


def test_a_version_holds_after_its_publication_and_not_at_it() -> None:
    draft = drafted("Spring")
    assert rule_history() == ()

    publish_now(draft)

    assert [in_force(at) for at in (NOON - INSTANT, NOON, NOON + INSTANT)] == [
        "default",
        "default",
        "Spring v1",
    ]


def test_the_next_version_takes_its_place_without_a_gap_or_an_overlap() -> None:
    first = published("Spring")

    second = publish_draft(next_draft(first.rule), at=LATER)

    instants = (NOON, NOON + INSTANT, LATER, LATER + INSTANT)
    assert [in_force(at) for at in instants] == ["default", "Spring v1", "Spring v1", "Spring v2"]
    for at in instants:
        assert sum(rule.holds_at(at) for rule in rule_history()) <= 1
    first.refresh_from_db()
    assert (first.state, first.withdrawn_by, second.number) == (RuleState.WITHDRAWN, person(), 2)
    assert kinds() == ["drafted", "published", "drafted", "replaced", "published"]


def test_what_is_withdrawn_holds_no_more_from_then_on() -> None:
    version = published("Spring")

    for at in (LATER, LATER + timedelta(hours=1)):  # asked twice: the first time counts
        withdraw(version_id=version.pk, actor=person(), reason="Over", at=at)

    assert [in_force(at) for at in (LATER - INSTANT, LATER)] == ["Spring v1", "default"]
    assert kinds() == ["drafted", "published", "withdrawn"]


def test_published_twice_is_published_once() -> None:
    draft = drafted("Spring")

    for at in (NOON, LATER):
        assert publish_now(draft, at=at).published_at == NOON

    assert kinds() == ["drafted", "published"]


def test_a_draft_edited_since_it_was_looked_at_is_not_published() -> None:
    draft = drafted("Spring")
    edit_draft(
        version_id=draft.pk,
        promise=Promise(zone="UTC", share_bps=9_000),
        seen_hash=draft.content_hash,
        actor=person("bob"),
        reason="More",
        at=NOON,
    )

    with pytest.raises(Conflict, match="edited since you looked"):
        publish_now(draft)

    assert rule_history() == ()


def test_a_gate_is_asked_about_the_very_version_that_is_published() -> None:
    draft = drafted("Spring")
    told: list[str] = []

    def objection(version: RuleVersion) -> str:
        told.append(version.content_hash)
        return "" if len(told) > 1 else "Try it on past orders first."

    with no_gates():
        gates.register_gate("test", gates.Gate(objection=objection))
        with pytest.raises(Refused, match="Try it on past orders first"):
            publish(**asked(draft))
        assert rule_history() == ()
        publish(**asked(draft))
        gates.unregister_gate("test")

    assert told == [draft.content_hash] * 2
    assert in_force(LATER) == "Spring v1"


def test_a_conflict_must_be_accepted_in_its_very_words() -> None:
    published("Summer", at=NOON - timedelta(hours=1))
    draft = drafted("Spring")
    conflicts = conflicts_of(draft, at=NOON)
    assert len(conflicts) == 2

    for accepted in ((), conflicts[:1], ["Something else", conflicts[1]]):
        with pytest.raises(Refused, match="Read and accept first: «"):
            publish_now(draft, acknowledged=accepted)
    assert in_force(LATER) == "Summer v1"

    publish_now(draft, acknowledged=[*conflicts, "Something else"])
    assert RuleChange.objects.get(rule=draft.rule, kind="published").acknowledged == [*conflicts]


def test_the_words_of_a_conflict_are_the_same_a_minute_later() -> None:
    published("Summer", at=NOON - timedelta(hours=1))
    draft = drafted("Spring")

    assert conflicts_of(draft, at=NOON) == conflicts_of(draft, at=NOON + timedelta(minutes=1))


def test_what_was_in_conflict_before_is_not_of_its_making() -> None:
    published("Summer", at=NOON - timedelta(hours=2))
    published("Autumn", at=NOON - timedelta(hours=1))
    make_merchant()

    assert conflicts_of(drafted("Shoes", merchant_id="org-shoes"), at=NOON) == ()


def test_the_version_that_is_replaced_is_no_conflict() -> None:
    first = published("Spring")

    assert conflicts_of(next_draft(first.rule), at=LATER) == ()


def test_a_window_that_is_over_is_refused() -> None:
    draft = drafted("Spring", ends=datetime(2025, 1, 1))  # noqa: DTZ001  # a local time

    with pytest.raises(InvalidInput) as refusal:
        publish_now(draft)

    assert refusal.value.fields == {"ends": "Its window is over already: edit the draft."}


def test_a_clock_behind_does_not_rewrite_what_held() -> None:
    first = published("Spring", at=LATER)
    draft = next_draft(first.rule)

    works: list[Callable[[], object]] = [
        lambda: publish_now(draft, at=NOON),
        lambda: withdraw(version_id=first.pk, actor=person(), reason="x", at=NOON),
    ]
    for work in works:
        with pytest.raises(Conflict, match="by the clock of another machine"):
            work()

    assert in_force(LATER + INSTANT) == "Spring v1"


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_nothing_is_done_without_a_reason(reason: str) -> None:
    draft, version = drafted("Spring"), published("Autumn")
    before = kinds()

    works: list[Callable[[], object]] = [
        lambda: publish_now(draft, reason=reason),
        lambda: withdraw(version_id=version.pk, actor=person(), reason=reason, at=LATER),
    ]
    for work in works:
        with pytest.raises(InvalidInput):
            work()

    assert kinds() == before


def test_what_is_gone_or_no_draft_is_said() -> None:
    version, draft = published("Autumn"), drafted("Spring")
    withdraw(version_id=version.pk, actor=person(), reason="Over", at=LATER)

    with pytest.raises(Conflict, match="It was withdrawn already"):
        publish_now(version)
    with pytest.raises(NotFound):
        publish_now(draft, version_id=0)
    with pytest.raises(Conflict, match="It is a draft"):
        withdraw(version_id=draft.pk, actor=person(), reason="Over", at=LATER)


def test_what_was_published_says_what_the_draft_said() -> None:
    draft = drafted("Spring", share_bps=6_000, priority=4, note="For colleagues")
    before = promise_of(draft)

    version = publish_now(draft)

    assert promise_of(version) == before
    assert version.content_hash == draft.content_hash
