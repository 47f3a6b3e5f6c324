"""Notices as staff see them: what was told, to whom, in which words; and the texts behind them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from rewards_site.kernel.admin import panels
from rewards_site.kernel.admin.base import ReadOnlyAdmin
from rewards_site.kernel.admin.columns import link, list_url, page_url
from rewards_site.kernel.admin.filters import word_filter
from rewards_site.kernel.admin.panels import Panel, may_view
from rewards_site.kernel.admin.text import EMPTY, displayable, utc_text
from rewards_site.members.models import Member
from rewards_site.notifications.languages import default_language
from rewards_site.notifications.models import Notice, NoticeCount, NoticeText, Outbox
from rewards_site.notifications.news import NewsKind
from rewards_site.notifications.queries import (
    marker_of,
    notices_of,
    own_texts,
    texts_of_all_languages,
)
from rewards_site.notifications.text_pages import TextPages
from rewards_site.notifications.texts import TextKey
from rewards_site.notifications.words import text_key_of, words_of

_LATEST = 10


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin[Notice]):
    list_display = ("at", "member", "number", "kind", "before_minor", "after_minor", "currency")
    list_select_related = ("member",)
    list_filter = (word_filter("kind", [kind.value for kind in NewsKind]),)
    linked_by = ("member",)
    search_fields = ("=member__customer_id", "=key")
    search_help_text = "A whole customer id, or the whole key of what it was told for."
    fieldsets = (
        (None, {"fields": ("member", "number", "kind", "at", "key", "public_id")}),
        (
            "What changed",
            {
                "fields": (
                    "before_minor",
                    "after_minor",
                    "pending_change_minor",
                    "available_change_minor",
                    "facts",
                )
            },
        ),
        (
            "Public ids of what it is about",
            {"fields": ("activity_id", "transaction_id", "redemption_id", "claim_id")},
        ),
    )
    headings: ClassVar[dict[str, str]] = {
        "at": "told",
        "public_id": "id in the API",
        "activity_id": "item of activity",
        "transaction_id": "order",
        "redemption_id": "redemption",
        "claim_id": "claim",
    }
    intro = "What members were told: one notice for each real change, never changed afterwards."
    when_empty = (
        "Nobody was told anything yet. The first reward, redemption or claim writes the first "
        "notice; an order bought before GO_LIVE_AT writes none."
    )

    def panels(self, request: HttpRequest, row: Notice) -> list[Panel]:
        """The words in the default language, and in those that ops wrote for this kind."""
        own = texts_of_all_languages(text_key_of(row))
        languages = sorted({language for _, language in own} | {default_language()})
        told = [words_of(row, languages=(language,), own=own) for language in languages]
        told = [words for words in told if words.text]
        return [
            Panel(
                title="What the member reads now",
                headings=["Language", "Title", "Text"],
                rows=[
                    [words.language, displayable(words.title), displayable(words.text)]
                    for words in told
                ],
                empty="",
                note="Words are made when they are read: an edited text holds for this one, too.",
            )
        ]


@admin.register(NoticeCount)
class NoticeCountAdmin(ReadOnlyAdmin[NoticeCount]):
    list_display = ("member", "item_count", "read_up_to")
    list_select_related = ("member",)
    search_fields = ("=member__customer_id",)
    search_help_text = "A whole customer id."
    fieldsets = ((None, {"fields": ("member", "item_count", "read_up_to")}),)
    headings: ClassVar[dict[str, str]] = {"item_count": "notices", "read_up_to": "read up to"}
    when_empty = "No member has any notice yet."


@admin.register(Outbox)
class OutboxAdmin(ReadOnlyAdmin[Outbox]):
    list_display = ("notice",)
    list_select_related = ("notice",)
    fieldsets = ((None, {"fields": ("notice",)}),)
    intro = "Notices that no subscription was told yet; each goes from here within moments."
    when_empty = (
        "Everything is fanned out. Where this list grows, look whether the worker runs (health)."
    )


@admin.register(NoticeText)
class NoticeTextAdmin(TextPages, ReadOnlyAdmin[NoticeText]):
    change_list_template = "admin/list_with_tools.html"
    list_display = ("changed_at", "kind", "language", "number", "title", "actor", "reason")
    list_select_related = ("actor",)
    list_filter = (word_filter("kind", [key.value for key in TextKey]),)
    search_fields = ("=language",)
    search_help_text = "A language tag, such as de."
    fieldsets = (
        (None, {"fields": ("kind", "language", "number", "is_built_in", "title", "body")}),
        ("Who and why", {"fields": ("changed_at", "actor", "reason")}),
    )
    headings: ClassVar[dict[str, str]] = {
        "changed_at": "changed",
        "is_built_in": "back to the built-in words",
    }
    intro = "Every version of what ops wrote; the latest of a kind and language holds."
    when_empty = (
        "Members read the built-in words so far. «All texts», top right, shows each of them as it "
        "reads, and lets ops edit and translate it."
    )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        tools = [{"label": "All texts", "url": reverse("admin:notifications_noticetext_all")}]
        return super().changelist_view(request, {"tools": tools} | (extra_context or {}))


def member_panels(request: HttpRequest, member: Member) -> Iterator[Panel]:
    """On a member's own page: what they were told last."""
    if not may_view(request, Notice):
        return
    latest = list(notices_of(member.pk).order_by("-number")[:_LATEST])
    marker = marker_of(member.pk)
    language = default_language()
    own = own_texts([language]) if latest else {}
    yield Panel(
        title="Notices",
        headings=["Told", "#Number", "What they read", "Read"],
        rows=[
            [
                link(utc_text(row.at), page_url(row)),
                row.number,
                displayable(words_of(row, languages=(language,), own=own).text),
                "yes" if row.number <= marker.read_up_to else EMPTY,
            ]
            for row in latest
        ],
        note=f"{marker.unread} of {marker.item_count} not read." if latest else "",
        empty="They were told nothing yet.",
        more_url=list_url(Notice, f"member={member.pk}") if latest else "",
    )


panels.register(Member, member_panels)
