"""Adjustments: what people gave a member or took back, by two of them; and what may be given.

An adjustment is made when it is approved and never changed. Before that there is only its proposal
(rewards_site/approvals), after it only another adjustment.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rewards_site.kernel.ids import time_ordered_id


class AdjustmentKind(models.TextChoices):
    """What the member is told it is. Programs compare the value: it never changes its meaning."""

    GOODWILL = "goodwill", "goodwill: a reward that could not be paid otherwise"
    CORRECTION = "correction", "correction: what stood there was wrong"


class Adjustment(models.Model):
    """One change of one member's available balance. Append-only."""

    public_id = models.UUIDField(default=time_ordered_id, unique=True, editable=False)
    kind = models.CharField(max_length=16, choices=AdjustmentKind.choices)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    """In minor units of `currency`: above 0 it was given, below 0 taken."""
    reason = models.CharField(max_length=500)
    """Why, by both people; for staff alone."""
    claim = models.ForeignKey(
        "claims.Claim",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="adjustments",
    )
    """The claim that it answers."""
    proposal = models.OneToOneField(
        "approvals.Proposal", on_delete=models.PROTECT, related_name="adjustment"
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    approved_at = models.DateTimeField()
    """When it was decided and booked: the instant of its entry group."""
    budget_month = models.DateField()
    """The first day of the calendar month, in BUSINESS_TIME_ZONE, whose budget it used."""
    budget_minor = models.BigIntegerField(null=True, blank=True)
    """What might be given in that month when it was approved; null: no limit was set."""
    entry_group = models.OneToOneField(
        "ledger.EntryGroup", on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        permissions = [
            ("propose_adjustment", "Can propose to change a member's balance"),
            ("approve_adjustment", "Can approve a change of a member's balance"),
        ]
        indexes = [
            models.Index(name="adjustment_by_month", fields=["currency", "budget_month"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="adjustment_kind_known", condition=Q(kind__in=AdjustmentKind.values)
            ),
            models.CheckConstraint(
                name="adjustment_changes_something", condition=~Q(amount_minor=0)
            ),
            models.CheckConstraint(
                name="adjustment_goodwill_gives",
                condition=~Q(kind=AdjustmentKind.GOODWILL) | Q(amount_minor__gt=0),
            ),
            models.CheckConstraint(
                name="adjustment_by_two_people", condition=~Q(approved_by=F("proposed_by"))
            ),
            models.CheckConstraint(name="adjustment_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"adjustment {self.pk}"


class AdjustmentBudget(models.Model):
    """How much may be given to members in one currency in each calendar month.

    Its row is the lock of whoever gives in that currency. Without a row nothing was ever set.
    """

    currency = models.CharField(max_length=3, unique=True)
    month_minor = models.BigIntegerField(null=True, blank=True)
    """In minor units; null: no limit any more."""
    changed_at = models.DateTimeField()
    change_count = models.PositiveIntegerField(default=0)

    class Meta:
        permissions = [("set_adjustmentbudget", "Can set how much may be given in a month")]
        constraints = [
            models.CheckConstraint(
                name="adjustmentbudget_not_negative",
                condition=Q(month_minor__isnull=True) | Q(month_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"budget in {self.currency}"


class BudgetChange(models.Model):
    """One decision about a budget, by whom and why. Append-only."""

    budget = models.ForeignKey(AdjustmentBudget, on_delete=models.PROTECT, related_name="changes")
    number = models.PositiveIntegerField()
    before_minor = models.BigIntegerField(null=True, blank=True)
    after_minor = models.BigIntegerField(null=True, blank=True)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="budgetchange_numbered_once", fields=["budget", "number"]),
            models.CheckConstraint(name="budgetchange_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.budget} {self.number}"
