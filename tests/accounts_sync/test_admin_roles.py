"""Who may do what in the admin: every role against every page and verb, cell by cell."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import DeferredRow
from tests.accounts_sync.roles import GRANTED_VERBS, READS, granted, view_of
from tests.admin_world import fill, make_staff
from tests.conftest import CommittedDatabase
from tests.factories import observe, tell
from transactions.models import ButtonAccount, Transaction

MODELS = {model._meta.label: model for model in admin.site._registry}
ROLES = [pytest.param(role, id=role or "no role") for role in READS]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_reads(role: str, client: Client) -> None:
    fill(1, 1)
    client.force_login(make_staff(role))

    read = set()
    for label, model in MODELS.items():
        row = model._default_manager.order_by("pk").first()
        assert row is not None
        codes = {client.get(address(model)).status_code, client.get(page(row)).status_code}
        assert codes in ({200}, {403}), label
        if codes == {200}:
            read.add(label)

    assert read == READS[role]


@pytest.mark.django_db
@pytest.mark.parametrize("role", ROLES)
def test_no_role_adds_changes_or_deletes_by_hand(role: str, client: Client) -> None:
    fill(1, 1)
    client.force_login(make_staff(role))

    for model in MODELS.values():
        row = model._default_manager.order_by("pk").first()
        assert row is not None
        for action in ("add", "change", "delete"):
            where = address(model, "add") if action == "add" else page(row, action)
            assert client.post(where, {"post": "yes"}).status_code == 403, where


VERBS = {
    "attribute": (Transaction, {"customer_id": "u-1", "reason": "asked"}),
    "share-mode": (ButtonAccount, {"share_mode": "member", "reason": "agreed"}),
    "try-again": (WebhookEvent, {}),
    "try-row-again": (DeferredRow, {}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("verb", list(VERBS))
@pytest.mark.parametrize("role", ROLES)
def test_only_ops_does_anything(role: str, verb: str, client: Client) -> None:
    fill(1, 1)
    tell(observe("tx-nobody", publisher_customer_id=None))
    model, answers = VERBS[verb]
    row = model._default_manager.order_by("-pk").first()
    assert row is not None
    client.force_login(make_staff(role))
    name = verb.replace("row-", "")
    where = f"{address(model)}do/{name}/"

    asked = client.get(f"{where}?id={row.pk}").status_code
    done = client.post(where, answers | {"id": row.pk}).status_code
    offered = f"/do/{name}/" in client.get(page(row)).content.decode()
    in_menu = f'<option value="{name}">' in client.get(address(model)).content.decode()

    expected = (200, 302, True, True) if role == "Ops" else (403, 403, False, False)
    if role == "Ops" and verb in ("attribute", "share-mode"):
        row.refresh_from_db()
        assert (getattr(row, "share_mode", "") == "member") is (verb == "share-mode")
        offered = offered or verb == "attribute"  # named by now: no longer offered
    assert (asked, done, offered, in_menu) == expected


@pytest.mark.django_db
def test_people_without_staff_status_are_asked_to_log_in(client: Client) -> None:
    user = make_staff("Ops")
    user.is_staff = False
    user.save()
    client.force_login(user)

    answer = client.get("/admin/transactions/transaction/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/admin/login/")


@pytest.mark.django_db
def test_an_auditor_sees_staff_without_a_trace_of_their_passwords(client: Client) -> None:
    other = make_staff("Ops")
    client.force_login(make_staff("Auditor"))

    shown = client.get(page(other)).content.decode()

    assert "ops" in shown
    assert other.password not in shown
    assert "algorithm" not in shown
    assert client.get(f"/admin/auth/user/{other.pk}/password/").status_code == 403


@pytest.mark.django_db
def test_the_roles_grant_what_they_say_and_nothing_that_is_gone() -> None:
    for role, labels in READS.items():
        if role:
            views = {view_of(label) for label in labels}
            assert granted(role) == views | GRANTED_VERBS.get(role, set())


def test_the_roles_migration_may_run_twice_and_back(committed_db: CommittedDatabase) -> None:
    before = {role: granted(role) for role in READS if role}
    count = Permission.objects.count()

    call_command("migrate", "accounts_sync", "0001", verbosity=0)
    assert not Group.objects.filter(name__in=before).exists()
    call_command("migrate", verbosity=0)

    assert {role: granted(role) for role in before} == before
    assert Permission.objects.count() == count


@pytest.mark.django_db
def test_the_migration_names_permissions_as_django_does() -> None:
    for model in apps.get_models():
        for action in model._meta.default_permissions:
            codename = f"{action}_{model._meta.model_name}"
            found = Permission.objects.get(
                codename=codename, content_type__app_label=model._meta.app_label
            )
            assert found.name == f"Can {action} {model._meta.verbose_name_raw}"
        for codename, name in model._meta.permissions:
            assert Permission.objects.get(codename=codename).name == name


def address(model: type[Model], name: str = "changelist") -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}")


def page(row: Model, name: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{name}", args=[row.pk])
