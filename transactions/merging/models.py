"""What went from one member to another when two customer ids became one person's."""

from django.db import models
from django.db.models import Q


class MergedBalance(models.Model):
    """All that one member held in one currency, and had earned; in its minor units. Append-only."""

    change = models.ForeignKey(
        "members.CustomerIdChange", on_delete=models.PROTECT, related_name="balances"
    )
    currency = models.CharField(max_length=3)
    pending_minor = models.BigIntegerField()
    available_minor = models.BigIntegerField()
    paid_out_minor = models.BigIntegerField()
    earned_minor = models.BigIntegerField()
    """Added to what the other has earned for a lifetime; not taken from who was merged.

    Less than they had, where both had earned the same order: it counts once (earning.py).
    """
    entry_group = models.OneToOneField(
        "ledger.EntryGroup", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Null where nothing was left to move."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="mergedbalance_one_per_currency", fields=["change", "currency"]
            ),
            models.CheckConstraint(
                name="mergedbalance_not_negative",
                condition=Q(
                    pending_minor__gte=0,
                    available_minor__gte=0,
                    paid_out_minor__gte=0,
                    earned_minor__gte=0,
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.change}: {self.currency}"
