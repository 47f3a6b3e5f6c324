"""`erase_member`: what it says, what stops it, and what it leaves where it is stopped."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection

from rewards_site.approvals.services import withdraw
from rewards_site.health.erasures import erasures_are_wrong
from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.members import erasure
from rewards_site.members.erasing import UNDER_WAY
from rewards_site.members.models import ErasedName, Erasure, Member
from tests.accounts_sync.inbox.deliveries import deliver, wire_event
from tests.admin_world import make_staff
from tests.factories import MEMBER, NOON, balances
from tests.members.erasing.person import traces
from tests.members.erasing.test_scanner import erase
from tests.offers.clicks.tapping import tapped
from tests.spending import differences
from transactions.merging.proposals import propose_rename
from transactions.models import Transaction, TransactionRevision

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_order() -> None:
    deliver(wire_event())


def test_it_says_what_it_did_and_who_had_it_done() -> None:
    make_staff("Ops", username="olga")

    said = erase(MEMBER, "--actor", "olga")

    row = Erasure.objects.get()
    total = sum(row.counts.values())
    assert row.counts.items() >= {"inbox": 1, "members": 1, "orders": 3}.items()
    assert said.splitlines() == [
        *(f"{room}: {count}" for room, count in sorted(row.counts.items())),
        f"Erased: 1 customer id, {total} rows overwritten.",
    ]
    assert row.actor is not None
    assert row.actor.username == "olga"
    assert row.erased_at is not None
    assert erase(MEMBER).splitlines()[-1] == f"Erased before: 1 customer id, {total} rows."


def test_a_dry_run_says_as_much_and_leaves_everything() -> None:
    before = traces((MEMBER,))

    said = erase(MEMBER, "--dry-run")

    assert traces((MEMBER,)) == before
    assert (Erasure.objects.count(), ErasedName.objects.count()) == (0, 0)
    count = said.splitlines()[-1].partition("overwrite ")[2]
    assert said.splitlines()[-1] == (f"Would erase 1 customer id and overwrite {count}")
    assert erase(MEMBER).splitlines()[:-1] == said.splitlines()[:-1]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("nobody",), "No member has that customer id."),
        ((MEMBER, "--actor", "ghost"), "No member of staff is called ghost."),
    ],
)
def test_what_cannot_be_is_said(arguments: Any, sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        erase(*arguments)


def test_an_open_proposal_about_them_comes_first() -> None:
    staff = make_staff("Ops")
    proposal = propose_rename(
        member_id=Member.objects.get().pk,
        customer_id="anna-the-other",
        actor=staff,
        reason="Asked.",
        at=NOON,
    )
    with pytest.raises(CommandError, match=f"Proposal {proposal.pk} about them is open"):
        erase(MEMBER)
    assert not ErasedName.objects.exists()
    withdraw(proposal_id=proposal.pk, actor=staff, reason="Not needed.", at=NOON)

    erase(MEMBER)

    assert traces((MEMBER, "anna-the-other")) == {}


def test_stopped_half_way_it_takes_nothing_in_and_ends_when_run_again() -> None:
    def stop(_person: erasure.Person) -> int:
        raise KeyboardInterrupt

    erasure.register("zzz", stop)
    try:
        with pytest.raises(KeyboardInterrupt):
            erase(MEMBER)
    finally:
        erasure.unregister("zzz")
    before = traces((MEMBER,))
    deliver(wire_event("h-2", tx_id="tx-2"))
    assert traces((MEMBER,)) == before != {}
    assert differences() == []

    said = erase(MEMBER)

    assert said.splitlines()[-1].startswith("Erased: 1 customer id, ")
    assert traces((MEMBER,)) == {}
    assert Erasure.objects.count() == 1
    assert differences() == []


def test_health_says_that_a_secret_is_missed_or_that_it_is_not_ended(settings: Any) -> None:
    settings.SEAL_KEYS = ("old",)
    erase(MEMBER)
    at = clock.now() + timedelta(hours=2)
    assert erasures_are_wrong(at) == ""

    settings.SEAL_KEYS = ("new",)
    assert "Put it back" in erasures_are_wrong(at)
    settings.SEAL_KEYS = ("new", "old")
    Erasure.objects.update(files=["webhooks-1"])
    assert "delete them" in erasures_are_wrong(at)
    Erasure.objects.update(files=[], erased_at=None)
    assert "not ended" in erasures_are_wrong(at)


def statement(sql: str) -> None:
    with atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


REVISION = "UPDATE transactions_transactionrevision SET "
ERASABLE = [
    REVISION + "raw_row = 'x'",
    REVISION + "reason = 'x'",
    REVISION + "observation = '{}'",
    "UPDATE inbox_webhookevent SET body = ''",
    "UPDATE inbox_webhookevent SET body_digest = 'x'",
    "UPDATE clicks_click SET link = '', url = '', link_problem = 'erased'",
]
NEVER = [
    REVISION + "reward_minor = 1",
    REVISION + "observation = '{\"amount_minor\": 7}'",
    "UPDATE inbox_webhookevent SET hook_id = 'x'",
    "UPDATE members_erasedname SET text = 'x'",
    "UPDATE members_erasure SET member_id = 0",
    "DELETE FROM members_erasedname",
]


@pytest.mark.parametrize("sql", [*ERASABLE, *NEVER])
def test_nobody_but_the_command_overwrites_anything(sql: str) -> None:
    tapped(MEMBER)
    erase(MEMBER)

    with pytest.raises(DatabaseError):
        statement(sql)


@pytest.mark.parametrize("sql", NEVER)
def test_nor_does_the_command_overwrite_anything_else(sql: str) -> None:
    erase(MEMBER)

    with pytest.raises(DatabaseError), atomic():
        Erasure.objects.update(under_way_id=UNDER_WAY)
        statement(sql)


def test_no_commit_passes_while_it_is_under_way() -> None:
    erase(MEMBER)

    with pytest.raises(DatabaseError), atomic():
        Erasure.objects.update(under_way_id=UNDER_WAY)
        connection.check_constraints()


def test_whoever_stays_is_untouched() -> None:
    deliver(wire_event("h-2", tx_id="tx-2", publisher_customer_id=f"{MEMBER}2", shoe_size=39))
    before = list(TransactionRevision.objects.filter(member__customer_id=f"{MEMBER}2").values())

    erase(MEMBER)

    assert list(TransactionRevision.objects.filter(member__customer_id=f"{MEMBER}2").values()) == (
        before
    )
    assert balances(f"{MEMBER}2") == {"pending": 500}
    assert Transaction.objects.filter(customer_id_told=f"{MEMBER}2").count() == 1
    assert call_command("verify_ledger", stdout=StringIO()) is None
