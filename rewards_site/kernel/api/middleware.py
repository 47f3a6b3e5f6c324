"""The API's own short way in: no session, no cookie, no page, so none of what guards those.

A call proves who it is by its header alone, so there is nothing to forge (CSRF), and its answer is
JSON that no browser runs. Half of the time of a small answer went into what pages need
(docs/performance.md). The Host header is checked here as Django checks it: answers hold links.
"""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.template.response import SimpleTemplateResponse
from django.urls import Resolver404, resolve

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
}


class ApiDoorMiddleware:
    """Answers what lies below settings.API_DOORS itself, but for pages of HTML among it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # What is raised becomes an answer here, not further out, where it would lack our headers.
        self.answer = convert_exception_to_response(self._answer)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if not path.startswith(settings.API_DOORS) or path.startswith(settings.API_PAGES):
            return self.get_response(request)
        response = self.answer(request)
        assert isinstance(response, HttpResponseBase)  # no view here is asynchronous
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        if isinstance(response, HttpResponse):  # so that the connection is kept without chunks
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    def _answer(self, request: HttpRequest) -> HttpResponseBase:
        request.get_host()  # raises DisallowedHost: 400
        try:
            door = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        request.resolver_match = door
        response: HttpResponseBase = door.func(request, *door.args, **door.kwargs)
        if isinstance(response, SimpleTemplateResponse):
            response = response.render()
        return response
