"""Notices are written once for each real change, numbered without a gap, and never changed."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from rewards_site.kernel.db import atomic, check_constraints_now
from rewards_site.notifications.announce import announce, prepare
from rewards_site.notifications.models import Notice, NoticeCount, Outbox
from rewards_site.notifications.news import FACTS, News, NewsKind
from tests.factories import NOON
from tests.notifications.telling import (
    CLAIM,
    ORDER,
    make_member,
    news,
    numbers,
    redemption,
    tell,
)

pytestmark = pytest.mark.django_db


def test_a_notice_keeps_all_that_was_told() -> None:
    activity = uuid.uuid4()

    tell(
        news(
            "transaction/7/revision/2",
            kind=NewsKind.REWARD_ADJUSTED,
            before_minor=9_007_199_254_740_993,
            after_minor=400,
            pending_change_minor=-9_007_199_254_740_593,
            activity_id=activity,
            facts={"store": 'Nörd\'s “{0}” % \\ "shop"', "reason": "", "method": None, "days": 3},
        )
    )

    (notice,) = Notice.objects.all()
    assert notice.key == "transaction/7/revision/2"
    assert (notice.number, notice.kind, notice.at) == (1, "reward.adjusted", NOON)
    assert (notice.currency, notice.before_minor, notice.after_minor) == (
        "USD",
        9_007_199_254_740_993,
        400,
    )
    assert notice.pending_change_minor == -9_007_199_254_740_593
    assert notice.available_change_minor == 0
    assert (notice.activity_id, notice.transaction_id) == (activity, ORDER)
    assert (notice.redemption_id, notice.claim_id) == (None, None)
    assert notice.facts == {"store": 'Nörd\'s “{0}” % \\ "shop"', "days": 3}
    assert notice.public_id.version == 7
    assert list(Outbox.objects.values_list("notice_id", flat=True)) == [notice.pk]


def test_each_members_notices_are_counted_in_the_order_they_were_told() -> None:
    ann, bob = make_member("ann"), make_member("bob")

    tell(news("b1", member=bob), news("a1", member=ann), news("b2", member=bob))
    tell(news("a2", member=ann), news("b3", member=bob))

    told = Notice.objects.order_by("pk").values_list("key", "member__customer_id", "number")
    assert list(told) == [
        ("b1", "bob", 1),
        ("a1", "ann", 1),
        ("b2", "bob", 2),
        ("a2", "ann", 2),
        ("b3", "bob", 3),
    ]
    assert dict(NoticeCount.objects.values_list("member_id", "item_count")) == {
        ann.pk: 2,
        bob.pk: 3,
    }
    assert Outbox.objects.count() == 5


def test_it_costs_the_same_for_1_and_for_500_and_asks_nothing() -> None:
    people = [make_member(f"u-{number}") for number in range(50)]
    many = [news(f"order/{number}", member=people[number % 50]) for number in range(500)]

    with CaptureQueriesContext(connection) as pure:
        for_many = prepare(many)
        for_one = prepare(many[:1])
    assert len(pure) == 0
    assert [write.sql for write in for_many] == [write.sql for write in for_one]
    assert len(for_one) == 3

    tell(*many[:1])
    with CaptureQueriesContext(connection) as captured:
        announce(many[1:])
    assert len(captured) == (1 if connection.vendor == "postgresql" else 3)
    assert Outbox.objects.count() == 500
    assert numbers("u-7") == list(range(1, 11))


def test_nothing_to_tell_writes_nothing() -> None:
    assert prepare([]) == []


def test_a_cause_that_was_told_fails_the_second_commit_as_a_whole() -> None:
    tell(news("order/1"))

    with pytest.raises(IntegrityError):
        tell(news("order/2"), news("order/1"))
    with pytest.raises(AssertionError, match="told once"):
        prepare([news("order/3"), news("order/3")])

    assert numbers() == [1]
    assert NoticeCount.objects.get().item_count == 1


def test_a_rollback_leaves_no_gap() -> None:
    tell(news("order/1"))

    with pytest.raises(ZeroDivisionError), atomic():
        announce([news("order/2"), news("order/3")])
        raise ZeroDivisionError
    tell(news("order/4"))

    assert numbers() == [1, 2]
    assert Outbox.objects.count() == 2


NOTHING: dict[str, Any] = {"pending_change_minor": 0, "available_change_minor": 0}


@pytest.mark.parametrize(
    ("fields", "objection"),
    [
        ({**NOTHING, "after_minor": None}, "nothing changed"),
        ({**NOTHING, "after_minor": 0}, "nothing changed"),
        ({**NOTHING, "before_minor": 500, "kind": NewsKind.REWARD_ADJUSTED}, "nothing changed"),
        ({**NOTHING, "after_minor": None, "kind": NewsKind.BALANCE_EXPIRED}, "nothing changed"),
        ({"currency": ""}, "currency"),
        ({"kind": NewsKind.REDEMPTION_PAID}, "which redemption"),
        ({"kind": NewsKind.CLAIM_OPENED}, "which claim"),
        ({"key": ""}, "key"),
        ({"key": "x" * 256}, "key"),
        ({"facts": {"customer_id": "ann"}}, "facts are"),
        ({"facts": {"e_mail": "ann@example.com"}}, "facts are"),
        ({"facts": {"store": "x" * 501}}, "500"),
        ({"facts": {"store": ["x"]}}, "a text or a whole number"),
    ],
)
def test_what_nobody_may_be_told_is_a_fault_of_the_caller(
    fields: dict[str, Any], objection: str
) -> None:
    with pytest.raises(AssertionError, match=objection):
        prepare([replace(news(), **fields)])


@pytest.mark.parametrize(
    "told",
    [
        {"kind": NewsKind.REWARD_AVAILABLE, "before_minor": 500, "available_change_minor": 500},
        {"kind": NewsKind.REWARD_DECLINED, "before_minor": 500, "after_minor": 0},
        {"kind": NewsKind.CLAIM_OPENED, "currency": "", "claim_id": CLAIM, "after_minor": None},
    ],
)
def test_what_is_no_change_of_the_amount_may_still_be_one(told: dict[str, Any]) -> None:
    tell(news(**told))

    assert numbers() == [1]


def test_the_list_of_facts_is_closed() -> None:
    """Whoever adds one asks first: can it hold who the member is, or what they wrote?"""
    assert sorted(FACTS) == ["days", "destination", "method", "reason", "store", "verdict"]


NOTICE = Notice._meta.db_table


@pytest.mark.parametrize(
    "sql",
    [
        f"UPDATE {NOTICE} SET after_minor = 1",
        f"UPDATE {NOTICE} SET key = 'other'",
        f"UPDATE {NOTICE} SET member_id = member_id, number = 9",
        f"""UPDATE {NOTICE} SET facts = '{{"store": "Other"}}'""",
        f"DELETE FROM {NOTICE}",
    ],
)
def test_a_notice_is_never_changed_by_anybody(sql: str) -> None:
    tell(news())
    Outbox.objects.all().delete()

    with pytest.raises(DatabaseError, match="append-only"), atomic(), connection.cursor() as cursor:
        cursor.execute(sql)

    assert Notice.objects.get().facts == {"store": "Northwind"}


@pytest.mark.parametrize(
    "fields",
    [
        {"number": 0},
        {"number": 1},
        {"key": "order/1"},
        {"key": ""},
        {"kind": "reward.odd"},
        {"currency": ""},
        {"after_minor": None, "pending_change_minor": 0},
        {"before_minor": 500, "pending_change_minor": 0},
        {"kind": "redemption.paid"},
        {"kind": "claim.opened"},
    ],
)
def test_the_database_refuses_it_too(fields: dict[str, Any]) -> None:
    tell(news("order/1"))
    values = {
        "member": make_member(),
        "number": 2,
        "key": "order/2",
        "kind": "reward.pending",
        "at": NOON,
        "currency": "USD",
        "after_minor": 500,
        "pending_change_minor": 500,
        "available_change_minor": 0,
    }

    with pytest.raises(IntegrityError), atomic():
        Notice.objects.create(**(values | fields))
    Notice.objects.create(**values)


def test_a_notice_waits_in_the_outbox_until_it_is_fanned_out() -> None:
    tell(news())

    with pytest.raises(DatabaseError), atomic():
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {NOTICE}")
        check_constraints_now()
    Outbox.objects.all().delete()

    assert (Notice.objects.count(), Outbox.objects.count()) == (1, 0)


def test_news_of_all_kinds_can_be_told() -> None:
    told: list[News] = []
    for number, kind in enumerate(NewsKind):
        told.append(replace(redemption(f"k/{number}"), kind=kind, claim_id=CLAIM))
    tell(*told)

    assert list(Notice.objects.order_by("number").values_list("kind", flat=True)) == list(NewsKind)
