"""Opening balances: what members had in another system when this one took over.

A file is imported under a name, once. Its lines are kept as evidence before any of them is booked;
each line is booked in a group of its own, and names it. The lines without a group are what is left
to do: an import that was killed goes on from there.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from rewards_site.members.customer_ids import CUSTOMER_ID_LENGTH_MAX


class OpeningImport(models.Model):
    """One file of opening balances. Append-only, but for when it was finished."""

    name = models.CharField(max_length=100, unique=True)
    file_name = models.CharField(max_length=255)
    digest = models.CharField(max_length=64)
    """SHA-256 of the file, in hexadecimal: the same file is never booked under two names."""
    imported_by = models.CharField(max_length=150)
    """The user of the operating system who ran the command."""
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    """The member of staff it was done for, where one was named."""
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    """When its last line was booked; null while some are left."""
    line_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="openingimport_digest_once", fields=["digest"]),
            models.CheckConstraint(name="openingimport_is_named", condition=~Q(name="")),
            models.CheckConstraint(name="openingimport_has_lines", condition=Q(line_count__gt=0)),
        ]

    def __str__(self) -> str:
        return self.name


class OpeningTotal(models.Model):
    """What a file brought in one currency, in its minor units. Append-only."""

    opening = models.ForeignKey(OpeningImport, on_delete=models.PROTECT, related_name="totals")
    currency = models.CharField(max_length=3)
    line_count = models.PositiveIntegerField()
    pending_minor = models.BigIntegerField()
    available_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="openingtotal_one_per_currency", fields=["opening", "currency"]
            ),
            models.CheckConstraint(
                name="openingtotal_not_negative",
                condition=Q(pending_minor__gte=0, available_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opening}: {self.currency}"


class OpeningLine(models.Model):
    """One line of a file, as it stood there; the group is written when it is booked."""

    opening = models.ForeignKey(OpeningImport, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField()
    """Of the line in the file; the heading is line 1."""
    customer_id = models.CharField(max_length=CUSTOMER_ID_LENGTH_MAX)
    """As it stood in the file."""
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT)
    currency = models.CharField(max_length=3)
    pending_minor = models.BigIntegerField()
    available_minor = models.BigIntegerField()
    entry_group = models.OneToOneField(
        "ledger.EntryGroup", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """What it was booked by; null until then."""

    class Meta:
        indexes = [
            models.Index(
                name="openingline_to_be_booked",
                fields=["opening", "number"],
                condition=Q(entry_group__isnull=True),
            ),
        ]
        constraints = [
            models.UniqueConstraint(name="openingline_once", fields=["opening", "number"]),
            models.UniqueConstraint(
                name="openingline_one_per_member_and_currency",
                fields=["opening", "member", "currency"],
            ),
            models.CheckConstraint(
                name="openingline_brings_something",
                condition=Q(pending_minor__gte=0, available_minor__gte=0)
                & (Q(pending_minor__gt=0) | Q(available_minor__gt=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"line {self.number} of {self.opening_id}"


class Closing(models.TextChoices):
    """What became of a pending opening balance."""

    RELEASED = "released", "released: it became available"
    CANCELLED = "cancelled", "cancelled: it came to nothing"


class OpeningClosing(models.Model):
    """The end of a line's pending balance: no order decides it, so people do. Append-only."""

    line = models.OneToOneField(OpeningLine, on_delete=models.PROTECT, related_name="closing")
    kind = models.CharField(max_length=16, choices=Closing.choices)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT)
    """Who held it by then: the line's member, or who that was merged into."""
    closed_by = models.CharField(max_length=150)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    reason = models.CharField(max_length=500)
    closed_at = models.DateTimeField()
    entry_group = models.OneToOneField(
        "ledger.EntryGroup", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="openingclosing_kind_known", condition=Q(kind__in=Closing.values)
            ),
            models.CheckConstraint(name="openingclosing_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.kind}"
