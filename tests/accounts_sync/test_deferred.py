from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from accounts_sync.accounts import sync_accounts
from accounts_sync.deferred import RowsReplayed, replay_rows
from accounts_sync.models import DeferredRow, DeferredStatus
from accounts_sync.pull import pull_transactions
from accounts_sync.rows import digest_of
from rewards_site.button import wirejson
from tests.accounts_sync.world import World, client, wire_row
from tests.factories import ACCOUNT, NOON, balances
from transactions.models import ButtonAccount

pytestmark = pytest.mark.usefixtures("db")


def pull(world: World, *rows: Any) -> None:
    world.has(*rows)
    sync_accounts(client=client(), at=NOON)
    pull_transactions(account_id=ACCOUNT, client=client(), at=NOON)


def test_the_sweep_applies_a_row_whose_obstacle_is_gone(world: World) -> None:
    pull(world, wire_row("tx-1", currency="GBP"), wire_row("tx-2", category="lottery"))
    ButtonAccount.objects.update(currency="GBP")

    replayed = replay_rows(due_only=True, at=NOON + timedelta(minutes=5))

    assert replayed == RowsReplayed(tried_count=2, settled_count=1)
    assert balances(currency="GBP") == {"pending": 500}
    rows = DeferredRow.objects.order_by("tx_id").values_list("tx_id", "status", "attempt_count")
    assert list(rows) == [("tx-1", DeferredStatus.SETTLED, 1), ("tx-2", DeferredStatus.OPEN, 1)]


def test_a_row_overtaken_by_a_newer_one_is_settled(world: World) -> None:
    pull(world, wire_row("tx-1", category="lottery"))
    world.rows[ACCOUNT] = [wire_row("tx-1", minutes=1)]
    pull_transactions(account_id=ACCOUNT, client=client(), at=NOON + timedelta(minutes=5))
    DeferredRow.objects.update(row=wirejson.text_of(wire_row("tx-1", amount=7)))  # readable by now

    assert replay_rows(due_only=True, at=NOON).settled_count == 1
    assert balances() == {"pending": 500}


def test_the_sweep_waits_longer_after_each_try(world: World) -> None:
    pull(world, wire_row("tx-1", category="lottery"))
    tried = []

    for minutes in range(0, 3 * 24 * 60, 5):
        at = NOON + timedelta(minutes=minutes)
        if replay_rows(due_only=True, at=at).tried_count:
            tried.append(minutes)

    assert tried == [0, 5, 35, 155, 515, 1955, 3395]


def test_staff_can_try_a_row_at_any_time_and_no_other(world: World) -> None:
    pull(world, wire_row("tx-1", category="lottery"), wire_row("tx-2", category="lottery"))
    chosen = DeferredRow.objects.get(tx_id="tx-1")
    replay_rows(due_only=True, at=NOON)

    replayed = replay_rows(due_only=False, ids=[chosen.pk], at=NOON)

    assert replayed.tried_count == 1
    assert list(DeferredRow.objects.order_by("tx_id").values_list("attempt_count", flat=True)) == [
        2,
        1,
    ]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1.50, "b": -1E+5, "c": 123456789012345678901234567890123456789012345}',
        '{"a": "\\u0000 \\ud800 \\u00e9", "b": [null, true, {"c": []}]}',
        '{"a": 1E+99999999999999999999}',
        '"text"',
        "null",
    ],
)
def test_a_kept_row_says_what_came(text: str) -> None:
    came = wirejson.parse(text.encode())

    assert wirejson.parse(wirejson.text_of(came).encode()) == came


def test_fractions_are_kept_to_the_digit() -> None:
    assert wirejson.text_of({"amount": Decimal("10.50")}) == '{"amount": 10.50}'


def test_a_key_told_twice_stays_in_doubt() -> None:
    came = wirejson.parse(b'{"amount": 5, "amount": 6}')

    again = wirejson.parse(wirejson.text_of(came).encode())

    assert again == {"amount": 6}
    assert isinstance(again, wirejson.JsonObject)
    assert again.conflicting_keys == {"amount"}


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest_of({"a": 1, "b": {"c": Decimal("1.0"), "d": 2}}) == digest_of(
        {"b": {"d": 2, "c": Decimal("1.0")}, "a": 1}
    )
    assert digest_of({"a": 1}) != digest_of({"a": "1"})
    assert digest_of({"a": Decimal("1.0")}) != digest_of({"a": "1.0"})
