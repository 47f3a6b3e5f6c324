"""Claims: a member misses the reward of a purchase. What was told, the facts, and what came of it.

What a member wrote in their own words stands in columns of its own, which may only ever be emptied
(guards.py): whoever forgets a person empties them.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rewards_site.kernel.ids import time_ordered_id
from transactions.claims.choices import (
    KEPT_VERDICTS,
    Answer,
    AnsweredBy,
    ClaimStatus,
    StepKind,
    Verdict,
)

CLICK_ID_LENGTH_MAX = 255
ORDER_REFERENCE_LENGTH_MAX = 255
NOTE_LENGTH_MAX = 2000
REASON_LENGTH_MAX = 500


class Claim(models.Model):
    """One report of a missing reward. What was told and found at the time is never changed."""

    public_id = models.UUIDField(default=time_ordered_id, unique=True, editable=False)
    # The first column of an index below.
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False)
    click = models.ForeignKey("clicks.Click", on_delete=models.PROTECT, null=True, blank=True)
    """Null where the member has no such click."""
    merchant = models.ForeignKey("offers.Merchant", on_delete=models.PROTECT, null=True, blank=True)
    """The click's."""
    click_told = models.CharField(max_length=CLICK_ID_LENGTH_MAX, blank=True)
    """The click id as it was told, where it names no click of theirs. Personal."""
    order_reference = models.CharField(max_length=ORDER_REFERENCE_LENGTH_MAX, blank=True)
    """As the member knows the order. Personal."""
    note = models.TextField(blank=True)
    """In the member's words. Personal."""
    order_total_minor = models.BigIntegerField(null=True, blank=True)
    order_currency = models.CharField(max_length=3, blank=True)
    purchased_at = models.DateTimeField(null=True, blank=True)
    filed_at = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """The member of staff who filed it for the member; null: the member did."""
    verdict = models.CharField(
        max_length=16, choices=[(verdict.value, verdict.label) for verdict in KEPT_VERDICTS]
    )
    evidence = models.JSONField(default=dict, blank=True)
    """What the verdict rests on, as it was: ids and figures, nothing personal."""
    ask_again_at = models.DateTimeField(null=True, blank=True)
    """From when on the same claim may be filed again; of a verdict that it is too early."""
    estimate_minor = models.BigIntegerField(null=True, blank=True)
    """What the reward would have come to by what the member was shown; an estimate."""
    estimate_currency = models.CharField(max_length=3, blank=True)

    status = models.CharField(max_length=16, choices=ClaimStatus.choices)
    answer = models.CharField(max_length=24, choices=Answer.choices, blank=True)
    answered_by = models.CharField(max_length=16, choices=AnsweredBy.choices, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    transaction = models.ForeignKey(
        "transactions.Transaction",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="claims",
    )
    """The order, where it is known."""
    handed_at = models.DateTimeField(null=True, blank=True)
    """When the brand was asked."""
    repeat_count = models.PositiveIntegerField(default=0)
    """How often the same was asked again."""
    step_count = models.PositiveIntegerField(default=0)

    class Meta:
        permissions = [
            ("open_claim", "Can file a claim for a member"),
            ("answer_claim", "Can answer claims, ask the brand, and propose goodwill"),
        ]
        indexes = [
            models.Index(name="claim_of_member", fields=["member", "-public_id"]),
            models.Index(
                name="claim_open_of_member",
                fields=["member"],
                condition=Q(answered_at__isnull=True),
            ),
            models.Index(
                name="claim_open_of_click", fields=["click"], condition=Q(answered_at__isnull=True)
            ),
            models.Index(
                name="claim_open_by_age", fields=["id"], condition=Q(answered_at__isnull=True)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="claim_verdict_known",
                condition=Q(verdict__in=[verdict.value for verdict in KEPT_VERDICTS]),
            ),
            models.CheckConstraint(
                name="claim_open_or_answered",
                condition=Q(
                    status=ClaimStatus.OPEN,
                    answered_at__isnull=True,
                    answer="",
                    answered_by="",
                    verdict=Verdict.OPEN,
                )
                | Q(
                    status=ClaimStatus.ANSWERED,
                    answered_at__isnull=False,
                    answer__in=Answer.values,
                    answered_by__in=AnsweredBy.values,
                ),
            ),
            models.CheckConstraint(
                name="claim_of_a_click_of_a_merchant",
                condition=Q(click__isnull=False, merchant__isnull=False)
                | Q(click__isnull=True, merchant__isnull=True, verdict=Verdict.NO_SUCH_CLICK),
            ),
            models.CheckConstraint(
                name="claim_total_with_its_currency",
                condition=Q(order_total_minor__isnull=True, order_currency="")
                | (Q(order_total_minor__gte=0) & ~Q(order_currency="")),
            ),
            models.CheckConstraint(
                name="claim_too_early_until_when",
                condition=Q(verdict=Verdict.TOO_EARLY, ask_again_at__gt=F("filed_at"))
                | (~Q(verdict=Verdict.TOO_EARLY) & Q(ask_again_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.public_id}"


class ClaimStep(models.Model):
    """What happened to a claim, by whom and why. Append-only."""

    claim = models.ForeignKey(Claim, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=24, choices=StepKind.choices)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Null: nobody of staff."""
    reason = models.CharField(max_length=REASON_LENGTH_MAX, blank=True)
    """In the words of staff."""
    answer = models.CharField(max_length=24, choices=Answer.choices, blank=True)

    class Meta:
        verbose_name = "step of a claim"
        verbose_name_plural = "steps of claims"
        constraints = [
            models.UniqueConstraint(name="claimstep_numbered_once", fields=["claim", "number"]),
            models.CheckConstraint(
                name="claimstep_kind_known", condition=Q(kind__in=StepKind.values)
            ),
            models.CheckConstraint(
                name="claimstep_staff_says_why",
                condition=Q(actor__isnull=True) | ~Q(reason=""),
            ),
        ]

    def __str__(self) -> str:
        return f"step {self.number} of {self.claim}"
