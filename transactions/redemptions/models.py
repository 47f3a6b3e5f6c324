"""Redemptions: money out.

A redemption is one row that says how it stands, and its steps, append-only: who did what, when and
why, and the entry group that moved the money with it. The row can be told again from its steps, and
`verify_ledger` does. Money is held (available → redeeming) from the request on.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rewards_site.kernel.ids import time_ordered_id
from transactions.redemptions.states import Status

METHOD_LENGTH_MAX = 32
MASKED_LENGTH_MAX = 255
REASON_LENGTH_MAX = 500
REFERENCE_LENGTH_MAX = 255
TOLD_LENGTH_MAX = 200
KEY_LENGTH_MAX = 255
ERASED = "erased"
"""Stands for the masked destination of who was forgotten."""
_STATUSES = [(status.value, status.value) for status in Status]
_REQUESTED, _APPROVED = Status.REQUESTED.value, Status.APPROVED.value
_APPROVED_AND_CLOSED = [Status.PAID.value, Status.FAILED.value]


class Via(models.TextChoices):
    """Who asked: the member's app, or the publisher's back end in the member's name."""

    MEMBER = "member", "member"
    BACK_END = "back end", "back end"


class Redemption(models.Model):
    """One request for money out, and how it stands. Amounts in minor units of `currency`."""

    public_id = models.UUIDField(default=time_ordered_id, unique=True, editable=False)
    # The first column of an index below.
    member = models.ForeignKey(
        "members.Member", on_delete=models.PROTECT, db_index=False, related_name="redemptions"
    )
    """Who asked. The row of then: merged since, the money is of whom it stands for."""
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    method = models.CharField(max_length=METHOD_LENGTH_MAX)
    destination_sealed = models.TextField(blank=True)
    """Where the money goes, encrypted (destinations.py). Empty: erased, with who it was of."""
    destination_masked = models.CharField(max_length=MASKED_LENGTH_MAX)
    destination_digest = models.CharField(max_length=64, blank=True)
    """Keyed hash of the destination: says whether two are one, and nothing else."""
    status = models.CharField(max_length=16, choices=_STATUSES)
    step_count = models.PositiveSmallIntegerField(default=1)
    requested_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    """When it came to an end; of a payout that came back, when that was."""
    held_until = models.DateTimeField(null=True, blank=True)
    """Not approved before: the destination was new when it was asked for. Null: at once."""
    via = models.CharField(max_length=16, choices=Via.choices)

    class Meta:
        permissions = [
            ("approve_redemption", "Can approve and reject redemptions"),
            ("pay_redemption", "Can say that a redemption was paid, or that it failed"),
            ("reveal_destination", "Can read where the money of a redemption goes, in full"),
        ]
        indexes = [
            models.Index(name="redemption_newest_of_member", fields=["member", "-public_id"]),
            models.Index(name="redemption_by_status", fields=["status", "id"]),
            models.Index(name="redemption_by_destination", fields=["destination_digest"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="redemption_is_of_more_than_zero", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(name="redemption_via_known", condition=Q(via__in=Via.values)),
            models.CheckConstraint(
                name="redemption_names_where_to",
                condition=~Q(method="") & ~Q(destination_masked=""),
            ),
            models.CheckConstraint(
                name="redemption_times_fit_its_status",
                condition=Q(status=_REQUESTED, approved_at__isnull=True, finished_at__isnull=True)
                | Q(status=_APPROVED, approved_at__isnull=False, finished_at__isnull=True)
                | Q(
                    status__in=_APPROVED_AND_CLOSED,
                    approved_at__isnull=False,
                    finished_at__isnull=False,
                )
                | Q(
                    status=Status.CANCELLED.value,
                    approved_at__isnull=True,
                    finished_at__isnull=False,
                )
                | Q(status=Status.REJECTED.value, finished_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"redemption {self.public_id}"


class RedemptionStep(models.Model):
    """One state a redemption came into, by whom and why. Append-only."""

    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=_STATUSES)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Null: the member, the publisher's back end, or the provider."""
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """The second person, where it needed two."""
    reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True)
    """For us."""
    told = models.CharField(max_length=TOLD_LENGTH_MAX, blank=True)
    """Why, in words for the member."""
    reference = models.CharField(max_length=REFERENCE_LENGTH_MAX, blank=True)
    """The provider's, or what stands on the bank's statement."""
    at = models.DateTimeField()
    """Of the booking; of a step that books nothing, read like it. Reports go by it."""
    entry_group = models.OneToOneField(
        "ledger.EntryGroup", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Null for an approval, which moves nothing."""

    class Meta:
        indexes = [models.Index(name="redemptionstep_by_time", fields=["at"])]
        constraints = [
            models.UniqueConstraint(
                name="redemptionstep_numbered_once", fields=["redemption", "number"]
            ),
            models.UniqueConstraint(
                name="redemptionstep_each_state_once", fields=["redemption", "status"]
            ),
            models.CheckConstraint(
                name="redemptionstep_begins_with_the_request",
                condition=Q(number=1, status=_REQUESTED)
                | (Q(number__gt=1) & ~Q(status=_REQUESTED)),
            ),
            models.CheckConstraint(
                name="redemptionstep_status_known",
                condition=Q(status__in=[status.value for status in Status]),
            ),
            models.CheckConstraint(
                name="redemptionstep_moves_money_unless_approved",
                condition=Q(status=_APPROVED, entry_group__isnull=True, actor__isnull=False)
                | (~Q(status=_APPROVED) & Q(entry_group__isnull=False)),
            ),
            models.CheckConstraint(
                name="redemptionstep_by_two_people",
                condition=Q(approver__isnull=True)
                | (Q(actor__isnull=False) & ~Q(approver=F("actor"))),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.at:%Y-%m-%d %H:%M}"


class RedemptionKey(models.Model):
    """An Idempotency-Key that a member used, and the answer it got. Append-only but for the answer,
    which is written once, with the key's own commit.
    """

    # The first column of the unique constraint below.
    member = models.ForeignKey(
        "members.Member", on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    key = models.CharField(max_length=KEY_LENGTH_MAX)
    """As the app made it. Begins with §: erased."""
    body_digest = models.CharField(max_length=64, blank=True)
    """Keyed hash of the body, as parsed JSON. Empty: erased."""
    answer_status = models.PositiveSmallIntegerField(default=0)
    """Of HTTP; 0 only inside the commit that makes it."""
    answer = models.TextField(blank=True)
    """The body, word for word. Empty: erased."""
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = "idempotency key"
        constraints = [
            models.UniqueConstraint(name="redemptionkey_once_per_member", fields=["member", "key"]),
            models.CheckConstraint(name="redemptionkey_not_empty", condition=~Q(key="")),
            models.CheckConstraint(
                name="redemptionkey_stores_no_fault", condition=Q(answer_status__lt=500)
            ),
        ]

    def __str__(self) -> str:
        return f"key {self.pk}"


class RedemptionLimits(models.Model):
    """What ops allows in one currency, from `set_at` until the next of it. Append-only.

    Null is off. Amounts in minor units of `currency`; days are rolling.
    """

    currency = models.CharField(max_length=3)
    number = models.PositiveIntegerField()
    """1, 2, 3 … per currency: the last is in force."""
    cooling_off_hours = models.PositiveIntegerField(null=True, blank=True)
    """After a member first names another destination."""
    member_days = models.PositiveIntegerField(null=True, blank=True)
    member_count = models.PositiveIntegerField(null=True, blank=True)
    member_sum_minor = models.BigIntegerField(null=True, blank=True)
    destination_days = models.PositiveIntegerField(null=True, blank=True)
    destination_count = models.PositiveIntegerField(null=True, blank=True)
    destination_sum_minor = models.BigIntegerField(null=True, blank=True)
    """Over all members who name the same destination."""
    second_person_minor = models.BigIntegerField(null=True, blank=True)
    """Above it, two people approve."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    set_at = models.DateTimeField()

    class Meta:
        verbose_name = "redemption limits"
        verbose_name_plural = "redemption limits"
        permissions = [("set_redemptionlimits", "Can set the limits of redemptions")]
        constraints = [
            models.UniqueConstraint(
                name="redemptionlimits_numbered_once", fields=["currency", "number"]
            ),
            models.CheckConstraint(name="redemptionlimits_say_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="redemptionlimits_days_with_what_they_limit",
                condition=(
                    Q(member_days__isnull=True, member_count__isnull=True)
                    & Q(member_sum_minor__isnull=True)
                    | Q(member_days__gt=0)
                    & (Q(member_count__isnull=False) | Q(member_sum_minor__isnull=False))
                )
                & (
                    Q(destination_days__isnull=True, destination_count__isnull=True)
                    & Q(destination_sum_minor__isnull=True)
                    | Q(destination_days__gt=0)
                    & (Q(destination_count__isnull=False) | Q(destination_sum_minor__isnull=False))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"limits {self.number} of {self.currency}"


class DestinationReveal(models.Model):
    """Somebody read a destination in full: who, when and why. Append-only."""

    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, related_name="reveals")
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=REASON_LENGTH_MAX)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "reading of a destination"
        verbose_name_plural = "readings of destinations"
        constraints = [
            models.CheckConstraint(name="destinationreveal_says_why", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"reading {self.pk}"
