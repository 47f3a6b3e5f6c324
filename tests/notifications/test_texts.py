"""Ops edit and translate the texts: checked, kept in versions, taken back."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput
from rewards_site.notifications.models import NoticeText
from rewards_site.notifications.queries import own_texts
from rewards_site.notifications.rendering import filled, objection_to
from rewards_site.notifications.services import edit_text, go_back_to_built_in
from rewards_site.notifications.texts import EXAMPLES, TEXTS, TextKey
from rewards_site.notifications.words import template_of
from tests.factories import NOON

pytestmark = pytest.mark.django_db
KEY = TextKey.REWARD_ADJUSTED
GOOD = {"title": "Changed", "body": "From {before} to {after}."}


def edit(**fields: Any) -> NoticeText:
    values: dict[str, Any] = {
        "key": KEY,
        "language": "en",
        "seen_number": 0,
        "actor": User.objects.get_or_create(username="olga")[0],
        "reason": "Friendlier.",
        "at": NOON,
    }
    return edit_text(**(values | GOOD | fields))


def in_force(key: TextKey = KEY) -> tuple[str, str]:
    return template_of(key, language="en", own=own_texts(["en"]))


def test_an_edit_is_a_version_with_who_and_why() -> None:
    first = edit()
    second = edit(body="{before} became {after}.", seen_number=1, reason=" Shorter. ")

    assert (first.number, second.number) == (1, 2)
    assert (second.actor.username, second.reason, second.changed_at) == ("olga", "Shorter.", NOON)
    assert in_force() == ("Changed", "{before} became {after}.")
    assert NoticeText.objects.count() == 2


def test_whoever_did_not_see_the_latest_version_is_told_so() -> None:
    edit()

    with pytest.raises(Conflict, match="meanwhile"):
        edit(body="{before} became {after}.")
    with pytest.raises(Conflict, match="meanwhile"):
        edit(body="{before} became {after}.", seen_number=5)
    with pytest.raises(Conflict, match="says so already"):
        edit(seen_number=1)

    assert in_force() == ("Changed", "From {before} to {after}.")


def test_back_to_the_built_in_words_and_on_from_there() -> None:
    edit()
    common: dict[str, Any] = {
        "key": KEY,
        "language": "en",
        "actor": User.objects.get(),
        "reason": "Ours were worse.",
        "at": NOON,
    }

    back = go_back_to_built_in(seen_number=1, **common)

    assert (back.number, back.is_built_in) == (2, True)
    assert in_force() == (TEXTS[KEY].title, TEXTS[KEY].body)
    with pytest.raises(Conflict, match="hold already"):
        go_back_to_built_in(seen_number=2, **common)
    edit(seen_number=2)
    assert in_force() == ("Changed", "From {before} to {after}.")


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"body": "From {before} to {aftr}."}, "body", "There is no {aftr} here. There are: {bef"),
        ({"title": "{__class__}"}, "title", "There is no {__class__} here."),
        ({"title": "{amount}"}, "title", "There is no {amount} here."),
        ({"body": "{before} {after} {store"}, "body", "A brace stands alone at «{store»"),
        ({"body": "{before} {after} }"}, "body", "A brace stands alone"),
        ({"body": "{before} {after} {0}"}, "body", "A brace stands alone"),
        ({"body": "{before.real} {after}"}, "body", "A brace stands alone"),
        ({"body": "{before!r} {after:>9}"}, "body", "A brace stands alone"),
        ({"body": "It changed."}, "body", "{before} is missing"),
        ({"body": "It is {after}."}, "body", "{before} is missing"),
        ({"title": "  "}, "title", "The title is missing."),
        ({"body": ""}, "body", "The body is missing."),
        ({"title": "x" * 101}, "title", "at most 100"),
        ({"body": "x" * 501}, "body", "at most 500"),
        ({"body": "{before} {after} \x00"}, "body", "cannot be kept"),
        ({"language": "tlh"}, "language", "no such language"),
        ({"reason": "  "}, "reason", "A reason is needed"),
    ],
)
def test_a_text_that_would_not_do_is_refused_field_by_field(
    fields: dict[str, str], field: str, sentence: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        edit(**fields)

    assert list(refusal.value.fields) == [field]
    assert sentence in refusal.value.fields[field]
    assert not NoticeText.objects.exists()


def test_what_is_needed_may_stand_in_the_title() -> None:
    edit(title="{before} is {after} now", body="The store {{sic}} says so.")

    assert filled(in_force()[1], EXAMPLES) == "The store {sic} says so."


@pytest.mark.parametrize("key", TextKey)
def test_the_built_in_words_would_pass_and_say_all_they_need(key: TextKey) -> None:
    text = TEXTS[key]

    assert objection_to(text.title + text.body, allowed=text.placeholders) == ""
    assert all(f"{{{name}}}" in text.title + text.body for name in text.needed)
    assert set(text.placeholders) <= set(EXAMPLES)
    assert "{" not in filled(text.body, EXAMPLES)


@pytest.mark.parametrize("text", ["{store.__class__}", "{store!r}", "{store:>9}", "{0}", "{"])
def test_nothing_but_plain_names_is_ever_filled_in(text: str) -> None:
    with pytest.raises(ValueError, match="stands alone"):
        filled(text, EXAMPLES)


def test_versions_are_never_changed() -> None:
    edit()
    table = NoticeText._meta.db_table

    for sql in (f"UPDATE {table} SET body = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="append-only"), atomic():
            connection.cursor().execute(sql)
    assert in_force() == ("Changed", "From {before} to {after}.")
