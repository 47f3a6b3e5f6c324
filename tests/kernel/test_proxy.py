"""Who asks, where a proxy stands in front: REMOTE_ADDR, as all that reads it sees it."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

PROXY = "10.0.0.1"


def asked_by(told: str | None, *, path: str = "/health/live/") -> str:
    """The address that a view sees, of a request that came from the proxy."""
    headers = {} if told is None else {"X-Forwarded-For": told}
    response = Client().get(path, headers=headers, REMOTE_ADDR=PROXY)
    return str(response.wsgi_request.META["REMOTE_ADDR"])


@pytest.mark.parametrize("path", ["/health/live/", "/api/v1/me/", "/admin/login/"])
@pytest.mark.django_db
def test_every_door_sees_who_the_proxy_says_is_asking(settings: Settings, path: str) -> None:
    settings.TRUST_PROXY = True

    assert asked_by("203.0.113.9", path=path) == "203.0.113.9"


@pytest.mark.parametrize(
    ("told", "seen"),
    [
        ("127.0.0.1, 203.0.113.9", "203.0.113.9"),
        ("203.0.113.9,2001:db8::7", "2001:db8::7"),
        (" 203.0.113.9 ", "203.0.113.9"),
        (None, PROXY),
        ("", PROXY),
        ("203.0.113.9,", PROXY),
        ("203.0.113.9, unknown", PROXY),
        ("203.0.113.9:4711", PROXY),
        ("localhost", PROXY),
        ("'; --", PROXY),
    ],
    ids=str,
)
def test_only_what_the_nearest_proxy_added_counts(
    settings: Settings, told: str | None, seen: str
) -> None:
    settings.TRUST_PROXY = True

    assert asked_by(told) == seen


def test_without_a_proxy_nobody_is_believed() -> None:
    assert asked_by("203.0.113.9") == PROXY
