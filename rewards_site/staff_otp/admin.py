"""Who of staff has one-time codes. Secrets and backup codes stand on no page of another person."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django_otp.plugins.otp_static import admin as _static_admin  # register their own pages,
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp import admin as _totp_admin  # which show secrets
from django_otp.plugins.otp_totp.models import TOTPDevice

from rewards_site.kernel.admin.service import Attempt, Done, ServiceAdmin, Verb
from rewards_site.kernel.admin.text import label
from rewards_site.staff_otp.services import reset

assert _static_admin
assert _totp_admin
for _model in (StaticDevice, TOTPDevice):
    admin.site.unregister(_model)


def _reset(attempt: Attempt[TOTPDevice]) -> Done:
    reset(user=attempt.row.user, actor=attempt.actor)
    return Done(message="has no one-time codes any more. Their password alone logs them in.")


_RESET: Verb[TOTPDevice] = Verb(
    name="reset",
    label="Reset the one-time codes",
    permission="otp_totp.delete_totpdevice",  # of superusers alone
    what_happens="For whoever lost both phone and backup codes: their secret and backup codes end "
    "at once, and until they set up new ones their password alone logs them in. Make sure that it "
    "is they who ask.",
    perform=_reset,
    objection=lambda row: "" if row.confirmed else "nothing is set up",
)


@admin.register(TOTPDevice)
class OneTimeCodesAdmin(ServiceAdmin[TOTPDevice]):
    intro = "Who of staff has set up one-time codes, and when they last used one."
    when_empty = "Nobody has set up one-time codes yet. Your own are under your name, above."
    list_display = ("user", "standing", "created_at", "last_used_at", "wrong_codes")
    list_select_related = ("user",)
    list_defer = ("key",)
    linked_by = ("user",)
    search_fields = ("=user__username",)
    search_help_text = "A whole user name."
    headings: ClassVar[dict[str, str]] = {"created_at": "begun", "last_used_at": "last used"}
    fieldsets = (
        (None, {"fields": ("user", "standing", "created_at", "last_used_at", "wrong_codes")}),
    )
    verbs = (_RESET,)

    @admin.display(description="standing")
    def standing(self, device: TOTPDevice) -> SafeString:
        return (
            label("done", text="in use") if device.confirmed else label("open", text="not set up")
        )

    @admin.display(description="wrong codes in a row")
    def wrong_codes(self, device: TOTPDevice) -> str:
        return str(device.throttling_failure_count)

    def title_of(self, row: TOTPDevice) -> str:
        return f"One-time codes of {row.user}"

    def objection(self, request: HttpRequest, verb: Verb[Any], row: TOTPDevice) -> str:
        if row.user_id == request.user.pk:
            return "your own you remove yourself, with a code"
        return super().objection(request, verb, row)
