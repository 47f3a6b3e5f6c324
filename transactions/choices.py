"""The words that columns of transactions are limited to."""

from django.db import models


class ShareMode(models.TextChoices):
    """Who gets the commission of a Button account's orders."""

    SHARED = "shared", "shared: by the reward terms"
    MEMBER = "member", "member: all of the commission"
    PUBLISHER = "publisher", "publisher: no reward"


class Source(models.TextChoices):
    """The way a fact came in."""

    WEBHOOK = "webhook", "webhook"
    SYNC = "sync", "sync"
    STAFF = "staff", "staff"
    SCHEDULE = "schedule", "schedule: what was held back became due"


class RevisionKind(models.TextChoices):
    """What made a revision."""

    TOLD = "told", "Button told something"
    ASSIGNED = "assigned", "staff named the member"
    MOVED = "moved", "staff moved it to another member"
    ACCEPTED = "accepted", "Button told a change, and staff accepted it"
    KEPT = "kept", "Button told a change, and staff kept ours"
    MERGED = "merged", "staff merged its member with another"
    RELEASED = "released", "its final reward became available, which had been held back"
