"""The admin's frame: its name, the order of its rooms, and the landing page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from rewards_site.health import alarms
from rewards_site.kernel import clock
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.text import EMPTY

_ROOMS = (
    *("transactions", "members", "claims", "adjustments", "redemptions", "payouts"),
    *("notifications", "merging", "approvals"),
    *("offers", "clicks", "rate_decisions", "rules", "brandrecord"),
    *("reports", "ledger", "activity", "opening", "accounts_sync", "inbox", "missed", "health"),
    *("api_keys", "outward", "auth", "otp_totp", "admin", "django_q"),
)
"""The order of the story: what was earned, by whom, for what, how the facts arrive."""
_VERBOSE = {
    "auth": "Staff",
    "otp_totp": "One-time codes",
    "admin": "Staff log",
    "django_q": "Machinery",
}
_MACHINERY = {
    *("notifications.noticecount", "notifications.outbox"),
    *("accounts_sync.lease", "accounts_sync.seenrow", "accounts_sync.sidereading"),
    *("activity.activitycount", "missed.measuring"),
    "redemptions.redemptionkey",
    "members.erasedname",
    *("health.figures", "health.heartbeat", "health.tally", "health.turn", "health.notice"),
    *("ledger.horizon", "offers.catalogrun", "ratelimit.permit", "reports.reportresult"),
    *(
        "outward.deliveryattempt",
        "rate_decisions.shownpayload",
    ),
}
"""Lists that only whoever runs the program looks at: they stand with the worker's, last."""
_WORKER = "django_q"


class RewardsAdminSite(admin.AdminSite):
    """One landing page that says what needs a human; below it, every room."""

    site_header = "Button rewards"
    site_title = "Button rewards"
    index_title = "What needs a human now"
    site_url = None
    empty_value_display = EMPTY

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        rooms = super().get_app_list(request, app_label)
        for room in rooms:
            room["name"] = _VERBOSE.get(room["app_label"], str(room["name"]).partition(":")[0])
        if app_label is None:
            rooms = _with_machinery_apart(rooms)
        return sorted(rooms, key=_place)

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        at = clock.now()
        cards = attention.cards(request)
        context = {
            "subtitle": None,
            "waiting": [card for card in cards if card.count],
            "quiet": [card for card in cards if not card.count],
            "tables": attention.tables(request, at=at),
            "degraded": alarms.standing(at=at) if request.user.is_staff else [],
            "may_view_alarms": request.user.has_perm("health.view_alarm"),
            "is_watcher": bool(cards),
            "may_find_orders": request.user.has_perm("transactions.view_transaction"),
            "may_export": request.user.has_perm("reports.export_report"),
        }
        return super().index(request, context | (extra_context or {}))


def _with_machinery_apart(rooms: list[Any]) -> list[Any]:
    """The machinery's lists moved to the worker's room, where the reader has that room."""
    worker = next((room for room in rooms if room["app_label"] == _WORKER), None)
    if worker is None:
        return rooms
    for room in rooms:
        if room is not worker:
            apart = [model for model in room["models"] if _name_of(room, model) in _MACHINERY]
            room["models"] = [model for model in room["models"] if model not in apart]
            worker["models"] = [*worker["models"], *apart]
    return [room for room in rooms if room["models"]]


def _name_of(room: dict[str, Any], model: dict[str, Any]) -> str:
    return f"{room['app_label']}.{model['object_name']}".lower()


def _place(room: dict[str, Any]) -> tuple[int, str]:
    label = str(room["app_label"])
    return (_ROOMS.index(label) if label in _ROOMS else len(_ROOMS), label)
