"""The same facts in another order, near-repeats, and books that were tampered with."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.transaction import set_rollback  # noqa: TID251  # undoes each try
from pytest_django import Settings

from rewards_site.button.reading import read_transaction
from rewards_site.kernel.db import atomic
from tests.factories import NOON, balances, observe, tell, tell_each
from transactions.ledger.models import Account, Entry
from transactions.models import (
    ButtonAccount,
    Transaction,
    TransactionChild,
    TransactionRevision,
)
from transactions.told import Channel, OutcomeKind, Told
from transactions.verify import verify_ledger

pytestmark = pytest.mark.django_db

HUGE = 2**63 - 1


def at_ms(milliseconds: int, amount_minor: int, **fields: Any) -> Told:
    return observe(
        modified_at=NOON + timedelta(milliseconds=milliseconds),
        amount_minor=amount_minor,
        **fields,
    )


def ends(*facts: Told) -> list[dict[str, int]]:
    """The balances that the facts come to, over all orders of arrival, each once."""
    found: list[dict[str, int]] = []
    for order in permutations(facts):
        with atomic():
            tell_each(*order)
            if balances() not in found:
                found.append(balances())
            set_rollback(True)
    return found


def test_there_and_back_within_a_second_ends_at_the_latest_millisecond() -> None:
    assert ends(at_ms(100, 100), at_ms(500, 200), at_ms(900, 100)) == [{"pending": 50}]


def test_a_decline_told_again_later_counts_from_then_in_any_order() -> None:
    order: dict[str, Any] = {"button_order_id": "btnorder-1"}
    facts = (
        observe(status="declined", minutes=5, **order),
        observe(status="declined", minutes=9, **order),
        observe("tx-2", minutes=7, amount_minor=400, **order),
    )

    assert ends(*facts) == [{}]


def test_created_date_told_by_one_way_in_only() -> None:
    def row(**fields: Any) -> dict[str, Any]:
        return {
            "id": "tx-1",
            "status": "pending",
            "category": "new-user-order",
            "account_id": "acc-5b1e7f20c9d84a63",
            "amount": 1000,
            "currency": "USD",
            "modified_date": "2026-11-20T12:09:00Z",
            "button_order_id": "btnorder-1",
            "publisher_customer_id": "u-8f14e45fceea",
        } | fields

    webhook = Told(observation=read_transaction(row()), channel=Channel.WEBHOOK, read_at=NOON)
    api = Told(
        observation=read_transaction(row(created_date="2026-11-20T12:00:00Z")),
        channel=Channel.SYNC,
        read_at=NOON + timedelta(hours=1),
    )
    newer = observe(
        "tx-2",
        button_order_id="btnorder-1",
        created_at=NOON + timedelta(minutes=5),
        minutes=6,
        amount_minor=400,
    )

    assert ends(webhook, api, newer) == [{"pending": 200}]


@pytest.mark.parametrize("later", [{"channel": Channel.SYNC}, {"minutes": -5}])
def test_an_order_id_told_by_a_repeat_or_an_older_word_is_taken_over(
    later: dict[str, Any],
) -> None:
    tell(observe(button_order_id=None))
    tell(observe(button_order_id="btnorder-1", **later))
    tell(observe("tx-2", button_order_id="btnorder-1", created_at=NOON, minutes=9))

    assert Transaction.objects.get().button_order_id == "btnorder-1"
    assert balances() == {"pending": 500}  # one order, never a sum


def test_an_order_id_told_later_in_the_same_batch() -> None:
    tell(observe(button_order_id=None), observe(button_order_id="btnorder-1", minutes=5))

    [outcome] = tell(observe(button_order_id="btnorder-1", minutes=9, status="validated"))

    assert outcome.kind is OutcomeKind.APPLIED
    assert Transaction.objects.get().button_order_id == "btnorder-1"
    assert balances() == {"available": 500}


def test_an_order_id_that_is_the_tx_id_itself() -> None:
    tell(observe(button_order_id=None))

    [outcome] = tell(observe(button_order_id="tx-1", minutes=9, status="validated"))

    assert outcome.kind is OutcomeKind.APPLIED
    assert balances() == {"available": 500}


@pytest.mark.parametrize("tx_id", ["tx-1", "tx-2"])
def test_a_customer_id_that_names_nobody_hides_none_that_does(tx_id: str) -> None:
    later = NOON + timedelta(minutes=5)
    facts = (
        observe(button_order_id="btnorder-1"),
        observe(
            tx_id,
            button_order_id="btnorder-1",
            created_at=NOON if tx_id == "tx-1" else later,
            modified_at=later,
            publisher_customer_id="not an id",
        ),
    )

    assert ends(*facts) == [{"pending": 500}]


def test_a_repeat_with_another_category_is_deferred() -> None:
    tell(observe())

    [outcome] = tell(observe(category="existing-user-order"))

    assert outcome.kind is OutcomeKind.DEFERRED


def test_a_tie_is_flagged_whichever_amount_came_first() -> None:
    tell_each(observe(amount_minor=600), observe(amount_minor=1000))

    assert Transaction.objects.get().flags != []


def test_the_word_that_loses_a_tie_overwrites_nothing() -> None:
    api = at_ms(0, 600, order_total_minor=6000, channel=Channel.SYNC)
    webhook = at_ms(900, 1000, order_total_minor=10_000)

    tell_each(api, webhook)

    assert Transaction.objects.get().order_total_minor == 6000


def test_huge_amounts_stop_nobody() -> None:
    tell(observe(amount_minor=HUGE))
    tell(observe(amount_minor=HUGE, minutes=5, status="validated"))  # SQLite: integer overflow
    tell_each(observe("tx-2", amount_minor=HUGE), observe("tx-2", minutes=5, status="declined"))
    tell_each(observe("tx-3", amount_minor=HUGE), observe("tx-3", minutes=5, status="declined"))

    [outcome] = tell(observe("tx-4", amount_minor=1000))

    assert outcome.kind is OutcomeKind.APPLIED
    assert verify_ledger().differences == []


def test_what_follows_a_refused_state_in_its_batch_is_judged_without_it() -> None:
    tell_each(observe(amount_minor=HUGE), observe(amount_minor=HUGE, minutes=5, status="declined"))
    refused, final = (
        observe("tx-2", amount_minor=HUGE, publisher_customer_id="other"),
        observe("tx-2", amount_minor=1000, minutes=5, status="validated"),
    )

    tell(refused, final)

    assert balances().get("available") == 500 or balances("other").get("available") == 500


def test_an_unbookable_row_does_not_decide_an_account_currency() -> None:
    tell(observe(account_id="acc-new", currency="EUR", category="weird"))

    [outcome] = tell(observe("tx-2", account_id="acc-new"))

    assert outcome.kind is OutcomeKind.APPLIED


def test_a_final_state_after_another_childs_has_its_own_date() -> None:
    tell(observe(button_order_id="btnorder-1", status="declined"))
    tell(observe("tx-2", button_order_id="btnorder-1", minutes=6, status="validated"))

    first, later = TransactionRevision.objects.order_by("number")
    assert first.recorded_at < later.recorded_at
    assert Transaction.objects.get().final_at == later.recorded_at


def test_verify_has_no_false_alarm_after_the_api_confirmed_a_tie() -> None:
    tell_each(
        at_ms(100, 100),
        at_ms(0, 100, channel=Channel.SYNC),
        at_ms(500, 200, order_total_minor=10),
    )

    assert verify_ledger().differences == []


def test_verify_has_no_false_alarm_after_the_attribution_field_changed(settings: Settings) -> None:
    settings.ATTRIBUTION_FIELD = "pub_ref"
    tell(observe())
    settings.ATTRIBUTION_FIELD = "either"
    tell(observe(minutes=5, publisher_customer_id=None))

    assert balances() == {"pending": 500}
    assert verify_ledger().differences == []


def test_verify_sees_a_child_that_was_tampered_with() -> None:
    tell(observe())
    TransactionChild.objects.update(amount_minor=99_999, status="validated")

    assert verify_ledger().differences != []


@pytest.mark.parametrize(
    "change",
    [
        {"currency": "GBP", "reward_currency": "GBP"},
        {"reward_currency": "PTS"},
        {"promotion": "x"},
        {"category": "existing-user-order"},
        {"order_key": "x", "button_order_id": "x"},
        {"order_total_minor": 5},
        {"purchased_at": NOON + timedelta(days=3)},
        {"terms": {"type": "share", "share_bps": 10_000, "source": "x"}},
    ],
)
def test_verify_sees_an_order_that_was_tampered_with(change: dict[str, Any]) -> None:
    tell(observe())
    Transaction.objects.update(**change)

    assert verify_ledger().differences != []


def test_verify_sees_money_that_no_revision_caused() -> None:
    tell(observe(status="validated"))
    account, house = Account.objects.get(kind="available"), Account.objects.filter(member=None)[0]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ledger_entry (id, group_id, account_id, number, debit_minor, credit_minor,"
            " balance_after_minor) VALUES (901, 901, %s, 2, 0, 1000, 1500),"
            " (902, 901, %s, 0, 1000, 0, NULL)",
            [account.pk, house.pk],
        )
        cursor.execute(
            "INSERT INTO ledger_entrygroup (id, cause, kind, posted_at, entry_count)"
            " VALUES (901, 'gift', 'gift', '2026-01-01', 2)"
        )
    Account.objects.filter(pk=account.pk).update(credited_minor=1500, entry_count=2)

    assert balances() == {"available": 1500}
    assert verify_ledger().differences != []


@pytest.mark.skipif("connection.vendor != 'sqlite'", reason="INSERT OR REPLACE is SQLite's own")
@pytest.mark.parametrize(
    ("table", "key", "changes"),
    [
        ("ledger_entry", "number = 1", {"id": "901"}),
        ("transactions_transactionrevision", "number = 1", {"id": "901", "change_minor": "7"}),
        ("transactions_transaction", "true", {"is_test": "1", "reward_minor": "0"}),
        ("ledger_account", "member_id IS NOT NULL", {"currency": "'GBP'"}),
    ],
)
def test_insert_or_replace_passes_no_guard(table: str, key: str, changes: dict[str, str]) -> None:
    tell(observe())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} LIMIT 1")  # our own names
        names = [column[0] for column in cursor.description]
        values = ", ".join(changes.get(name, name) for name in names)
        if table == "ledger_entry":  # a new, unsealed group
            values = values.replace("group_id", "901")
        with pytest.raises(DatabaseError), atomic():
            cursor.execute(
                f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) "
                f"SELECT {values} FROM {table} WHERE {key}"
            )
    assert Entry.objects.filter(number=1).count() == 1


@pytest.mark.parametrize("words", [{"btn_ref": "fakesrctok-0123456789abcdef"}])
def test_test_money_that_shows_late_leaves_the_balance_in_any_order(words: dict[str, Any]) -> None:
    assert ends(observe(), observe(minutes=5, **words), observe(minutes=9, amount_minor=700)) == [
        {}
    ]


@pytest.mark.parametrize("is_test_first", [True, False])
def test_a_test_secret_and_a_live_one_do_not_touch_each_others_orders(is_test_first: bool) -> None:
    tell(observe(is_test=is_test_first))

    [outcome] = tell(observe(minutes=5, amount_minor=7, is_test=not is_test_first))

    assert outcome.kind is OutcomeKind.DEFERRED
    assert balances() == ({} if is_test_first else {"pending": 500})
    assert verify_ledger().differences == []


def test_terms_are_chosen_again_while_the_order_is_pending_whatever_its_old_child_is() -> None:
    order: Any = {"button_order_id": "btnorder-1", "merchant_id": None}
    tell_each(observe(**order), observe(status="declined", minutes=5, **order))
    ButtonAccount.objects.update(share_mode="member")

    later = NOON + timedelta(minutes=6)
    tell(observe("tx-2", button_order_id="btnorder-1", created_at=later, modified_at=later))

    assert balances() == {"pending": 1000}


def test_a_row_of_the_api_is_kept_with_what_nobody_reads() -> None:
    told = observe(channel=Channel.SYNC)
    tell(dataclasses.replace(told, raw={"id": "tx-1", "brand_new": {"a": Decimal("1.10")}}))

    revision = Transaction.objects.get().revisions.get()
    assert revision.raw_row == '{"id": "tx-1", "brand_new": {"a": 1.10}}'
