"""`GET notifications/`, `POST notifications/read/`, and the same for the back end."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from rewards_site.api_keys.scopes import Scope
from rewards_site.members.models import Member
from rewards_site.notifications.models import Notice, NoticeCount
from rewards_site.notifications.news import NewsKind
from rewards_site.notifications.texts import TextKey
from tests.api_keys.calling import ask, make_key
from tests.factories import MEMBER
from tests.members.calling import call, problem_of, read
from tests.notifications.telling import CLAIM, ORDER, make_member, news, redemption, tell
from tests.notifications.test_words import edit

pytestmark = pytest.mark.django_db


def mark(up_to: object, *, customer_id: str = MEMBER) -> Any:
    return call(
        "notifications/read/", customer_id=customer_id, method="POST", body={"up_to": up_to}
    )


def test_a_notice_is_shown_whole() -> None:
    tell(news(before_minor=None, after_minor=500))
    notice = Notice.objects.get()

    page = read("notifications/")

    assert page == {
        "next": None,
        "previous": None,
        "unread": 1,
        "results": [
            {
                "id": str(notice.public_id),
                "number": 1,
                "at": "2026-11-20T12:00:00Z",
                "kind": "reward.pending",
                "title": "Reward on its way",
                "text": "Your order at Northwind earned you 5.00 USD. It is pending until the "
                "store confirms the order.",
                "currency": "USD",
                "before": None,
                "after": 500,
                "transaction": str(ORDER),
                "redemption": None,
                "claim": None,
                "is_read": False,
            }
        ],
    }


def test_what_is_about_no_amount_names_no_currency() -> None:
    tell(
        news(kind=NewsKind.CLAIM_OPENED, currency="", after_minor=None, claim_id=CLAIM),
    )

    (row,) = read("notifications/")["results"]

    assert (row["currency"], row["before"], row["after"]) == (None, None, None)
    assert row["claim"] == str(CLAIM)


def test_pages_go_from_the_newest_number_to_the_first_and_miss_none() -> None:
    tell(*(news(f"order/{number}") for number in range(1, 8)))

    pages, path = [], "notifications/?limit=3"
    while path:
        page = read(path)
        pages.append([row["number"] for row in page["results"]])
        assert page["unread"] == 7
        path = page["next"]
        tell(news(f"meanwhile/{len(pages)}", member=make_member("other")))

    assert pages == [[7, 6, 5], [4, 3, 2], [1]]
    problem_of(call("notifications/?cursor=odd"), status=400)
    problem_of(call("notifications/?limit=many"), status=422)


def test_the_read_marker_moves_forward_only_and_never_past_the_newest() -> None:
    tell(*(news(f"order/{number}") for number in range(1, 5)))

    answers = [mark(up_to).json() for up_to in (2, 2, 1, 0, 3, 10**30, 1)]

    assert answers == [
        {"read_up_to": 2, "unread": 2},
        {"read_up_to": 2, "unread": 2},
        {"read_up_to": 2, "unread": 2},
        {"read_up_to": 2, "unread": 2},
        {"read_up_to": 3, "unread": 1},
        {"read_up_to": 4, "unread": 0},
        {"read_up_to": 4, "unread": 0},
    ]
    tell(news("order/5"))
    page = read("notifications/")
    assert page["unread"] == 1
    assert [row["is_read"] for row in page["results"]] == [False, True, True, True, True]
    assert read("me/")["unread_notifications"] == 1


@pytest.mark.parametrize("up_to", [-1, 1.5, "two", None, True, [], {}])
def test_no_number_is_422(up_to: object) -> None:
    tell(news())

    document = problem_of(mark(up_to), status=422)

    assert [error["field"] for error in document["errors"]] == ["up_to"]
    assert read("notifications/")["unread"] == 1


@pytest.mark.parametrize("body", [[], "x", 3, {}])
def test_a_body_without_the_number_is_422(body: object) -> None:
    problem_of(call("notifications/read/", method="POST", body=body), status=422)


def test_no_json_is_400_and_a_read_by_get_is_405() -> None:
    problem_of(call("notifications/read/", method="POST", raw=b"{"), status=400)
    assert call("notifications/read/").status_code == 405
    assert call("notifications/", token="nonsense").status_code == 401


def test_somebody_never_seen_has_none_and_is_not_made() -> None:
    assert read("notifications/", customer_id="new") == {
        "next": None,
        "previous": None,
        "unread": 0,
        "results": [],
    }
    assert mark(5, customer_id="new").json() == {"read_up_to": 0, "unread": 0}
    assert not Member.objects.exists()
    assert not NoticeCount.objects.exists()


def test_a_member_sees_and_marks_only_their_own() -> None:
    tell(news("a"), news("b", member=make_member("other")))

    assert mark(1, customer_id="other").json() == {"read_up_to": 1, "unread": 0}

    page = read("notifications/")
    assert page["unread"] == 1
    assert [row["number"] for row in page["results"]] == [1]
    assert Notice.objects.get(pk=1 + Notice.objects.order_by("pk")[0].pk).key == "b"


def test_a_former_customer_id_reads_and_marks_the_members_own() -> None:
    """What the other was told before the two were merged stays with their row: its numbers, and
    what was read of it, are a line of its own."""
    kept, given_up = make_member(), make_member("former")
    tell(news("before", member=given_up), news("a", member=kept), news("b", member=kept))
    Member.objects.filter(pk=given_up.pk).update(same_as=kept)

    assert mark(1, customer_id="former").json() == {"read_up_to": 1, "unread": 1}

    former, own = (read("notifications/", customer_id=name) for name in ("former", MEMBER))
    assert former == own
    assert [(row["number"], row["is_read"]) for row in own["results"]] == [(2, False), (1, True)]
    assert read("me/", customer_id="former")["unread_notifications"] == 1


def test_the_language_is_the_callers() -> None:
    edit(TextKey.REWARD_PENDING, "de", title="Unterwegs", body="{amount} von {store}.")
    tell(news())

    def words(header: str) -> list[str]:
        response = call("notifications/", headers={"Accept-Language": header})
        (row,) = response.json()["results"]
        return [row["title"], row["text"]]

    assert words("de-CH,de;q=0.9,en;q=0.8") == ["Unterwegs", "5,00 USD von Northwind."]
    assert words("en")[0] == "Reward on its way"
    edit(TextKey.REWARD_PENDING, "de", title="Kommt", body="{amount}", seen_number=1)
    assert words("de") == ["Kommt", "5,00 USD"]


def test_it_costs_the_same_for_1_and_for_50() -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            read("notifications/?limit=200")
        return len(captured)

    tell(news("order/0"))
    for_one = cost()
    tell(*(redemption(f"r/{number}") for number in range(25)))
    tell(*(news(f"order/{number}", currency="JPY") for number in range(1, 25)))

    assert (cost(), for_one) == (4, 4)


def test_the_back_end_reads_the_same_with_its_scope() -> None:
    tell(news("a"), news("b"))
    mark(1)

    key = make_key().text
    answer = ask(key, "notifications/?limit=1")

    assert answer.status_code == 200
    page = answer.json()
    assert (page["unread"], [row["number"] for row in page["results"]]) == (1, [2])
    assert f"/api/v1/members/{MEMBER}/notifications/" in page["next"]
    assert ask(key, "me/").json()["unread_notifications"] == 1
    assert ask(key, "me/", customer_id="new").json()["unread_notifications"] == 0
    other = make_key(Scope.REDEMPTIONS_WRITE, name="payer").text
    problem_of(ask(other, "notifications/"), status=403)
