"""Reads of notices."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from rewards_site.notifications.models import Notice, NoticeCount, NoticeText
from rewards_site.notifications.texts import TextKey


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMarker:
    """How many notices a member has, and up to which number they read."""

    item_count: int = 0
    read_up_to: int = 0

    @property
    def unread(self) -> int:
        return self.item_count - self.read_up_to


def marker_of(member_id: int) -> ReadMarker:
    """Of the member with this primary key."""
    count = NoticeCount.objects.filter(pk=member_id).first()
    if count is None:
        return ReadMarker()
    return ReadMarker(item_count=count.item_count, read_up_to=count.read_up_to)


def unread_of(member_id: int) -> int:
    return marker_of(member_id).unread


def notices_of(member_id: int) -> QuerySet[Notice]:
    """What the member was told under their own row: not what aliases were told before a merge."""
    return Notice.objects.filter(member_id=member_id)


def own_texts(languages: Collection[str]) -> dict[tuple[str, str], NoticeText]:
    """(text, language) → the version in force that ops wrote. Read anew each time, never kept:
    what is edited holds for the next call, in every process."""
    rows = latest_versions().filter(language__in=languages)
    return {(row.kind, row.language): row for row in rows.select_related("actor")}


def texts_of_all_languages(key: TextKey) -> dict[tuple[str, str], NoticeText]:
    """The same of one text in every language."""
    return {(row.kind, row.language): row for row in latest_versions().filter(kind=key.value)}


def latest_versions() -> QuerySet[NoticeText]:
    later = NoticeText.objects.filter(
        kind=OuterRef("kind"), language=OuterRef("language"), number__gt=OuterRef("number")
    )
    return NoticeText.objects.filter(~Exists(later))


def latest_version(key: TextKey, language: str) -> NoticeText | None:
    rows = NoticeText.objects.filter(kind=key.value, language=language)
    return rows.order_by("-number").first()
