"""The two pages of one-time codes: the one that asks for a code, and one's own."""

from __future__ import annotations

from base64 import b32encode
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django_otp import login as otp_login
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice

from rewards_site.kernel import clock
from rewards_site.kernel.db import DatabaseUnavailable
from rewards_site.kernel.errors import ServiceError
from rewards_site.staff_otp import services
from rewards_site.staff_otp.gate import page_owed

_BUSY = "The database is busy and nothing was changed. Try again."


class CodeForm(forms.Form):
    code = forms.CharField(
        label="Code",
        max_length=40,
        widget=forms.TextInput(
            attrs={
                "autocomplete": "one-time-code",
                "autofocus": True,
                "spellcheck": "false",
                "autocapitalize": "off",
            }
        ),
    )


def code_view(request: HttpRequest) -> HttpResponse:
    """Asks whoever logged in by password for the code."""
    user = _who(request)
    next_url = _next(request)
    if page_owed(request) != "staff_otp:code":
        return HttpResponseRedirect(next_url)
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device = services.check_code(user=user, code=form.cleaned_data["code"])
        except ServiceError as refusal:
            form.add_error("code", str(refusal))
        except DatabaseUnavailable:
            form.add_error("code", _BUSY)
        else:
            _verified(request, device)
            _say_how_many_are_left(request, user, device)
            return HttpResponseRedirect(next_url)
    context = {
        **_frame(request, is_shut=True),
        "title": "One-time code",
        "form": form,
        "next": next_url,
    }
    return TemplateResponse(request, "admin/second_factor/code.html", context)


def own_view(request: HttpRequest) -> HttpResponse:
    """One's own codes: set up, confirmed, renewed, removed."""
    user = _who(request)
    form = CodeForm(request.POST or None)
    codes: tuple[str, ...] = ()
    if request.method == "POST":
        verb = request.POST.get("verb", "")
        if verb == "begin":
            return _begun(request, user)
        try:
            if form.is_valid():
                codes = _done(request, user, verb, form.cleaned_data["code"])
                if not codes:
                    return HttpResponseRedirect(request.path)
        except ServiceError as refusal:
            form.add_error("code", str(refusal))
        except DatabaseUnavailable:
            form.add_error("code", _BUSY)
    context = {
        **_frame(request, is_shut=bool(page_owed(request))),
        "title": "One-time codes",
        "form": form,
        "asked_verb": request.POST.get("verb", ""),
        "codes": codes,
        "next": _next(request),
        **_standing(user),
    }
    return TemplateResponse(request, "admin/second_factor/own.html", context)


def _begun(request: HttpRequest, user: User) -> HttpResponse:
    try:
        services.begin(user=user)
    except ServiceError as refusal:
        messages.error(request, str(refusal))
    except DatabaseUnavailable:
        messages.error(request, _BUSY)
    return HttpResponseRedirect(request.get_full_path())


def _done(request: HttpRequest, user: User, verb: str, code: str) -> tuple[str, ...]:
    """The backup codes to show, once; empty where there are none to show."""
    at = clock.now()
    if verb == "confirm":
        made = services.confirm(user=user, code=code, at=at)
        _verified(request, made.device)
        return made.backup_codes
    if verb == "renew":
        return services.renew_backup_codes(user=user, code=code, at=at)
    if verb == "remove":
        services.remove(user=user, code=code, at=at)
        messages.success(request, "Your one-time codes are removed: your password alone logs in.")
    return ()


def _standing(user: User) -> dict[str, Any]:
    device = services.device_of(user)
    pending = services.pending_device_of(user) if device is None else None
    secret = b32encode(pending.bin_key).decode().rstrip("=") if pending else ""
    return {
        "device": device,
        "pending": pending,
        "secret": " ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        "codes_left": services.backup_codes_left(user) if device else 0,
    }


def _verified(request: HttpRequest, device: Device) -> None:
    """The session has the code from now on, under a new key: the old one had the password alone."""
    request.session.cycle_key()
    otp_login(request, device)


def _say_how_many_are_left(request: HttpRequest, user: User, device: Device) -> None:
    if isinstance(device, StaticDevice):
        left = services.backup_codes_left(user)
        messages.warning(request, f"That was a backup code; {left} are left.")


def _who(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # admin_view() lets in nobody else
    return request.user


def _next(request: HttpRequest) -> str:
    asked = request.POST.get("next") or request.GET.get("next") or ""
    is_ours = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked if is_ours else reverse("admin:index")


def _frame(request: HttpRequest, *, is_shut: bool) -> dict[str, Any]:
    """The admin's frame; who owes a code sees nothing of what is behind it."""
    request.current_app = admin.site.name
    context = admin.site.each_context(request)
    if is_shut:
        context |= {"available_apps": [], "is_nav_sidebar_enabled": False}
    return context | {"is_shut": is_shut}
