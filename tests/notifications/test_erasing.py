"""When a person is forgotten their notices stay, and say nothing of them."""

from __future__ import annotations

import pytest
from django.db import DatabaseError

from rewards_site.kernel.db import atomic
from rewards_site.members.erasure import Person, erasers
from rewards_site.notifications.models import Notice
from tests.factories import NOON
from tests.members.calling import read
from tests.notifications.telling import make_member, news, redemption, tell

pytestmark = pytest.mark.django_db


def test_the_facts_go_and_the_rest_stays() -> None:
    member, alias, other = make_member(), make_member("alias"), make_member("other")
    tell(
        news("a", member=member),
        redemption("b", member=alias),
        news("c", member=member, facts={}),
        news("d", member=other),
    )
    kept = list(Notice.objects.order_by("pk").values("key", "number", "after_minor", "at"))
    person = Person(member_id=member.pk, row_ids=(member.pk, alias.pk), replaced={}, at=NOON)

    assert [erasers()["notifications"](person) for _ in range(2)] == [2, 0]

    assert list(Notice.objects.order_by("pk").values_list("facts", flat=True)) == [
        {},
        {},
        {},
        {"store": "Northwind"},
    ]
    assert list(Notice.objects.order_by("pk").values("key", "number", "after_minor", "at")) == kept
    assert [row["text"] for row in read("notifications/", customer_id="alias")["results"]] == [
        "You asked for 5.00 USD, to be paid to where you asked. It is held for you."
    ]


def test_facts_that_are_gone_never_come_back() -> None:
    tell(news())
    Notice.objects.update(facts={})

    with pytest.raises(DatabaseError, match="append-only"), atomic():
        Notice.objects.update(facts={"store": "Northwind"})
