"""Clicks, as staff look up what a member was promised."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar
from urllib.parse import unquote

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from offers.clicks import pub_ref
from offers.clicks.listing import Listed
from offers.clicks.models import Click, LinkProblem
from offers.clicks.queries import clicks_by_pub_ref
from offers.clicks.words import listed_text, reward_text, terms_panel
from offers.rules.models import RuleVersion
from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.text import EMPTY, displayable, label, utc_text
from rewards_site.members.models import Member

_PANEL_ROWS_MAX = 10
_LIKE_A_REFERENCE = 100
"""Characters: no sealed reference is shorter."""


@admin.register(Click)
class ClickAdmin(ReadOnlyAdmin[Click]):
    list_display = ("clicked_at", "member", "merchant", "offer_id", "promised", "link_made")
    list_select_related = ("member", "merchant")
    list_defer = ("terms", "exclusions", "link", "url")
    search_fields = ("=public_id", "=pub_ref", "=member__customer_id")
    search_help_text = (
        "A whole click id, customer id, or reference (pub_ref) as an order brought it: for a "
        "reference of no click it says what it is."
    )
    linked_by = ("member",)
    fieldsets = (
        (None, {"fields": ("public_id", "member", "merchant", "clicked_at")}),
        (
            "What was promised",
            {"fields": ("promised", "offer_id", "listed", "shown_at", "what_earns_nothing")},
        ),
        ("Where it led", {"fields": ("link_made", "url", "link", "pub_ref")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "public_id": "click id",
        "clicked_at": "tapped",
        "shown_at": "shown",
        "offer_id": "offer",
        "url": "page asked for",
        "pub_ref": "reference (pub_ref)",
    }
    when_empty = (
        "No click yet. The first POST /api/v1/clicks/ of a member's app records one: "
        "docs/clicks.md tells app developers how."
    )

    @admin.display(description="reward shown")
    def promised(self, click: Click) -> str:
        return reward_text(click.reward)

    @admin.display(description="commission listed")
    def listed(self, click: Click) -> str:
        return listed_text(Listed(value=click.listed_value, currency=click.listed_currency or None))

    @admin.display(description="exclusions shown")
    def what_earns_nothing(self, click: Click) -> SafeString | str:
        lines = [displayable(str(line)) for line in click.exclusions]
        return format_html("{}", "; ".join(lines)) if lines else EMPTY

    @admin.display(description="link")
    def link_made(self, click: Click) -> SafeString:
        return link_label(click)

    def panels(self, request: HttpRequest, row: Click) -> list[Panel]:
        return [terms_panel(row.terms, may_view_rules=may_view(request, RuleVersion))]

    def title_of(self, row: Click) -> str:
        return f"Click of {displayable(str(row.member))} at {displayable(str(row.merchant))}"

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Click], search_term: str
    ) -> tuple[QuerySet[Click], bool]:
        found, is_doubled = super().get_search_results(request, queryset, search_term)
        term = search_term.strip()
        if len(term) >= _LIKE_A_REFERENCE and not clicks_by_pub_ref({term}):
            messages.warning(request, what_reference_is(term))
        return found, is_doubled


def link_label(click: Click) -> SafeString:
    if not click.link_problem:
        return label("made", tone="good")
    problem = LinkProblem(click.link_problem)
    return label(problem.value, tone="warn", text=f"none: {problem.label}")


def what_reference_is(text: str) -> str:
    """Of a reference that names no click, in words for support."""
    read = pub_ref.open(text)
    if read is not None:
        return (
            f"This reference is genuine, and names click {read.click_id} on offer "
            f"{displayable(read.offer_id)}, which was never recorded: its link was given to "
            "nobody. An order that brings it credits nobody."
        )
    plain = unquote(text)
    if plain != text and clicks_by_pub_ref({plain}):
        return (
            "This is a reference of ours with percent signs written into it. As it stands it "
            "credits nobody; search for it without them to see its click."
        )
    return (
        "This is no reference of ours as it stands: it was altered, cut, made by somebody else, or "
        "sealed by a key that is no longer in SEAL_KEYS. An order that brings it credits nobody."
    )


def _clicks_panel(request: HttpRequest, member: Member) -> Sequence[Panel]:
    if not may_view(request, Click):
        return []
    rows = Click.objects.filter(member=member).select_related("merchant")
    newest = rows.defer("terms", "exclusions").order_by("-public_id")
    clicks = list(newest[: _PANEL_ROWS_MAX + 1])
    return [
        Panel(
            title="Clicks, newest first",
            headings=["Tapped", "Merchant", "Reward shown", "Link"],
            rows=[
                [
                    link(utc_text(click.clicked_at), page_url(click)),
                    link(click.merchant, page_url(click.merchant)),
                    reward_text(click.reward),
                    link_label(click),
                ]
                for click in clicks[:_PANEL_ROWS_MAX]
            ],
            empty="This member has tapped no offer yet.",
            more_url=(
                list_url(Click, f"member={member.pk}") if len(clicks) > _PANEL_ROWS_MAX else ""
            ),
        )
    ]


panels.register(Member, _clicks_panel)
