"""`make demo`: members by their tokens, staff by their names, and Button's sandbox."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.contrib.auth.models import User

from rewards_site.demo_shopper import NOT_ANSWERED, call

Found = TypeVar("Found")
REASON = "For the demonstration."
SECONDS_MAX = 90


@dataclass(kw_only=True)
class People:
    """Who there is, and how they are reached: members by the API, staff by the services."""

    site: str
    button: str
    tokens: dict[str, str]
    receiver: str
    """The address of demo_receiver.py, and the file with its secrets."""
    receiver_secrets: str
    ended: threading.Event = field(default_factory=threading.Event)

    def ask(
        self, member: str, path: str, body: dict[str, Any] | None = None, *, key: str | None = None
    ) -> dict[str, Any]:
        """By a member's app; once more where it was not answered. Raises: OSError, ValueError."""
        address = f"{self.site}/api/v1/{path}"
        told = {"token": self.tokens[member], "idempotency_key": key}
        try:
            return call(address, body, **told)
        except NOT_ANSWERED:
            self.ended.wait(timeout=2)
            return call(address, body, **told)

    def tell_button(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """A control call of the sandbox."""
        return call(f"{self.button}/control/{path}", body)

    def wait_for(self, look: Callable[[], Found | None]) -> Found:
        """What `look` finds, in the end. Raises: TimeoutError."""
        for _ in range(SECONDS_MAX):
            found = look()
            if found is not None:
                return found
            self.ended.wait(timeout=1)
        raise TimeoutError(look.__name__)


def staff(username: str) -> User:
    return User.objects.get(username=username)
