"""What `manage.py check` says of our settings."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import checks
from pytest_django import Settings


def told(*, deploy: bool) -> list[tuple[str, str]]:
    """Our own messages: (id, text)."""
    found = checks.run_checks(include_deployment_checks=deploy)
    return [(str(each.id), each.msg) for each in found if str(each.id).startswith("rewards.")]


def test_short_secrets_are_told_before_a_deployment(settings: Settings) -> None:
    settings.BUTTON_WEBHOOK_SECRETS = ["w" * 32, "w" * 31]
    settings.BUTTON_TEST_WEBHOOK_SECRETS = ["t" * 32]
    settings.MEMBER_JWT_SECRET = "m" * 31
    settings.METRICS_TOKEN = "x" * 15

    assert [text.partition(":")[0] for _, text in told(deploy=True)] == [
        "BUTTON_WEBHOOK_SECRETS is shorter than 32 bytes",
        "MEMBER_JWT_SECRET is shorter than 32 bytes",
        "METRICS_TOKEN is shorter than 16 bytes",
    ]
    assert told(deploy=False) == []


def test_bytes_are_counted_not_characters(settings: Settings) -> None:
    settings.BUTTON_WEBHOOK_SECRETS = ["ö" * 16]
    settings.BUTTON_TEST_WEBHOOK_SECRETS = []

    assert told(deploy=True) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"retry": 419}, "retry is 419 s, but a prefetched task may end after 420 s"),
        ({"queue_limit": 8}, "retry is 600 s, but a prefetched task may end after 780 s"),
        ({"max_attempts": 0}, "max_attempts is 0: a task that raises would be tried for ever"),
        ({"ack_failures": True}, "ack_failures is on: a task that failed would not be tried again"),
        ({"catch_up": True}, "catch_up is on: what was missed would run in a burst"),
    ],
    ids=str,
)
def test_a_worker_set_unsoundly_refuses_every_command(
    settings: Settings, change: dict[str, Any], said: str
) -> None:
    settings.Q_CLUSTER = settings.Q_CLUSTER | change

    assert told(deploy=False) == [("rewards.E001", f"Q_CLUSTER: {said}.")]
