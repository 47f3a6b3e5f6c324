"""The API's short way in: without what guards pages, with what guards an API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from tests.members.calling import call, problem_of, token_for

pytestmark = pytest.mark.django_db

PATHS = ["me/", "balances/", "nothing/", "schema/"]


def assert_no_browser_runs(response: Any) -> None:
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    policy = response.headers["Content-Security-Policy"]
    assert policy == "default-src 'none'; frame-ancestors 'none'"
    assert response.headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("path", PATHS)
def test_answers_are_json_that_no_browser_runs(path: str) -> None:
    response = call(path)

    assert_no_browser_runs(response)
    assert response.headers["Content-Length"] == str(len(response.content))
    assert "Set-Cookie" not in response.headers
    assert "Vary" not in response.headers or "Cookie" not in response.headers["Vary"]


def test_the_docs_are_a_page_with_the_policy_of_pages() -> None:
    response = Client().get("/api/v1/docs/")

    assert response.status_code == 200
    policy = response.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy + ";"
    assert "unsafe" not in policy
    assert b"<style" not in response.content
    assert b"<script>" not in response.content
    assert b"http" not in response.content.replace(b"http-equiv", b"")


def test_a_host_that_is_not_ours_is_refused(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["rewards.example"]

    response = Client().get(
        "/api/v1/balances/", headers={"Authorization": f"Bearer {token_for()}", "Host": "evil"}
    )

    problem_of(response, status=400)
    assert_no_browser_runs(response)


@pytest.mark.urls("tests.kernel.test_problems")
def test_nor_does_a_browser_run_what_a_fault_answers() -> None:
    response = Client(raise_request_exception=False).get("/api/v1/broken/")

    problem_of(response, status=500)
    assert_no_browser_runs(response)


def test_a_staff_session_opens_nothing(admin_client: Client) -> None:
    problem_of(admin_client.get("/api/v1/me/"), status=401)


def test_a_call_asks_nothing_that_only_pages_need(
    django_assert_num_queries: DjangoAssertNumQueries, admin_client: Client
) -> None:
    headers = {"Authorization": f"Bearer {token_for()}"}
    with django_assert_num_queries(1):
        admin_client.get("/api/v1/balances/", headers=headers)


def test_a_path_without_its_last_slash_leads_there() -> None:
    response = call("balances?x=1")

    assert response.status_code == 301
    assert response.headers["Location"] == "/api/v1/balances/?x=1"
