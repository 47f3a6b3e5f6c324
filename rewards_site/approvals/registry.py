"""Which kinds of change need two people. Rooms register theirs when they start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.auth.models import User


class Execute(Protocol):
    """Carries a proposal out, in the approving transaction; says in one sentence what came of it.

    Raises: a ServiceError, if it cannot be done any more. Nothing is decided then.
    """

    def __call__(
        self,
        payload: Mapping[str, Any],
        *,
        proposed_by: User,
        approved_by: User,
        reason: str,
        at: datetime,
    ) -> str: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    label: str
    """As staff reads it: «move an order to another member»."""
    execute: Execute
    permission: str
    """Whoever approves needs it, beside `approvals.decide_proposal`."""


_kinds: dict[str, Kind] = {}


def register(kind: str, *, label: str, permission: str, execute: Callable[..., str]) -> None:
    """Have proposals of `kind` carried out by `execute` (see Execute)."""
    _kinds[kind] = Kind(label=label, execute=execute, permission=permission)


def kind_of(name: str) -> Kind | None:
    return _kinds.get(name)


def label_of(name: str) -> str:
    kind = _kinds.get(name)
    return kind.label if kind else name


def unregister(kind: str) -> None:
    """Forget a kind: proposals of it can then only be rejected or withdrawn."""
    _kinds.pop(kind, None)
