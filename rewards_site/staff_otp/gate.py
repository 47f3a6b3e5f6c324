"""Between the session and every door of staff: who owes a one-time code gets no further.

A session by password alone is no more than a way to the page that asks for the code, or, where
STAFF_OTP_REQUIRED demands it, to the page that sets codes up. What answers by a token or a
signature instead (the member API, webhooks, probes) has no session and never comes here.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from rewards_site.kernel.api.problems import problem_response
from rewards_site.staff_otp.services import device_of


class StaffOtpMiddleware:
    """Stands behind django-otp's own, which says whether a device has verified the session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return self.get_response(request)
        page = page_owed(request)
        if not page or request.path_info in _ways(page):
            return self.get_response(request)
        if request.path_info.startswith(settings.API_PAGES):
            return self.get_response(request)
        return _sent_to(page, request)


def page_owed(request: HttpRequest) -> str:
    """The name of the page that whoever is logged in has to pass first; empty for none."""
    user = request.user
    if not (user.is_authenticated and user.is_staff) or user.is_verified():  # type: ignore[attr-defined]  # django-otp's
        return ""
    assert isinstance(user, User)
    if device_of(user) is not None:
        return "staff_otp:code"
    return "staff_otp:own" if settings.STAFF_OTP_REQUIRED else ""


def _ways(page: str) -> set[str]:
    """What is open nevertheless: that page, logging in as somebody else, and logging out."""
    return {reverse(page), reverse("admin:login"), reverse("admin:logout")}


def _sent_to(page: str, request: HttpRequest) -> HttpResponseBase:
    is_for_people = "text/html" in request.headers.get("Accept", "")
    if not is_for_people and not request.path_info.startswith(reverse("admin:index")):
        return problem_response(
            403, detail=f"One-time codes are asked of you: log in at {reverse(page)} first."
        )
    if request.method != "GET":
        return HttpResponseRedirect(reverse(page))
    return HttpResponseRedirect(f"{reverse(page)}?next={quote(request.get_full_path())}")
