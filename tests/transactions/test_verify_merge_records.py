"""verify_ledger looks at the record of merges and openings from what they did, too."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command

from rewards_site.kernel.db import atomic
from rewards_site.members.models import CustomerIdChange, Member
from rewards_site.members.services import lock_members, rename
from tests.factories import NOON, observe, tell_each
from tests.spending import differences
from transactions.ledger.models import EntryGroup
from transactions.merging.joining import merge_members
from transactions.merging.models import MergedBalance
from transactions.models import TransactionRevision
from transactions.moving import Actors

pytestmark = pytest.mark.django_db

Corrupt = Callable[[str], None]
LONG_AGO = "'2026-01-01 00:00:00+00'"


@pytest.fixture
def two() -> tuple[User, User]:
    return User.objects.create(username="ops"), User.objects.create(username="another")


def pk(customer_id: str) -> int:
    return Member.objects.get(customer_id=customer_id).pk


def merge(source: str, target: str, two: tuple[User, User]) -> CustomerIdChange:
    ops, another = two
    actors = Actors(actor_id=ops.pk, approver_id=another.pk, reason="one person")
    with atomic():
        return merge_members(pk(source), pk(target), actors=actors, at=NOON).change


@pytest.fixture
def merged(two: tuple[User, User]) -> CustomerIdChange:
    """Bob, who has an order of each of two currencies, is Ann."""
    tell_each(
        observe("tx-1", publisher_customer_id="ann"),
        observe("tx-2", publisher_customer_id="bob"),
        observe("tx-3", publisher_customer_id="bob", account_id="acc-eur", currency="EUR"),
    )
    change = merge("bob", "ann", two)
    assert differences() == []
    return change


def test_a_merge_that_is_not_on_record_any_more(merged: CustomerIdChange, corrupt: Corrupt) -> None:
    corrupt("DELETE FROM members_customeridchange")

    told = differences()
    [lost] = [text for text in told if "merged balance" in text]
    assert lost.startswith(
        f"customer id change {merged.pk}: is not there, and is the change of 2 × merged balance"
    )
    ann, bob = pk("ann"), pk("bob")
    assert f"member {bob}: stands for member {ann}, and nobody decided that" in told
    assert [text.split(": ", 1)[1] for text in told if "tells of a merge" in text] == [
        f"tells of a merge that is not on record: of member {bob} with {ann}"
    ] * 2


def test_a_merge_that_is_called_a_renaming(merged: CustomerIdChange, corrupt: Corrupt) -> None:
    corrupt("UPDATE members_customeridchange SET kind = 'renamed'")

    told = differences()
    for currency in ("EUR", "USD"):
        where = f"merge {merged.pk}, {currency}"
        assert f"{where}: moved what one had, and is on record as renamed" in told
    was_there = f"is on record as renamed, and member {merged.alias_id} was there before it"
    assert f"customer id change {merged.pk}: {was_there}" in told


def test_a_merge_of_one_who_had_nothing_that_is_called_a_renaming(
    two: tuple[User, User], corrupt: Corrupt
) -> None:
    for customer_id in ("ann", "bob"):
        Member.objects.create(customer_id=customer_id, created_at=NOON.replace(hour=9))
    change = merge("bob", "ann", two)
    assert differences() == []

    corrupt("UPDATE members_customeridchange SET kind = 'renamed'")

    assert differences() == [
        f"customer id change {change.pk}: is on record as renamed, and member {change.alias_id} "
        "was there before it"
    ]


def test_renamings_back_and_forth_and_merges_of_the_renamed_are_no_difference(
    merged: CustomerIdChange, two: tuple[User, User]
) -> None:
    ops, another = two
    for name in ("anna", "ann", "bob"):
        with atomic():
            member = lock_members({merged.member_id})[merged.member_id]
            rename(
                member,
                name,
                actor_id=ops.pk,
                approver_id=another.pk,
                reason="a new name",
                at=NOON,
            )
    tell_each(observe("tx-4", publisher_customer_id="cem"))
    merge("bob", "cem", two)

    assert CustomerIdChange.objects.count() == 5
    assert differences() == []


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("reason = 'none of your business'", "decided: when, by whom, and why"),
        ("changed_at = '2026-11-19 12:00:00+00'", "decided: when, by whom, and why"),
        ("approver_id = actor_id, actor_id = approver_id", "decided: when, by whom, and why"),
    ],
)
def test_a_merge_that_was_decided_otherwise_than_its_orders_say(
    sql: str, words: str, merged: CustomerIdChange, corrupt: Corrupt
) -> None:
    corrupt(f"UPDATE members_customeridchange SET {sql}")

    told = differences()
    assert len(told) == 2
    assert all(text.endswith(f"is not as merge {merged.pk} was {words}") for text in told)


def test_a_merge_whose_groups_are_dated_otherwise(
    merged: CustomerIdChange, corrupt: Corrupt
) -> None:
    usd = MergedBalance.objects.get(currency="USD")
    recorded_at = TransactionRevision.objects.filter(kind="merged")[0].recorded_at

    corrupt(f"UPDATE ledger_entrygroup SET posted_at = {LONG_AGO} WHERE id = {usd.entry_group_id}")

    told = differences()
    posted_at = EntryGroup.objects.get(cause__endswith="/USD").posted_at
    assert f"merge {merged.pk}: was posted at {posted_at} and at {recorded_at}" in told
    both = f"was recorded at {recorded_at}; merge {merged.pk} was at {posted_at}"
    assert len([text for text in told if text.endswith(both)]) == 2


def test_a_merge_is_not_posted_before_it_is_decided(
    merged: CustomerIdChange, corrupt: Corrupt
) -> None:
    corrupt("UPDATE members_customeridchange SET changed_at = '2026-02-01 00:00:00+00'")
    corrupt(f"UPDATE ledger_entrygroup SET posted_at = {LONG_AGO} WHERE kind = 'merge'")

    told = [text for text in differences() if text.startswith(f"merge/{merged.pk}/USD: ")]

    assert [text.split(": ", 1)[1] for text in told] == [
        "was posted at 2026-01-01 00:00:00+00:00, and was decided at 2026-02-01 00:00:00+00:00"
    ]


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("cause = 'nothing'", "its group was booked for nothing"),
        ("kind = 'return'", "its group is of kind return, should be opening"),
        (f"posted_at = {LONG_AGO}", "was posted at 2026-01-01 00:00:00+00:00, and was decided at"),
    ],
)
def test_what_was_brought_along_is_called_and_dated_as_it_was(
    sql: str, words: str, tmp_path: Path, corrupt: Corrupt
) -> None:
    file = tmp_path / "old.csv"
    file.write_text("customer_id,currency,pending,available\nann,USD,100,200\n")
    call_command(
        "import_opening_balances", str(file), name="cut", with_pending=True, stdout=StringIO()
    )
    assert differences() == []

    corrupt(f"UPDATE ledger_entrygroup SET {sql}")

    assert [text for text in differences() if words in text and text.startswith("opening/")]


def test_merges_that_lead_in_a_circle_come_to_an_end(
    two: tuple[User, User], merged: CustomerIdChange, corrupt: Corrupt
) -> None:
    tell_each(observe("tx-2", minutes=5, status="validated", publisher_customer_id="bob"))
    ops, another = two
    corrupt(
        "INSERT INTO members_customeridchange (kind, alias_id, member_id, actor_id, approver_id, "
        f"reason, changed_at) VALUES ('merged', {merged.member_id}, {merged.alias_id}, {ops.pk}, "
        f"{another.pk}, 'x', {LONG_AGO})"
    )

    assert any("does not stand any more" in text for text in differences())
