"""The admin's frame: its name, the order of its rooms, and the landing page."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.template.response import TemplateResponse

from rewards_site.health import registry
from rewards_site.kernel import clock
from rewards_site.kernel.admin import attention
from rewards_site.kernel.admin.text import EMPTY

_ROOMS = ("transactions", "ledger", "members", "offers", "accounts_sync", "inbox", "django_q")
"""The order of the story: what was earned, by whom, for what, how the facts arrive."""
_VERBOSE = {"auth": "Staff", "admin": "Staff log", "django_q": "Worker"}


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
            "degraded": registry.degraded(at=at) if request.user.is_staff else [],
            "is_watcher": bool(cards),
        }
        return super().index(request, context | (extra_context or {}))


def _place(room: dict[str, Any]) -> tuple[int, str]:
    label = str(room["app_label"])
    return (_ROOMS.index(label) if label in _ROOMS else len(_ROOMS), label)
