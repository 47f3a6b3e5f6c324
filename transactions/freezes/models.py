"""Freezes: a member, or one order, earns on and redeems nothing, until somebody lifts it."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Freeze(models.Model):
    """Who froze what, why, and until when. Lifted once, with a reason; never deleted."""

    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, blank=True)
    transaction = models.ForeignKey(
        "transactions.Transaction", on_delete=models.PROTECT, null=True, blank=True
    )
    reason = models.CharField(max_length=500)
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    frozen_at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    """From this instant on it holds no more; null: until it is lifted."""
    lifted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    lifted_at = models.DateTimeField(null=True, blank=True)
    lift_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        permissions = [("freeze", "Can freeze members and orders, and lift it")]
        constraints = [
            models.CheckConstraint(
                name="freeze_of_a_member_or_of_an_order",
                condition=Q(member__isnull=False, transaction__isnull=True)
                | Q(member__isnull=True, transaction__isnull=False),
            ),
            models.CheckConstraint(name="freeze_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="freeze_ends_after_it_began",
                condition=Q(until__isnull=True) | Q(until__gt=F("frozen_at")),
            ),
            models.CheckConstraint(
                name="freeze_lifted_by_somebody_for_a_reason",
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True, lift_reason="")
                | (Q(lifted_at__isnull=False, lifted_by__isnull=False) & ~Q(lift_reason="")),
            ),
        ]
        indexes = [
            models.Index(
                name="freeze_open_of_member",
                fields=["member"],
                condition=Q(lifted_at__isnull=True, member__isnull=False),
            ),
            models.Index(
                name="freeze_open_of_order",
                fields=["transaction"],
                condition=Q(lifted_at__isnull=True, transaction__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"freeze {self.pk}"
