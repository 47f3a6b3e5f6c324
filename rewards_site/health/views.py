"""GET /health/live/, ready/ and full/: for load balancers and orchestrators; open, no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from rewards_site.health import alarms, registry
from rewards_site.health.checks import (
    applied_migrations,
    database_words,
    migrations_are_wrong,
)
from rewards_site.kernel import clock

OK = "ok"
ALARMS = "alarms"


@require_safe
def live(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001  # a view
    """The process answers. Asks no database: a restart would not mend one."""
    return _answer({"status": OK}, status=200)


@require_safe
def ready(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001  # a view
    """Database and migrations decide between 200 and 503; all else stands as degraded."""
    said = _said()
    return _answer(said, status=200 if said["status"] == OK else 503)


@require_safe
def full(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001  # a view
    """As ready, but 503 when anything is degraded: for whoever watches, not for traffic."""
    said = _said()
    if said["status"] == OK:
        said["figures"] = registry.told_figures(at=clock.now())
        if said["degraded"]:
            said["status"] = "degraded"
    return _answer(said, status=200 if said["status"] == OK else 503)


def _said() -> dict[str, Any]:
    checks = _deciding_checks()
    if any(said != OK for said in checks.values()):
        return {"status": "unavailable", "checks": checks, "degraded": []}
    findings = registry.findings(at=clock.now())
    open_alarms = alarms.open_names(with_calm=False)
    findings[ALARMS] = f"open: {', '.join(open_alarms)}" if open_alarms else ""
    checks |= {name: wrong or OK for name, wrong in findings.items()}
    degraded = [name for name, wrong in findings.items() if wrong]
    return {"status": OK, "checks": checks, "degraded": degraded}


def _deciding_checks() -> dict[str, str]:
    """One statement asks for both: whether the database answers, and what is migrated."""
    try:
        applied = applied_migrations()
    except (DatabaseError, InterfaceError) as error:
        return {"database": database_words(error)}
    return {"database": OK, "migrations": migrations_are_wrong(applied) or OK}


def _answer(body: Mapping[str, object], *, status: int) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
