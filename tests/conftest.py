"""What every test may use."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
import responses as responses_library
from django.db import connection, connections
from django.test.utils import setup_databases, teardown_databases
from hypothesis import HealthCheck, settings
from pytest_django import DjangoDbBlocker

settings.register_profile(
    "rewards",
    deadline=None,
    max_examples=50,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("rewards")


ON_ONE_DATABASE = (
    "tests/browser/",
    "tests/accounts_sync/test_admin_",
    "tests/accounts_sync/test_roles_documented.py",
    "tests/accounts_sync/test_deferred_pages.py",
    "tests/api_keys/",
    "tests/button/sandbox/",
    "tests/button/test_",
    "tests/contract/",
    "tests/house/test_house.py::test_every",
    "tests/health/",
    "tests/journeys/test_demo",
    "tests/journeys/test_readings.py",
    "tests/journeys/test_troubles.py",
    "tests/offers/clicks/test_mutations.py",
    "tests/offers/clicks/test_sealing.py",
    "tests/offers/rules/test_conflicts.py",
    "tests/offers/rules/test_match.py",
    "tests/offers/rules/test_reward",
    "tests/offers/rules/test_terms.py",
    "tests/notifications/test_texts.py",
    "tests/notifications/test_words.py",
    "tests/notifications/test_admin.py",
    "tests/outward/test_addresses.py",
    "tests/outward/test_admin.py",
    "tests/staff_otp/",
    "tests/test_command_line.py",
    "tests/test_demo_",
    "tests/test_dot_env.py",
    "tests/test_environment.py",
    "tests/transactions/explaining/",
    "tests/transactions/test_admin_",
    "tests/transactions/backtests/test_admin",
    "tests/transactions/claims/test_admin",
    "tests/transactions/payouts/test_admin",
    "tests/transactions/redemptions/test_admin.py",
    "tests/offers/test_admin",
    "tests/offers/rules/test_admin",
)
"""What asks no database, or looks the same on both: `make test` runs it with the first alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.nodeid.startswith(ON_ONE_DATABASE):
            item.add_marker(pytest.mark.one_database)
    if os.environ.get("TEST_DATABASE") != "postgres":
        reason = pytest.mark.skip(reason="shows what only PostgreSQL has; runs with it")
        for item in items:
            if "postgres" in item.keywords:
                item.add_marker(reason)


@pytest.fixture(scope="session")
def django_db_setup(
    django_test_environment: None,
    django_db_modify_db_settings: None,
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[None]:
    """As pytest-django's own, but also where only copies of the database are asked for."""
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default": None})
        yield
        teardown_databases(made, verbosity=0)


@dataclass
class CommittedDatabase:
    """A migrated database of its own, where commits are real: for threads and processes."""

    name: str
    url: str


_copies = 0


@pytest.fixture
def committed_db(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path: Path
) -> Iterator[CommittedDatabase]:
    """A copy of the migrated template. Append-only tables cannot be flushed, so it is dropped."""
    global _copies  # noqa: PLW0603
    _copies += 1
    with django_db_blocker.unblock():
        template = str(connection.settings_dict["NAME"])
        connection.close()
        if connection.vendor == "postgresql":
            copy = f"{template}_copy_{_copies}"
            _as_admin(f'CREATE DATABASE "{copy}" TEMPLATE "{template}"')
            host = quote(str(connection.settings_dict["HOST"]), safe="")
            url = f"postgres://postgres@{host}/{copy}"
        else:
            copy = str(tmp_path / "copy.db")
            shutil.copy(template, copy)
            url = f"sqlite:///{copy}"
        connection.settings_dict["NAME"] = copy
        try:
            yield CommittedDatabase(name=copy, url=url)
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = template
            if connection.vendor == "postgresql":
                _as_admin(f'DROP DATABASE "{copy}" WITH (FORCE)')


def _as_admin(sql: str) -> None:
    settings_dict = connection.settings_dict
    with psycopg.connect(
        host=settings_dict["HOST"], user="postgres", dbname="postgres", autocommit=True
    ) as admin:
        admin.execute(sql)


@pytest.fixture
def button() -> Iterator[responses_library.RequestsMock]:
    """Button at the wire: only what the test registers is answered."""
    with responses_library.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield mock
