"""GET /health/live/ and /health/ready/: for load balancers and orchestrators; open, no secrets."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.views.decorators.http import require_safe

from rewards_site.health import registry
from rewards_site.health.checks import (
    applied_migrations,
    database_words,
    migrations_are_wrong,
)
from rewards_site.kernel import clock

OK = "ok"


@require_safe
def live(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001  # a view
    """The process answers. Asks no database: a restart would not mend one."""
    return _answer({"status": OK}, status=200)


@require_safe
def ready(request: HttpRequest) -> HttpResponseBase:  # noqa: ARG001  # a view
    """Database and migrations decide between 200 and 503; all else stands as degraded."""
    checks = _deciding_checks()
    if any(said != OK for said in checks.values()):
        return _answer({"status": "unavailable", "checks": checks, "degraded": []}, status=503)
    findings = registry.findings(at=clock.now())
    checks |= {name: wrong or OK for name, wrong in findings.items()}
    degraded = [name for name, wrong in findings.items() if wrong]
    return _answer({"status": OK, "checks": checks, "degraded": degraded}, status=200)


def _deciding_checks() -> dict[str, str]:
    """One statement asks for both: whether the database answers, and what is migrated."""
    try:
        applied = applied_migrations()
    except (DatabaseError, InterfaceError) as error:
        return {"database": database_words(error)}
    return {"database": OK, "migrations": migrations_are_wrong(applied) or OK}


def _answer(body: Mapping[str, object], *, status: int) -> JsonResponse:
    return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
