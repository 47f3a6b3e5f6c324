"""Merchants and their profiles: what Button tells, since when, and what changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from offers.admin.looks import (
    LOOK,
    SEEN_FILTER,
    SWITCH_OFF,
    SWITCH_ON,
    answers_of,
    look_panels,
    seen_label,
)
from offers.admin.reading import ReadsCatalog
from offers.admin.revisions import revisions_panel
from offers.admin.words import facts_rows, flags_html, window_text
from offers.models import Merchant, MerchantProfile
from offers.queries import SHOPPABLE, is_shoppable, overlay_of, profile_of
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.panels import Panel
from rewards_site.kernel.admin.service import ServiceAdmin, Verb
from rewards_site.kernel.admin.text import EMPTY, displayable, evidence_html, label, utc_text

_UNLISTED = Q(profile__unlisted_since__isnull=False)
_STATES = {
    "not_described": ("not yet described", Q(profile__isnull=True)),
    "unlisted": ("not listed any more", _UNLISTED),
}


def state_label(profile: MerchantProfile | None) -> SafeString:
    """Whether shoppers may go there, and if not, why."""
    if profile is None:
        return label("not yet described", tone="warn")
    if profile.unlisted_since is not None:
        return label(
            "unlisted",
            tone="bad",
            text=f"not listed any more since {profile.unlisted_since:%Y-%m-%d}",
        )
    if is_shoppable(profile):
        return label("listed", tone="good")
    why = "not live" if profile.is_live_ready is False else profile.status
    return label("not shoppable", tone="warn", text=f"listed, but {why}")


@admin.register(Merchant)
class MerchantAdmin(ReadsCatalog, ServiceAdmin[Merchant]):
    verbs: ClassVar[Sequence[Verb[Merchant]]] = (LOOK, SWITCH_OFF, SWITCH_ON)
    list_display = ("merchant_id", "name", "state", "seen", "categories", "window", "first_seen_at")
    list_select_related = ("profile", "overlay")
    list_filter = (choice_filter("state", "state", _STATES), SEEN_FILTER)
    search_fields = ("=merchant_id", "name", "overlay__shown_name", "overlay__categories")
    search_help_text = "A merchant id (org-…), or part of a name or of a category of ours."
    fieldsets = (
        (None, {"fields": ("merchant_id", "name", "state", "orders")}),
        ("Times", {"fields": ("first_seen_at", "described_at", "read_at")}),
        ("What could not be read of its last row", {"fields": ("flags", "profile_page")}),
    )
    when_empty = (
        "No merchant yet. «Read the catalogue now» (or manage.py sync_merchants) takes over the "
        "brands that Button lists; an order of a brand never seen before makes it, too."
    )

    @admin.display(description="state")
    def state(self, merchant: Merchant) -> SafeString:
        return state_label(profile_of(merchant))

    @admin.display(description="members see it")
    def seen(self, merchant: Merchant) -> SafeString | str:
        return seen_label(merchant)

    @admin.display(description="categories")
    def categories(self, merchant: Merchant) -> str:
        overlay = overlay_of(merchant)
        return displayable(", ".join(overlay.categories)) if overlay else ""

    def initial_answers(self, rows: Sequence[Merchant]) -> dict[str, Any]:
        return answers_of(rows[0]) if len(rows) == 1 else {}

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """A look is of one merchant: it has a name."""
        actions = super().get_actions(request)
        actions.pop(LOOK.name, None)
        return actions

    def verb_view(self, request: HttpRequest, verb_name: str) -> HttpResponseBase:
        asked = request.POST if request.method == "POST" else request.GET
        if verb_name == LOOK.name and len(asked.getlist("id")) > 1:
            messages.warning(request, "Open the merchants one by one: each has a name of its own.")
            return HttpResponseRedirect(list_url(Merchant))
        return super().verb_view(request, verb_name)

    @admin.display(description="finalization window")
    def window(self, merchant: Merchant) -> str:
        profile = profile_of(merchant)
        return window_text(profile.finalization_window_minutes) if profile else EMPTY

    @admin.display(description="orders")
    def orders(self, merchant: Merchant) -> SafeString | str:
        try:
            address = reverse("admin:transactions_transaction_changelist")
        except NoReverseMatch:
            return EMPTY
        query = urlencode({"merchant": merchant.pk})
        return link("The orders of this merchant", f"{address}?{query}")

    @admin.display(description="first described")
    def described_at(self, merchant: Merchant) -> str:
        profile = profile_of(merchant)
        return utc_text(profile.described_at if profile else None)

    @admin.display(description="last listed by Button")
    def read_at(self, merchant: Merchant) -> str:
        profile = profile_of(merchant)
        return utc_text(profile.read_at if profile else None)

    @admin.display(description="dropped or cut")
    def flags(self, merchant: Merchant) -> SafeString | str:
        profile = profile_of(merchant)
        return flags_html(profile.flags if profile else [])

    @admin.display(description="the row itself")
    def profile_page(self, merchant: Merchant) -> SafeString | str:
        profile = profile_of(merchant)
        return link("As it came", page_url(profile)) if profile else EMPTY

    def panels(self, request: HttpRequest, row: Merchant) -> list[Panel]:
        profile = profile_of(row)
        told = facts_rows(profile) if profile else []
        return [
            *look_panels(request, row),
            Panel(
                title="What Button tells",
                note="As the Brands API tells it, and since when. Not to be edited here: the next "
                "reading tells it again.",
                headings=["What", "As told", "Since"],
                rows=[[what, text, _since_text(since)] for what, text, since in told],
                empty="Not yet described: the merchant is known by an order only. The next reading "
                "of the catalogue describes it, if Button lists it.",
            ),
            revisions_panel(row),
        ]


def add_verbs(*verbs: Verb[Merchant]) -> None:
    """Rooms above say what staff may do to a merchant."""
    MerchantAdmin.verbs = (*MerchantAdmin.verbs, *verbs)


@admin.register(MerchantProfile)
class MerchantProfileAdmin(ReadOnlyAdmin[MerchantProfile]):
    list_display = ("org", "name", "state", "read_at", "changed_at")
    list_select_related = ("merchant",)
    list_defer = ("row", "description", "exclusion_details", "additional_terms")
    list_filter = (
        choice_filter(
            "state",
            "state",
            {
                "shoppable": ("shoppers may go there", SHOPPABLE),
                "unlisted": ("not listed any more", Q(unlisted_since__isnull=False)),
                "not_live": ("not live", Q(is_live_ready=False)),
            },
        ),
    )
    search_fields = ("=merchant_id",)
    search_help_text = "A whole merchant id (org-…)."
    headings: ClassVar[dict[str, str]] = {"read_at": "last listed", "changed_at": "last changed"}
    fieldsets = (
        (None, {"fields": ("merchant", "state", "dropped")}),
        ("Times", {"fields": ("described_at", "read_at", "changed_at", "unlisted_since")}),
        ("Finalization windows, each with since when", {"fields": ("window_history",)}),
        ("The last row, as it came", {"fields": ("evidence",)}),
    )
    when_empty = (
        "Button has described no merchant yet. Run manage.py sync_merchants; the worker "
        "(manage.py qcluster) does it once a day by itself."
    )

    @admin.display(description="merchant id")
    def org(self, profile: MerchantProfile) -> str:
        return displayable(profile.pk)

    @admin.display(description="state")
    def state(self, profile: MerchantProfile) -> SafeString:
        return state_label(profile)

    @admin.display(description="dropped or cut")
    def dropped(self, profile: MerchantProfile) -> SafeString | str:
        return flags_html(profile.flags)

    @admin.display(description="row")
    def evidence(self, profile: MerchantProfile) -> str:
        return evidence_html(profile.row)


def _since_text(since: Any) -> str:
    return utc_text(datetime.fromisoformat(since)) if since else EMPTY
