"""Payout batches: approved redemptions of one currency and method, paid together.

A batch is one row that says how it stands, its items (each pays one redemption), its steps (who did
what, append-only) and the provider's own words (append-only but for erasing). Money moves only in
the redemptions that the items pay; a batch keeps no books.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rewards_site.kernel.ids import random_id, time_ordered_id
from transactions.payouts.states import BatchStatus, ItemStatus

REASON_LENGTH_MAX = 500
WHY_LENGTH_MAX = 255
_BATCH = [(status.value, status.value) for status in BatchStatus]
_ITEM = [(status.value, status.value) for status in ItemStatus]


class PayoutBatch(models.Model):
    """One batch, and how it stands. Amounts in minor units of `currency`."""

    public_id = models.UUIDField(default=time_ordered_id, unique=True, editable=False)
    """What the provider knows it by: the same however often it is sent."""
    currency = models.CharField(max_length=3)
    method = models.CharField(max_length=32)
    provider = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=_BATCH, default=BatchStatus.OPEN.value)
    item_count = models.PositiveIntegerField(default=0)
    """Without those removed."""
    total_minor = models.BigIntegerField(default=0)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    closed_at = models.DateTimeField(null=True, blank=True)
    sent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Who had it sent."""
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """The second person, where it was above the limit."""
    sending_at = models.DateTimeField(null=True, blank=True)
    """When it was given to be sent."""
    accepted_at = models.DateTimeField(null=True, blank=True)
    """When we knew that the provider has it."""
    settled_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    provider_batch_id = models.CharField(max_length=64, blank=True)
    attempt_count = models.PositiveIntegerField(default=0)
    """How often it left the house, or may have."""
    first_sent_at = models.DateTimeField(null=True, blank=True)
    """When the provider may first have heard of it."""
    last_sent_at = models.DateTimeField(null=True, blank=True)
    unsure_since = models.DateTimeField(null=True, blank=True)
    """Since when nobody knows whether the provider has it; null: it is known."""
    ask_count = models.PositiveIntegerField(default=0)
    asked_at = models.DateTimeField(null=True, blank=True)
    next_ask_at = models.DateTimeField(null=True, blank=True)
    """Null: it is asked for no more."""
    last_answer = models.CharField(max_length=WHY_LENGTH_MAX, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    """Of who talks to the provider about it now; it ends at `claimed_until`."""
    claimed_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "payout batches"
        permissions = [
            ("collect_payoutbatch", "Can make, change, close and cancel payout batches"),
            ("send_payoutbatch", "Can have payout batches sent"),
            ("export_payoutbatch", "Can take the file of a payout batch, destinations in clear"),
            ("record_payoutbatch", "Can say what became of payout batches"),
        ]
        indexes = [
            models.Index(name="payoutbatch_by_status", fields=["status", "-id"]),
            models.Index(
                name="payoutbatch_to_ask",
                fields=["next_ask_at"],
                condition=Q(next_ask_at__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="payoutbatch_sums_not_negative", condition=Q(total_minor__gte=0)
            ),
            models.CheckConstraint(
                name="payoutbatch_names_whom", condition=~Q(method="") & ~Q(provider="")
            ),
            models.CheckConstraint(
                name="payoutbatch_times_fit_its_status",
                condition=Q(status=BatchStatus.OPEN.value, closed_at__isnull=True)
                | Q(
                    status=BatchStatus.CLOSED.value,
                    closed_at__isnull=False,
                    sending_at__isnull=True,
                    unsure_since__isnull=True,
                )
                | Q(status=BatchStatus.SENDING.value, sending_at__isnull=False)
                | Q(
                    status=BatchStatus.SENT.value,
                    accepted_at__isnull=False,
                    unsure_since__isnull=True,
                )
                | Q(
                    status=BatchStatus.SETTLED.value,
                    settled_at__isnull=False,
                    unsure_since__isnull=True,
                )
                | Q(
                    status=BatchStatus.CANCELLED.value,
                    cancelled_at__isnull=False,
                    unsure_since__isnull=True,
                ),
            ),
            models.CheckConstraint(
                name="payoutbatch_approved_by_another",
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("closed_by")),
            ),
        ]

    def __str__(self) -> str:
        return f"payout batch {self.public_id}"


class PayoutItem(models.Model):
    """One payment: of one redemption, in one batch. The provider knows it by `public_id`."""

    public_id = models.UUIDField(default=random_id, unique=True, editable=False)
    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="items")
    redemption = models.ForeignKey(
        "redemptions.Redemption", on_delete=models.PROTECT, related_name="payout_items"
    )
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    attempt = models.PositiveSmallIntegerField(default=1)
    """1, 2, 3 … of the redemption: it was removed from batches before."""
    status = models.CharField(max_length=16, choices=_ITEM, default=ItemStatus.WAITING.value)
    provider_item_id = models.CharField(max_length=64, blank=True)
    word = models.CharField(max_length=40, blank=True)
    """The provider's own for how it stands."""
    problem = models.CharField(max_length=WHY_LENGTH_MAX, blank=True)
    """Why a person has to look; empty where nobody has to."""
    added_at = models.DateTimeField()
    """Read as a booking's instant is: reports go by it, and by the next."""
    removed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)
    """When the provider's word last changed."""

    class Meta:
        indexes = [
            models.Index(name="payoutitem_by_status", fields=["batch", "status"]),
            models.Index(name="payoutitem_to_look_at", fields=["batch"], condition=~Q(problem="")),
        ]
        constraints = [
            models.UniqueConstraint(
                name="payoutitem_one_live_per_redemption",
                fields=["redemption"],
                condition=~Q(status=ItemStatus.REMOVED.value),
            ),
            models.CheckConstraint(
                name="payoutitem_is_of_more_than_zero", condition=Q(amount_minor__gt=0)
            ),
            models.CheckConstraint(
                name="payoutitem_removed_or_not",
                condition=Q(status=ItemStatus.REMOVED.value, removed_at__isnull=False)
                | (~Q(status=ItemStatus.REMOVED.value) & Q(removed_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"payout item {self.public_id}"


class StepVerb(models.TextChoices):
    MADE = "made", "made"
    REMOVED = "removed an item", "removed an item"
    CLOSED = "closed", "closed"
    EXPORTED = "exported", "exported"
    GIVEN = "given to be sent", "given to be sent"
    ACCEPTED = "the provider has it", "the provider has it"
    REFUSED = "the provider refused it", "the provider refused it"
    IMPORTED = "result imported", "result imported"
    NAMED = "provider's id entered", "provider's id entered"
    SETTLED = "settled", "settled"
    CANCELLED = "cancelled", "cancelled"
    NEVER_ARRIVED = "never arrived", "never arrived"
    JUDGED = "payment: people said", "payment: people said"
    LOOKED = "payment: looked at", "payment: looked at"


class BatchStep(models.Model):
    """One thing that was done with a batch, by whom and why. Append-only."""

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="steps")
    verb = models.CharField(max_length=32, choices=StepVerb.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Null: the provider's answer did it."""
    reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True)
    digest = models.CharField(max_length=64, blank=True)
    """SHA-256 of the file that went out, or came in."""
    facts = models.JSONField(default=dict)
    """Counts."""
    at = models.DateTimeField()

    class Meta:
        verbose_name = "step of a payout batch"
        verbose_name_plural = "steps of payout batches"
        constraints = [
            models.UniqueConstraint(
                name="batchstep_result_imported_once",
                fields=["batch", "digest"],
                condition=Q(verb="result imported"),
            )
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.at:%Y-%m-%d %H:%M}"


class ProviderAnswer(models.Model):
    """What a provider said of a batch, or of one item of it. Written where it changed.

    Append-only, but that `evidence` and `why`, its own words, are emptied when a person whom it
    paid is forgotten: a provider may name people in them.
    """

    batch = models.ForeignKey(PayoutBatch, on_delete=models.PROTECT, related_name="answers")
    item = models.ForeignKey(
        PayoutItem, on_delete=models.PROTECT, null=True, blank=True, related_name="answers"
    )
    """Null: of the batch as a whole."""
    word = models.CharField(max_length=40, blank=True)
    outcome = models.CharField(max_length=16)
    """The word in ours: states.Outcome of an item, protocol.Reply of a batch."""
    why = models.CharField(max_length=WHY_LENGTH_MAX, blank=True)
    evidence = models.TextField(blank=True)
    """As it came, without the destination."""
    at = models.DateTimeField()

    class Meta:
        verbose_name = "provider's answer"
        verbose_name_plural = "providers' answers"

    def __str__(self) -> str:
        return f"{self.word or self.outcome} {self.at:%Y-%m-%d %H:%M}"
