"""Every list and page of the admin: opens, costs the same for 1 and for 50, is read-only."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from offers.rules.models import RuleChange
from rewards_site.kernel.admin.base import FastList, ReadOnlyAdmin
from rewards_site.members.models import Member
from tests.admin_world import fill
from transactions.ledger.models import Account, Entry, Horizon
from transactions.releases.models import ReleasePolicy

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
PAGES = [pytest.param(model, id=model._meta.label) for model in MODELS]
READ_ONLY = [
    pytest.param(model, id=model._meta.label) for model in MODELS if model not in (User, Group)
]


SEVERAL_PER_ORDER = (Account, Entry, Member, RuleChange)
"""Three for each order: 50 orders would fill more than a page, which is then counted."""


def list_address(model: type[Model]) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def page_address(row: Model, page: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def queries(client: Client, address: str) -> list[str]:
    """The statements behind a page, once everything that is kept is warm."""
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return [query["sql"] for query in captured.captured_queries]


def test_every_model_of_ours_has_its_page() -> None:
    ours = {"members", "offers", "transactions", "ledger", "accounts_sync", "inbox"}
    models = {model for model in apps.get_models() if model._meta.app_label in ours}

    assert models <= set(MODELS)
    assert all(isinstance(page, FastList) for page in admin.site._registry.values())


@pytest.mark.django_db
def test_a_list_costs_the_same_for_1_and_for_50(admin_client: Client) -> None:
    """All lists of one world: to fill it anew for each would take a minute."""

    def costs(models: list[type[Model]]) -> dict[str, int]:
        return {
            model._meta.label: len(queries(admin_client, list_address(model))) for model in models
        }

    fill(1, 1)
    for_one = costs(MODELS)

    fill(2, 33)
    for_many = costs([model for model in MODELS if model in SEVERAL_PER_ORDER])
    fill(34, 50)
    for_many |= costs([model for model in MODELS if model not in SEVERAL_PER_ORDER])

    assert for_many == for_one
    assert {label: count for label, count in for_many.items() if count > 8} == {}


@pytest.mark.django_db
@pytest.mark.parametrize("model", PAGES)
def test_no_list_asks_a_table_for_its_values_or_counts_it_all(
    model: type[Model], admin_client: Client
) -> None:
    fill(1, 1)

    asked = queries(admin_client, list_address(model))

    assert not [sql for sql in asked if "DISTINCT" in sql]
    table = f'"{model._meta.db_table}"'
    whole = f'SELECT COUNT(*) AS "__count" FROM {table}'
    assert not [sql for sql in asked if sql.strip() == whole]


@pytest.mark.django_db
@pytest.mark.parametrize("model", PAGES)
def test_every_row_has_its_page(model: type[Model], admin_client: Client) -> None:
    fill(1, 2)
    row = model._default_manager.order_by("pk").first()
    assert row is not None

    answer = admin_client.get(page_address(row))

    assert answer.status_code == 200
    assert answer.context["title"]


@pytest.mark.django_db
@pytest.mark.parametrize("model", READ_ONLY)
def test_an_empty_list_says_what_to_do_next(model: type[Model], admin_client: Client) -> None:
    if model in (Horizon, ReleasePolicy):
        pytest.skip("it has one row, made by its migration")
    answer = admin_client.get(list_address(model))

    page = admin.site._registry[model]
    assert isinstance(page, ReadOnlyAdmin)
    assert page.when_empty != "Nothing here yet."
    assert page.when_empty in answer.context["cl"].model_admin.when_empty
    assert b'class="empty"' in answer.content


@pytest.mark.django_db
@pytest.mark.parametrize("model", READ_ONLY)
def test_not_even_a_superuser_adds_changes_or_deletes(
    model: type[Model], admin_client: Client
) -> None:
    fill(1, 1)
    row = model._default_manager.order_by("pk").first()
    assert row is not None
    before = snapshot()
    add = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")
    form: dict[str, Any] = {field.name: "1" for field in model._meta.fields}

    for address in (add, page_address(row), page_address(row, "delete")):
        assert admin_client.post(address, form | {"post": "yes"}).status_code == 403
    assert admin_client.get(add).status_code == 403
    admin_client.post(
        list_address(model),
        {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"},
    )

    assert snapshot() == before


def snapshot() -> dict[str, list[dict[str, Any]]]:
    """Every row of every model that has a page."""
    return {
        model._meta.label: list(model._default_manager.order_by("pk").values()) for model in MODELS
    }


@pytest.mark.django_db
def test_no_staff_member_is_deleted_with_what_they_did(admin_client: Client) -> None:
    staff = User.objects.create(username="gone")

    assert admin_client.post(page_address(staff, "delete"), {"post": "yes"}).status_code == 403
    assert User.objects.filter(username="gone").exists()
