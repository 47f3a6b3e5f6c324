"""Notices: what members are told, the words for it, and what other systems are still to hear.

A notice is written in the commit of what it tells of (announce.py), numbered 1, 2, 3 … per member,
and never changed or deleted. Its words are made when it is read (words.py), so that a text that ops
improve, or translate, holds for notices of before, too.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact

from rewards_site.kernel.ids import time_ordered_id
from rewards_site.notifications.news import (
    CHANGE_KINDS,
    CLAIM_KINDS,
    KEY_LENGTH_MAX,
    REDEMPTION_KINDS,
    NewsKind,
)
from rewards_site.notifications.texts import TextKey

_KINDS = [(kind.value, kind.value) for kind in NewsKind]
TITLE_LENGTH_MAX = 100
BODY_LENGTH_MAX = 500
REASON_LENGTH_MAX = 500


class NoticeCount(models.Model):
    """How many notices a member has. Its row is the lock that makes their numbers one line."""

    member = models.OneToOneField("members.Member", on_delete=models.PROTECT, primary_key=True)
    item_count = models.BigIntegerField()
    read_up_to = models.BigIntegerField(default=0)
    """The read marker: the highest number that the member has said they read."""

    class Meta:
        constraints = [
            models.CheckConstraint(name="noticecount_positive", condition=Q(item_count__gt=0)),
            models.CheckConstraint(
                name="noticecount_read_what_is_there",
                condition=Q(read_up_to__gte=0, read_up_to__lte=F("item_count")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item_count} notices"


class Notice(models.Model):
    """One thing that a member is told. Amounts in minor units of `currency`."""

    public_id = models.UUIDField(default=time_ordered_id, editable=False)
    """Random, so unique; never looked up by, so without an index."""
    # The first column of a unique index below
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False)
    number = models.BigIntegerField()
    key = models.CharField(max_length=KEY_LENGTH_MAX)
    """What it is told for, never used twice (News.key)."""
    kind = models.CharField(max_length=32, choices=_KINDS)
    at = models.DateTimeField()
    currency = models.CharField(max_length=3, blank=True)
    before_minor = models.BigIntegerField(null=True, blank=True)
    after_minor = models.BigIntegerField(null=True, blank=True)
    pending_change_minor = models.BigIntegerField()
    available_change_minor = models.BigIntegerField()
    activity_id = models.UUIDField(null=True, blank=True)
    transaction_id = models.UUIDField(null=True, blank=True)
    redemption_id = models.UUIDField(null=True, blank=True)
    claim_id = models.UUIDField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    """Of news.FACTS alone. Emptied when the person is forgotten (erasing.py), and only then."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="notice_numbered_once_per_member", fields=["member", "number"]
            ),
            models.UniqueConstraint(name="notice_told_once", fields=["key"]),
            models.CheckConstraint(name="notice_number_positive", condition=Q(number__gt=0)),
            models.CheckConstraint(name="notice_has_a_key", condition=~Q(key="")),
            models.CheckConstraint(
                name="notice_kind_is_of_news",
                condition=Q(kind__in=[kind.value for kind in NewsKind]),
            ),
            models.CheckConstraint(
                name="notice_tells_of_a_change",
                condition=~Q(kind__in=[kind.value for kind in CHANGE_KINDS])
                | ~Q(Exact(Coalesce(F("before_minor"), 0), Coalesce(F("after_minor"), 0)))
                | ~Q(pending_change_minor=0)
                | ~Q(available_change_minor=0),
            ),
            models.CheckConstraint(
                name="notice_of_money_has_a_currency",
                condition=Q(kind__in=[kind.value for kind in CLAIM_KINDS]) | ~Q(currency=""),
            ),
            models.CheckConstraint(
                name="notice_of_a_redemption_names_it",
                condition=~Q(kind__in=[kind.value for kind in REDEMPTION_KINDS])
                | Q(redemption_id__isnull=False),
            ),
            models.CheckConstraint(
                name="notice_of_a_claim_names_it",
                condition=~Q(kind__in=[kind.value for kind in CLAIM_KINDS])
                | Q(claim_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}, number {self.number}"


class Outbox(models.Model):
    """A notice that the publisher's systems have not been told yet.

    Written in the commit of the notice; whoever fans it out (the room `outward`) deletes it in the
    commit that makes the deliveries, so each is fanned out exactly once.
    """

    notice = models.OneToOneField(Notice, on_delete=models.PROTECT, primary_key=True)

    class Meta:
        verbose_name = "notice to be fanned out"
        verbose_name_plural = "notices to be fanned out"

    def __str__(self) -> str:
        return f"notice {self.notice_id}"


class NoticeText(models.Model):
    """Ops' own words for one kind of notice in one language: a version. Append-only.

    The highest number holds. Without one, and where the highest says so, the built-in words hold.
    """

    kind = models.CharField(max_length=40, choices=[(key.value, key.value) for key in TextKey])
    language = models.CharField(max_length=16)
    """A tag as Django has it: `de`, `pt-br`."""
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=TITLE_LENGTH_MAX, blank=True)
    body = models.CharField(max_length=BODY_LENGTH_MAX, blank=True)
    is_built_in = models.BooleanField(default=False)
    """Back to the words that come with the program; then there are none here."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "text of notices"
        verbose_name_plural = "texts of notices"
        permissions = [("edit_noticetext", "Can edit and translate the texts of notices")]
        constraints = [
            models.UniqueConstraint(
                name="noticetext_numbered_once", fields=["kind", "language", "number"]
            ),
            models.CheckConstraint(name="noticetext_number_positive", condition=Q(number__gt=0)),
            models.CheckConstraint(
                name="noticetext_has_words_or_none",
                condition=Q(is_built_in=True, title="", body="")
                | (Q(is_built_in=False) & ~Q(title="") & ~Q(body="")),
            ),
            models.CheckConstraint(name="noticetext_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} ({self.language}), version {self.number}"
