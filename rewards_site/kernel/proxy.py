"""Who asks, where a proxy stands in front (TRUST_PROXY): REMOTE_ADDR as the proxy tells it.

The right-most address of X-Forwarded-For is the one that our proxy itself added. Whatever stands
left of it was sent along, and anybody can send it.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

_TRACES = ("FORWARDED_FOR", "FORWARDED_PROTO", "FORWARDED_HOST", "REAL_IP")
_TRACES_OF_PROXIES = (*(f"HTTP_X_{name}" for name in _TRACES), "HTTP_FORWARDED", "HTTP_VIA")


class ProxyMiddleware:
    """Stands before all others, so that each reads the same REMOTE_ADDR."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.TRUST_PROXY:
            told = request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
            if _is_address(told):
                request.META["REMOTE_ADDR"] = told
        return self.get_response(request)


def may_have_been_forwarded(request: HttpRequest) -> bool:
    """Whether somebody else than who sits at REMOTE_ADDR may be asking.

    Behind a proxy always: one that adds no header would make the whole world look like itself.
    Elsewhere any trace of a proxy will do, since such a header can only take a right away.
    """
    return settings.TRUST_PROXY or any(name in request.META for name in _TRACES_OF_PROXIES)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
