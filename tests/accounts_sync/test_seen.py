"""Rows known word for word are recognized, and only where judging them would change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import compress
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Model
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase
from pytest_django import Settings

from accounts_sync.models import SeenRow
from accounts_sync.rows import apply_rows, digest_of, read_row
from accounts_sync.seen import are_news, remember
from rewards_site.button.reading import read_transaction
from rewards_site.button.wirejson import parse
from rewards_site.kernel.db import atomic
from tests.accounts_sync.pulling import pull
from tests.accounts_sync.world import World, wire_row
from tests.factories import NOON, balances, tell
from transactions.attribution import move_order
from transactions.models import Transaction, TransactionChild, TransactionRevision
from transactions.told import Channel, Told

ROWS = st.builds(
    lambda tx, order, minutes, told: wire_row(f"tx-{tx}", minutes=minutes, **(order | told)),
    st.integers(0, 2),
    st.sampled_from([{}, {"button_order_id": "btnorder-one"}, {"button_order_id": None}]),
    st.sampled_from([0, 0.001, 1, 2]),
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(["pending", "pending", "validated", "declined"]),
            "amount": st.sampled_from([1000, 600]),
        },
        optional={
            "publisher_customer_id": st.sampled_from(["ann", "bob", None]),
            "commerce_organization": st.sampled_from(["org-1", "org-2", None]),
            "order_total": st.sampled_from([9000, None, "many"]),
            "category": st.just("app-install"),
            "created_date": st.just("2026-11-20T11:00:00Z"),
        },
    ),
)
STEPS = st.one_of(
    st.tuples(st.just("page"), st.lists(ROWS, min_size=1, max_size=4)),
    st.tuples(st.just("webhook"), ROWS),
    st.tuples(st.just("move"), st.sampled_from(["ann", "cem"])),
    st.tuples(st.just("again"), st.none()),
)


LATER = NOON + timedelta(days=1)


def is_news(raw: object) -> bool:
    return are_news([raw], [digest_of(raw)])[0]


def read_page(raws: Sequence[dict[str, Any]], *, read_at: datetime = NOON) -> None:
    """As a run commits a page."""
    news = compress(raws, are_news(raws, [digest_of(raw) for raw in raws]))
    rows = [read_row(raw, read_at=read_at) for raw in news]
    with atomic():
        remember(rows, apply_rows(rows, at=NOON))


def everything() -> list[list[Any]]:
    models: list[type[Model]] = [Transaction, TransactionChild, TransactionRevision]
    return [list(model._default_manager.order_by("pk").values()) for model in models]


class TestAnyHistory(TestCase):
    @given(steps=st.lists(STEPS, min_size=1, max_size=12))
    @settings(max_examples=80, suppress_health_check=list(HealthCheck))
    def test_judging_a_known_row_would_change_nothing(self, steps: list[Any]) -> None:
        staff = User.objects.get_or_create(username="ops")[0]
        told: list[dict[str, Any]] = []
        for number, (kind, what) in enumerate(steps):
            read_at = NOON + timedelta(hours=number)
            if kind == "page":
                told += what
                read_page(what, read_at=read_at)
            elif kind == "again":
                read_page(told[-4:], read_at=read_at)
            elif kind == "webhook":
                observation = read_transaction(what)
                tell(Told(observation=observation, channel=Channel.WEBHOOK, read_at=NOON))
            else:
                for row in Transaction.objects.filter(member__isnull=False, is_test=False)[:1]:
                    move_order(
                        transaction_id=row.pk, customer_id=what, actor=staff, reason="x", at=NOON
                    )

        before = everything()
        for raw in told:
            if not is_news(raw):
                with atomic():
                    [outcome] = apply_rows([read_row(raw, read_at=LATER)], at=NOON)
                assert outcome.kind == "ignored", (raw, outcome)
        assert everything() == before


@pytest.fixture
def known(world: World, account: str) -> dict[str, Any]:
    """A row that was read and applied."""
    row = wire_row("tx-1")
    world.has(row)
    pull()
    return row


def test_a_row_read_before_is_known_word_for_word(known: dict[str, Any]) -> None:
    assert not is_news(known)
    assert not is_news(dict(reversed(list(known.items()))))
    assert is_news(known | {"amount": 1001})
    assert is_news(known | {"order_total": 1})
    assert is_news(known | {"an_unknown_field": 1})


def test_after_any_change_of_its_order_it_is_judged_once_more(known: dict[str, Any]) -> None:
    observation = read_transaction(wire_row("tx-1", minutes=5, amount=600))
    tell(Told(observation=observation, channel=Channel.WEBHOOK, read_at=NOON))

    assert is_news(known)


def test_what_decides_about_the_member_is_part_of_it(
    known: dict[str, Any], settings: Settings
) -> None:
    settings.ATTRIBUTION_FIELD = "pub_ref"

    assert is_news(known)


def test_a_key_told_twice_is_a_doubt_each_time(known: dict[str, Any]) -> None:
    twice = parse(b'{"amount": 5, ' + str(known).replace("'", '"')[1:].encode())

    assert digest_of(twice) == digest_of(known)
    assert is_news(twice)


def test_what_could_not_be_applied_is_not_known(world: World, account: str) -> None:
    bad, wrong = wire_row("tx-2", currency="EUR"), wire_row("tx-3", amount="much")
    world.has(bad, wrong)
    pull()

    assert is_news(bad)
    assert is_news(wrong)
    assert not SeenRow.objects.exists()


@pytest.mark.parametrize("raw", [None, 7, [], {}, {"id": None}, {"id": "a\x00b"}, {"id": "\ud800"}])
def test_what_has_no_usable_id_is_news(known: dict[str, Any], raw: object) -> None:
    assert is_news(raw)


def test_forgetting_costs_time_and_nothing_else(
    world: World, known: dict[str, Any], account: str
) -> None:
    SeenRow.objects.all().delete()

    report = pull(full=True)

    assert (report.applied_count, report.ignored_count) == (0, 1)
    assert balances() == {"pending": 500}
    assert not is_news(known)


def test_a_page_of_known_rows_touches_no_order(world: World, known: dict[str, Any]) -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        report = pull(full=True)

    assert (report.row_count, report.ignored_count) == (1, 1)
    said = " ".join(query["sql"] for query in queries)
    assert 'FROM "transactions_transactionchild"' not in said
    assert 'INTO "transactions' not in said


@pytest.mark.parametrize("turn", [1, -1])
def test_a_row_that_lost_a_tie_may_win_the_next_one(account: str, turn: int) -> None:
    more, less = wire_row("tx-1", amount=1000), wire_row("tx-1", amount=600)

    read_page([more, less][::turn])

    assert balances() == {"pending": 300}
    assert (is_news(more), is_news(less)) == (True, False)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'{"id": "tx-1", "x": 1.5}', b'{"id": "tx-1", "x": "1.5"}'),
        (b'{"id": "tx-1", "x": 1.5}', b'{"id": "tx-1", "x": ["number", "1.5"]}'),
        (b'{"id": "tx-1", "x": 1.0}', b'{"id": "tx-1", "x": 1}'),
        (b'{"id": "tx-1", "x": [1.5, 2]}', b'{"id": "tx-1", "x": [2, 1.5]}'),
    ],
)
def test_what_reads_otherwise_has_another_digest(one: bytes, other: bytes) -> None:
    assert digest_of(parse(one)) != digest_of(parse(other))


def test_the_order_of_keys_does_not_count() -> None:
    one, other = b'{"x": 1.5, "y": {"b": 1, "a": 2.50}}', b'{"y": {"a": 2.50, "b": 1}, "x": 1.5}'

    assert digest_of(parse(one)) == digest_of(parse(other))
