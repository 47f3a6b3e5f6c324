"""Keys in the admin: made and shown once, revoked with a reason, otherwise read-only."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import URLResolver, get_resolver

from rewards_site.api_keys.door import BackEndDoor
from rewards_site.api_keys.models import ApiKey
from rewards_site.api_keys.scopes import Scope
from tests.admin_world import PASSWORD, make_staff, said
from tests.api_keys.calling import ask, make_key

pytestmark = pytest.mark.django_db

LIST = "/admin/api_keys/apikey/"
FORM = {"name": "support desk", "scopes": ["members:read"], "expires_at": ""}


def logged_in(*codenames: str) -> Client:
    user = make_staff(username="-".join(codenames) or "nobody")
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    assert client.login(username=user.username, password=PASSWORD)
    return client


@pytest.fixture
def maker() -> Client:
    return logged_in("view_apikey", "make_apikey", "revoke_apikey")


def test_a_key_is_made_shown_once_and_works(maker: Client) -> None:
    assert "Make a key" in maker.get(LIST).content.decode()
    assert maker.get(f"{LIST}make/").status_code == 200

    page = maker.post(f"{LIST}make/", FORM)

    shown = re.findall(r"rk_[a-z0-9]{12}_[A-Za-z0-9_-]{43}", page.content.decode())
    assert len(shown) == 1
    assert "no-store" in page.headers["Cache-Control"]
    assert "shown this once" in page.content.decode()
    assert ask(shown[0], "me/").status_code == 200
    row = ApiKey.objects.get()
    assert (row.name, row.scopes, row.expires_at) == ("support desk", ["members:read"], None)
    assert row.created_by.username == "view_apikey-make_apikey-revoke_apikey"
    for url in (LIST, f"{LIST}{row.pk}/change/"):
        text = maker.get(url).content.decode()
        assert f"rk_{row.key_id}_…" in text
        assert shown[0][16:] not in text
    (entry,) = LogEntry.objects.all()
    assert shown[0][16:] not in entry.change_message + entry.object_repr


def test_sent_twice_it_is_still_one_key(maker: Client) -> None:
    maker.post(f"{LIST}make/", FORM)
    again = maker.post(f"{LIST}make/", FORM)

    assert "A key of that name is in force" in again.content.decode()
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": " "}, "This field is required."),
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "everything is not one of the available choices."),
        ({"expires_at": "2020-01-01 00:00"}, "in the future"),
        ({"expires_at": "soon"}, "Enter a valid date/time."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    maker: Client, change: dict[str, object], words: str
) -> None:
    page = maker.post(f"{LIST}make/", FORM | change)

    assert words in page.content.decode()
    assert not ApiKey.objects.exists()


def test_the_scopes_offered_are_those_that_open_something(maker: Client) -> None:
    scopes = {scope for door in doors(get_resolver()) for scope in (door.scope, door.write_scope)}
    opened = {scope.value for scope in scopes if scope is not None}

    offered = maker.get(f"{LIST}make/").context["form"].fields["scopes"].choices

    assert {value for value, _label in offered} == opened == {"members:read", "redemptions:write"}


def doors(resolver: URLResolver) -> Iterator[type[BackEndDoor]]:
    """The views of the whole product that a key opens."""
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from doors(pattern)
        else:
            view: type = getattr(pattern.callback, "cls", object)
            if issubclass(view, BackEndDoor):
                yield view


def test_a_key_with_a_scope_that_is_not_offered_keeps_it(maker: Client) -> None:
    made = make_key(Scope.REDEMPTIONS_WRITE, Scope.MEMBERS_READ)

    assert ask(made.text, "me/").status_code == 200
    page = maker.get(f"{LIST}{made.row.pk}/change/").content.decode()
    assert "members:read, redemptions:write" in page


def test_a_key_is_revoked_with_a_reason(maker: Client) -> None:
    made = make_key()

    page = maker.get(f"{LIST}{made.row.pk}/change/").content.decode()
    assert "Revoke" in page
    nothing = maker.post(f"{LIST}do/revoke/?id={made.row.pk}", {"id": made.row.pk, "reason": ""})
    assert nothing.status_code == 200
    assert ask(made.text, "me/").status_code == 200
    answer = maker.post(f"{LIST}do/revoke/", {"id": made.row.pk, "reason": "found in a log"})

    assert said(answer) == [
        ("success", f"{made.row}: revoked. Calls with it are refused from now on.")
    ]
    assert ask(made.text, "me/").status_code == 401
    page = maker.get(f"{LIST}{made.row.pk}/change/").content.decode()
    assert "found in a log" in page
    assert "do/revoke/" not in page
    assert f"rk_{made.row.key_id}" in maker.get(f"{LIST}?state=revoked").content.decode()
    assert f"rk_{made.row.key_id}" not in maker.get(f"{LIST}?state=in force").content.decode()


def test_each_verb_has_a_permission_of_its_own() -> None:
    made = make_key()
    reader = logged_in("view_apikey")

    assert reader.get(LIST).status_code == 200
    assert "Make a key" not in reader.get(LIST).content.decode()
    for url in (f"{LIST}make/", f"{LIST}do/revoke/?id={made.row.pk}"):
        assert reader.get(url).status_code == 403
        assert reader.post(url, FORM | {"reason": "x"}).status_code == 403
    blind = logged_in("make_apikey", "revoke_apikey")
    assert blind.post(f"{LIST}make/", FORM).status_code == 403
    assert ApiKey.objects.count() == 1
    assert ask(made.text, "me/").status_code == 200


def test_nobody_changes_or_deletes_a_key() -> None:
    made = make_key()
    User.objects.filter(username="root").update(is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(username="root"))

    assert client.get(f"{LIST}add/").status_code == 403
    assert client.post(f"{LIST}{made.row.pk}/change/", {"name": "mine"}).status_code == 403
    assert client.post(f"{LIST}{made.row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ApiKey.objects.get().name == "support desk"
