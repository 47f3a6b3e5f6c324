"""Somebody else holds the locks: what is published holds from when it was decided, not before."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from offers.rules.match import terms_in_force
from offers.rules.models import RuleChange, RuleVersion
from offers.rules.promotions import propose_promotion
from offers.rules.publishing import publish, withdraw
from offers.rules.recording import lock_all_rules
from offers.rules.reviewing import conflicts_of
from offers.rules.store import rule_history
from offers.rules.terms import Terms
from rewards_site.approvals.services import approve
from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from tests.offers.rules.making import TWICE, asked, drafted, no_gates, person, published

pytestmark = pytest.mark.usefixtures("committed_db")

DEFAULT = Terms(share_bps=5_000, source="default share")
HELD_SECONDS = 0.3


@contextmanager
def locks_held_elsewhere() -> Iterator[list[datetime]]:
    """By another connection, for a while; an instant at which they were held still."""
    seen: list[datetime] = []
    is_held, nothing = threading.Event(), threading.Event()

    def hold() -> None:
        with closing(connection), atomic():
            lock_all_rules()
            is_held.set()
            nothing.wait(HELD_SECONDS)
            seen.append(clock.now())
            nothing.wait(HELD_SECONDS / 3)

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(timeout=30)
    yield seen
    holder.join()


def share_at(at: datetime) -> int:
    terms = terms_in_force(rule_history(), merchant_id="org-any", at=at, default=DEFAULT)
    return terms.share_bps


def waited(act: Callable[[datetime], Any]) -> datetime:
    """When it was asked, and another instant while it waited."""
    with no_gates(), locks_held_elsewhere() as seen:
        act(clock.now())
    return seen[0]


def test_a_version_that_waited_does_not_hold_while_it_waited() -> None:
    published("Old", share_bps=3_000, at=clock.now())
    draft = drafted("New", share_bps=9_000, priority=5)

    known = conflicts_of(draft, at=clock.now())

    shown_at = waited(lambda at: publish(**asked(draft, acknowledged=known, at=at)))

    assert share_at(shown_at) == 3_000
    assert share_at(clock.now()) == 9_000
    version = RuleVersion.objects.get(pk=draft.pk)
    assert RuleChange.objects.latest("pk").at == version.published_at


def test_a_version_holds_while_its_withdrawal_waits() -> None:
    version = published("Old", share_bps=3_000, at=clock.now())
    actor = person()

    shown_at = waited(
        lambda at: withdraw(version_id=version.pk, actor=actor, reason="It is over", at=at)
    )

    assert share_at(shown_at) == 3_000
    assert share_at(clock.now()) == 5_000


def test_a_promotion_that_waited_does_not_hold_while_it_waited() -> None:
    draft = drafted("Twice", TWICE)
    boss = User.objects.create_superuser("boss", password="correct horse")
    with no_gates():
        proposal = propose_promotion(**asked(draft))

    shown_at = waited(
        lambda at: approve(proposal_id=proposal.pk, actor=boss, reason="Worth it", at=at)
    )

    assert share_at(shown_at) == 5_000
    assert share_at(clock.now()) == 20_000


def test_what_did_not_wait_holds_from_when_it_was_asked() -> None:
    at = clock.now()

    with no_gates():
        version = publish(**asked(drafted("New"), at=at))

    assert version.published_at == at
