"""Notices and their texts as staff see them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from rewards_site.kernel.db import atomic
from rewards_site.notifications.models import Notice, NoticeText
from rewards_site.notifications.texts import TextKey
from tests.admin_world import make_staff, said
from tests.members.calling import read
from tests.notifications.telling import make_member, news, tell

pytestmark = pytest.mark.django_db

ALL = reverse("admin:notifications_noticetext_all")
GOOD = {"title": "Da", "body": "{amount} von {store}", "seen_number": 0, "reason": "Deutsch."}


def edit_page(key: TextKey = TextKey.REWARD_PENDING, language: str = "de") -> str:
    return reverse("admin:notifications_noticetext_edit", args=[key.value, language])


@pytest.fixture
def ops(client: Client) -> Client:
    client.force_login(make_staff("Ops"))
    return client


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_ops_translate_a_text_and_members_read_it(ops: Client) -> None:
    tell(news())
    assert "It is pending until" not in text_of(ops.get(ALL + "?language=de"))
    assert "not translated" in text_of(ops.get(ALL + "?language=de"))

    answer = ops.post(edit_page(), GOOD, follow=True)

    assert said(answer) == [
        ("success", "reward.pending (de), version 1: members read it from now on.")
    ]
    assert "4.00 USD von Northwind" in text_of(answer)
    version = NoticeText.objects.get()
    assert (version.actor.username, version.reason) == ("ops", "Deutsch.")
    assert read("notifications/")["results"][0]["title"] == "Reward on its way"
    page = text_of(ops.get(reverse("admin:notifications_notice_change", args=[notice().pk])))
    assert "5,00 USD von Northwind" in page
    assert "It is pending until the store confirms the order." in page


def notice() -> Notice:
    return Notice.objects.get()


def test_a_preview_keeps_nothing(ops: Client) -> None:
    told = GOOD | {"title": "<b>{amount}</b>", "reason": "", "preview": "Preview"}
    answer = ops.post(edit_page(), told)

    assert answer.context["preview"] == ["<b>4.00 USD</b>", "4.00 USD von Northwind"]
    assert "&lt;b&gt;4.00 USD&lt;/b&gt;" in text_of(answer)
    assert not NoticeText.objects.exists()


@pytest.mark.parametrize("button", [{}, {"preview": "Preview"}])
@pytest.mark.parametrize(
    ("told", "field", "sentence"),
    [
        ({"body": "{amunt}"}, "body", "There is no {amunt} here. There are: {amount}, {store}."),
        ({"title": "{amount"}, "title", "A brace stands alone at «{amount». A placeholder"),
        ({"body": "Da."}, "body", "{amount} is missing"),
        ({"title": " "}, "title", "The title is missing."),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    ops: Client, told: dict[str, str], field: str, sentence: str, button: dict[str, str]
) -> None:
    answer = ops.post(edit_page(), GOOD | told | button)

    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert answer.context["form"].errors[field][0].startswith(sentence)
    assert not NoticeText.objects.exists()


def test_a_reason_is_needed_and_the_latest_version_seen(ops: Client) -> None:
    assert list(ops.post(edit_page(), GOOD | {"reason": ""}).context["form"].errors) == ["reason"]
    ops.post(edit_page(), GOOD)

    late = ops.post(edit_page(), GOOD | {"title": "Spät"})

    assert "Somebody changed this text meanwhile" in text_of(late)
    assert NoticeText.objects.get().title == "Da"


def test_back_to_the_built_in_words(ops: Client) -> None:
    page = edit_page(language="en")
    assert "Back to the built-in words" not in text_of(ops.get(page))
    ops.post(page, GOOD)
    form = ops.get(page).context["form"]
    assert (form.initial["title"], form.initial["seen_number"]) == ("Da", 1)

    back = GOOD | {"seen_number": 1, "built_in": "Back"}
    answer = ops.post(page, back, follow=True)

    assert said(answer)[0][1].endswith("version 2: the built-in words hold from now on.")
    assert ops.get(page).context["form"].initial["title"] == "Reward on its way"


@pytest.mark.parametrize("role", ["Finance", "Support", "Auditor"])
def test_others_read_the_texts_and_edit_none(client: Client, role: str) -> None:
    client.force_login(make_staff(role))

    answer = client.get(ALL)

    assert "Your order at Northwind earned you 4.00 USD." in text_of(answer)
    assert edit_page(language="en") not in text_of(answer)
    assert client.get(edit_page()).status_code == 403
    assert client.post(edit_page(), GOOD).status_code == 403
    assert not NoticeText.objects.exists()


def test_staff_without_a_role_and_pages_of_nothing(client: Client) -> None:
    client.force_login(make_staff())
    assert client.get(ALL).status_code == 403
    client.force_login(make_staff("Ops"))
    odd = reverse("admin:notifications_noticetext_edit", args=["odd", "de"])
    assert client.get(odd).status_code == 404
    assert client.get(edit_page(language="tlh")).status_code == 404
    assert client.get(ALL + "?language=tlh").context["language"] == "en"


def test_pages_hold_nothing_inline(ops: Client) -> None:
    for page in (ALL, edit_page()):
        text = text_of(ops.get(page))
        assert "<style" not in text
        assert "style=" not in text
        assert "onclick" not in text


def test_notices_are_found_by_customer_id_and_stand_on_the_members_page(ops: Client) -> None:
    member = make_member("ann")
    with atomic():
        tell(news("a", member=member), news("b", member=make_member("bob")))

    found = ops.get(reverse("admin:notifications_notice_changelist"), {"q": "ann"})
    page = ops.get(reverse("admin:members_member_change", args=[member.pk]))

    assert [row.key for row in found.context["cl"].result_list] == ["a"]
    (panel,) = [one for one in page.context["panels"] if one.title == "Notices"]
    assert panel.note == "1 of 1 not read."
    assert panel.rows[0][2].startswith("Your order at Northwind earned you 5.00 USD.")
    filtered = ops.get(panel.more_url)
    assert [row.key for row in filtered.context["cl"].result_list] == ["a"]
