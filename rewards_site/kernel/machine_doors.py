"""Doors that machines knock at, whatever the Host header says: health probes and webhooks.

ALLOWED_HOSTS guards links in pages and mails; a machine's answer has none. A load balancer asks by
address. And a webhook refused for its Host would get a 400, which Button never sends again: one
wrong setting would lose money events, though each is signed. Sessions, CSRF and pages' headers mean
nothing here either, so these requests pass all other middleware by; only that a browser is not to
guess at what an answer is goes for these, too.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve


class MachineDoorsMiddleware:
    """Stands first, and answers what lies below settings.MACHINE_DOORS itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # What is raised becomes an answer here, not further out, where it would lack our header.
        self.answer = convert_exception_to_response(self._answer)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(settings.MACHINE_DOORS):
            return self.get_response(request)
        response = self.answer(request)
        assert isinstance(response, HttpResponseBase)  # no view here is asynchronous
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        if isinstance(response, HttpResponse):  # so that the connection is kept without chunks
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        try:
            door = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = door
        response: HttpResponseBase = door.func(request, *door.args, **door.kwargs)
        return response
