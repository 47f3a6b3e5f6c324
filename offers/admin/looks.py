"""How members see merchants: what ops decided, and the verbs that decide it."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.utils.safestring import SafeString

from offers.admin.words import decisions_html
from offers.models import Merchant, MerchantOverlay, OverlayChange
from offers.overlay import Look, decide_look, look_of, switch
from offers.queries import overlay_of
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import choice_filter
from rewards_site.kernel.admin.panels import ROWS_MAX, Panel, may_view
from rewards_site.kernel.admin.service import Attempt, Done, ReasonForm, Verb
from rewards_site.kernel.admin.text import EMPTY, displayable, label, utc_text

PERMISSION = "offers.decide_merchantoverlay"
_OFF = Q(overlay__is_switched_off=True)
_FEATURED = Q(overlay__is_featured=True)
SEEN_FILTER = choice_filter(
    "members see it", "seen", {"off": ("switched off", _OFF), "featured": ("featured", _FEATURED)}
)


class LookForm(ReasonForm):
    """The whole look, as it is now."""

    shown_name = forms.CharField(
        max_length=255, required=False, help_text="Empty: the name that Button tells."
    )
    is_switched_off = forms.BooleanField(
        required=False,
        label="Switched off",
        help_text="No offers of it are shown, and it is in no list. Orders go on as ever.",
    )
    is_featured = forms.BooleanField(
        required=False, label="Featured", help_text="Listed before all that are not."
    )
    position = forms.IntegerField(
        min_value=1,
        max_value=1_000_000,
        required=False,
        help_text="1 is first, among the featured and among the others. Empty: after those with "
        "a position.",
    )
    categories = forms.CharField(
        required=False, help_text="Separated by commas, as members read them: Shoes, Sport."
    )
    note = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For staff alone.",
    )
    field_order = ["shown_name", "is_switched_off", "is_featured", "position", "categories", "note"]


def answers_of(merchant: Merchant) -> dict[str, Any]:
    """What the form begins with."""
    look = look_of(overlay_of(merchant))
    told = {name: getattr(look, name) for name in LookForm.field_order}
    return told | {"categories": ", ".join(look.categories)}


def _decide(attempt: Attempt[Merchant]) -> Done:
    told = {name: attempt.answers[name] for name in LookForm.field_order}
    categories = tuple(str(told.pop("categories")).split(","))
    change = decide_look(
        merchant_id=attempt.row.pk,
        look=Look(**told, categories=categories),
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    words = ", ".join(one["field"].replace("_", " ") for one in change.changes)
    return Done(message=f"members see it so from now on ({words}).")


def _switch_off(attempt: Attempt[Merchant]) -> Done:
    return _switched(attempt, is_off=True, message="switched off; members see no offers of it.")


def _switch_on(attempt: Attempt[Merchant]) -> Done:
    return _switched(attempt, is_off=False, message="switched on; its offers are shown again.")


def _switched(attempt: Attempt[Merchant], *, is_off: bool, message: str) -> Done:
    switch(
        merchant_id=attempt.row.pk,
        is_off=is_off,
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(message=message)


def _is_off_already(merchant: Merchant) -> str:
    return "It is switched off already." if look_of(overlay_of(merchant)).is_switched_off else ""


def _is_on_already(merchant: Merchant) -> str:
    return "" if look_of(overlay_of(merchant)).is_switched_off else "It is not switched off."


LOOK: Verb[Merchant] = Verb(
    name="look",
    label="How members see it",
    permission=PERMISSION,
    what_happens="Members see the merchant so from their next request on. What Button tells stays "
    "beside it, and no reading of the catalogue changes what you decide here.",
    perform=_decide,
    form=LookForm,
)
SWITCH_OFF: Verb[Merchant] = Verb(
    name="switch-off",
    label="Switch off",
    permission=PERMISSION,
    what_happens="Members see no offers of it from their next request on, and it leaves the list "
    "of merchants. Orders that were made, or come in, are rewarded as ever.",
    perform=_switch_off,
    objection=_is_off_already,
)
SWITCH_ON: Verb[Merchant] = Verb(
    name="switch-on",
    label="Switch on",
    permission=PERMISSION,
    what_happens="Its offers are shown again, as far as Button lets shoppers go there.",
    perform=_switch_on,
    objection=_is_on_already,
)


def seen_label(merchant: Merchant) -> SafeString | str:
    """What of it members see differently, in a word."""
    look = look_of(overlay_of(merchant))
    if look.is_switched_off:
        return label("switched off", tone="bad")
    return label("featured", tone="good") if look.is_featured else EMPTY


def look_panels(request: HttpRequest, merchant: Merchant) -> list[Panel]:
    """What ops decided, and when they did what."""
    if not may_view(request, MerchantOverlay):
        return []
    overlay = overlay_of(merchant)
    look = look_of(overlay)
    rows: list[list[Any]] = [
        ["name", displayable(look.shown_name or merchant.name)],
        ["switched off", "yes" if look.is_switched_off else "no"],
        ["featured", "yes" if look.is_featured else "no"],
        ["position", EMPTY if look.position is None else look.position],
        ["categories", displayable(", ".join(look.categories)) or EMPTY],
        ["note", displayable(look.note) or EMPTY],
    ]
    return [
        Panel(
            title="How members see it",
            note="Decided here, and never overwritten by what Button tells.",
            headings=["What", "As decided"],
            rows=rows if overlay is not None else [],
            empty="Nothing is decided: members see it as Button tells it. «How members see it», "
            "above, changes that.",
        ),
        *([_history(merchant)] if overlay is not None else []),
    ]


def _history(merchant: Merchant) -> Panel:
    changes = list(
        merchant.overlay_changes.select_related("actor").order_by("-number")[: ROWS_MAX + 1]
    )
    return Panel(
        title="Who decided so, newest first",
        headings=["#No.", "When", "What", "By", "Why"],
        rows=[
            [
                link(change.number, page_url(change)),
                utc_text(change.changed_at),
                decisions_html(change),
                displayable(str(change.actor)),
                displayable(change.reason),
            ]
            for change in changes[:ROWS_MAX]
        ],
        empty="",
        more_url=(
            list_url(OverlayChange, f"merchant={merchant.pk}") if len(changes) > ROWS_MAX else ""
        ),
    )


@admin.register(MerchantOverlay)
class MerchantOverlayAdmin(ReadOnlyAdmin[MerchantOverlay]):
    list_display = ("org", "merchant", "is_switched_off", "is_featured", "position", "changed_at")
    list_select_related = ("merchant",)
    list_filter = (
        choice_filter(
            "members see it",
            "seen",
            {
                "off": ("switched off", Q(is_switched_off=True)),
                "featured": ("featured", Q(is_featured=True)),
            },
        ),
    )
    search_fields = ("=merchant_id",)
    search_help_text = "A whole merchant id (org-…)."
    headings: ClassVar[dict[str, str]] = {
        "is_switched_off": "switched off",
        "is_featured": "featured",
        "changed_at": "last decided",
        "change_count": "decisions",
    }
    fieldsets = (
        (None, {"fields": ("merchant", "shown_name", "is_switched_off", "is_featured")}),
        ("In lists", {"fields": ("position", "categories")}),
        ("For staff", {"fields": ("note", "changed_at", "change_count")}),
    )
    when_empty = (
        "Nothing is decided: members see every merchant as Button tells it. Open a merchant and "
        "choose «How members see it»."
    )

    @admin.display(description="merchant id")
    def org(self, overlay: MerchantOverlay) -> str:
        return displayable(overlay.pk)


@admin.register(OverlayChange)
class OverlayChangeAdmin(ReadOnlyAdmin[OverlayChange]):
    list_display = ("changed_at", "merchant", "what_changed", "actor", "reason")
    list_select_related = ("merchant", "actor")
    search_fields = ("=merchant__merchant_id",)
    search_help_text = "A whole merchant id (org-…)."
    linked_by = ("merchant",)
    fieldsets = (
        (None, {"fields": ("merchant", "number", "what_changed")}),
        ("Who and why", {"fields": ("actor", "reason", "changed_at")}),
    )
    when_empty = (
        "Nobody has decided anything about a merchant yet. Open a merchant and choose «How "
        "members see it»."
    )

    @admin.display(description="what was decided")
    def what_changed(self, change: OverlayChange) -> SafeString:
        return decisions_html(change)
