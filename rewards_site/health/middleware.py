"""Health answers whatever the Host header: load balancers ask a machine by its address."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from rewards_site.health import views

_PROBES = {"/health/live/": views.live, "/health/ready/": views.ready}


class HealthMiddleware:
    """Stands first. ALLOWED_HOSTS guards links in pages and mails; a probe's answer has none."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        probe = _PROBES.get(request.path_info)
        return probe(request) if probe else self.get_response(request)
