"""The numbers of a member's notices, while many tell them something at once."""

from __future__ import annotations

import pytest

from rewards_site.kernel.db import atomic, undo
from rewards_site.notifications.announce import announce
from rewards_site.notifications.models import NoticeCount, Outbox
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.members.calling import call, read
from tests.notifications.telling import make_member, news, numbers, tell

pytestmark = pytest.mark.usefixtures("committed_db")

WRITERS = 16
COMMITS = 4
ROUNDS = 6


def test_many_at_once_number_one_line_without_gap_or_repeat() -> None:
    """Every fourth commit is rolled back: what it took is taken again."""
    make_member()

    def write(number: int) -> None:
        for commit in range(COMMITS):
            with atomic():
                announce([news(f"{number}/{commit}/{part}") for part in range(3)])
                if commit == 2:
                    undo()

    all_returned(at_once(WRITERS, write))

    told = WRITERS * (COMMITS - 1) * 3
    assert numbers() == list(range(1, told + 1))
    assert NoticeCount.objects.get().item_count == told
    assert Outbox.objects.count() == told
    assert deadlock_count() == 0


def test_members_told_in_any_order_wait_for_nobody_for_ever() -> None:
    people = [make_member(f"u-{number}") for number in range(10)]

    def write(number: int) -> None:
        members = people if number % 2 else people[::-1]
        for commit in range(ROUNDS):
            tell(*(news(f"{number}/{commit}/{one.pk}", member=one) for one in members))

    all_returned(at_once(8, write))

    assert all(numbers(f"u-{number}") == list(range(1, 8 * ROUNDS + 1)) for number in range(10))
    assert deadlock_count() == 0


def test_of_many_marks_at_once_the_furthest_holds() -> None:
    tell(*(news(f"order/{number}") for number in range(WRITERS)))

    def write(number: int) -> None:
        if number % 4 == 0:
            tell(news(f"more/{number}"))
        answer = call("notifications/read/", method="POST", body={"up_to": number})
        assert answer.status_code == 200

    all_returned(at_once(WRITERS, write))

    page = read("notifications/?limit=1")
    assert page["unread"] == WRITERS + 4 - (WRITERS - 1)
    assert page["results"][0]["number"] == WRITERS + 4
