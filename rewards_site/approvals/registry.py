"""Which kinds of change need two people. Rooms register theirs when they start."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from django.contrib.auth.models import PermissionsMixin, User

from rewards_site.kernel.admin.attention import Reader
from rewards_site.kernel.admin.panels import Panel


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
    """One kind of change, and who may decide about it."""

    label: str
    """As staff reads it: «move an order to another member»."""
    execute: Execute
    permission: str
    """Whoever approves needs it, beside `approvals.decide_proposal`."""
    panels: PanelsOf
    """What the page shows of what it is about, as it is now, for whoever reads it."""
    stale: Callable[[Mapping[str, Any]], str]
    """Why it cannot be carried out any more, as far as a look without locks tells; else empty."""


PanelsOf = Callable[[Mapping[str, Any], Reader], Sequence[Panel]]


def _never_stale(payload: Mapping[str, Any]) -> str:  # noqa: ARG001
    return ""


def _no_panels(payload: Mapping[str, Any], reader: Reader) -> list[Panel]:  # noqa: ARG001
    return []


_kinds: dict[str, Kind] = {}


def register(
    kind: str,
    *,
    label: str,
    permission: str,
    execute: Callable[..., str],
    panels: PanelsOf = _no_panels,
    stale: Callable[[Mapping[str, Any]], str] = _never_stale,
) -> None:
    """Have proposals of `kind` carried out by `execute` (see Execute)."""
    _kinds[kind] = Kind(
        label=label, execute=execute, permission=permission, panels=panels, stale=stale
    )


def kind_of(name: str) -> Kind | None:
    return _kinds.get(name)


def label_of(name: str) -> str:
    kind = _kinds.get(name)
    return kind.label if kind else name


def decides(reader: Reader) -> bool:
    """Whether any kind is this reader's to decide."""
    return any(has_perm(reader, kind.permission) for kind in _kinds.values())


def others(reader: Reader) -> list[str]:
    """The kinds that are not this reader's to decide."""
    return sorted(name for name, kind in _kinds.items() if not has_perm(reader, kind.permission))


def has_perm(reader: Reader, permission: str) -> bool:
    return isinstance(reader, PermissionsMixin) and reader.has_perm(permission)


def unregister(kind: str) -> None:
    """Forget a kind: proposals of it can then only be rejected or withdrawn."""
    _kinds.pop(kind, None)
