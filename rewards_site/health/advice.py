"""Django system checks of our settings. Importing this registers them.

What only weakens us is told by `manage.py check --deploy` and by `check_button`; settings under
which tasks would run beside themselves refuse every command.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

SECRET_BYTES_MIN = 32
TOKEN_BYTES_MIN = 16
SLACK_SECONDS = 60


def short_secrets() -> list[tuple[str, int]]:
    """Settings that hold a secret shorter than 32 bytes, or a token shorter than 16, and which."""
    secrets = {
        "BUTTON_WEBHOOK_SECRETS": settings.BUTTON_WEBHOOK_SECRETS,
        "BUTTON_TEST_WEBHOOK_SECRETS": settings.BUTTON_TEST_WEBHOOK_SECRETS,
        "MEMBER_JWT_SECRET": [settings.MEMBER_JWT_SECRET],
        "SECRET_KEY": [settings.SECRET_KEY],
    }
    short = [
        (name, SECRET_BYTES_MIN)
        for name, values in secrets.items()
        if any(value and len(value.encode()) < SECRET_BYTES_MIN for value in values)
    ]
    if settings.METRICS_TOKEN and len(settings.METRICS_TOKEN.encode()) < TOKEN_BYTES_MIN:
        short.append(("METRICS_TOKEN", TOKEN_BYTES_MIN))
    return short


@checks.register(checks.Tags.security, deploy=True)
def secrets_are_long(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001  # Django's
    **kwargs: Any,  # noqa: ARG001
) -> list[checks.CheckMessage]:
    return [
        checks.Warning(
            f"{name} is shorter than {least} bytes: it could be guessed by trying.",
            hint="openssl rand -hex 32 makes a good one.",
            id="rewards.W001",
        )
        for name, least in short_secrets()
    ]


@checks.register("worker")
def the_worker_is_set_soundly(
    app_configs: Sequence[AppConfig] | None,  # noqa: ARG001  # Django's
    **kwargs: Any,  # noqa: ARG001
) -> list[checks.CheckMessage]:
    """The retry clock starts when a task is prefetched: it must not strike before the task ends."""
    q: dict[str, Any] = settings.Q_CLUSTER
    wrong = []
    # Ahead of the last prefetched task: what the workers do, and what was prefetched before it;
    # the pusher holds one more in its hand.
    rounds = 1 + math.ceil((q["queue_limit"] + q["bulk"]) / q["workers"])
    needed = rounds * q["timeout"] + SLACK_SECONDS
    if q["retry"] < needed:
        wrong.append(f"retry is {q['retry']} s, but a prefetched task may end after {needed} s")
    if q["max_attempts"] < 1:
        wrong.append("max_attempts is 0: a task that raises would be tried for ever")
    if q["ack_failures"]:
        wrong.append("ack_failures is on: a task that failed would not be tried again")
    if q["catch_up"]:
        wrong.append("catch_up is on: what was missed would run in a burst")
    return [
        checks.Error(f"Q_CLUSTER: {sentence}.", hint="docs/decisions/0008.", id="rewards.E001")
        for sentence in wrong
    ]
