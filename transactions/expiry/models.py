"""Expiry of balances that lie idle: off until ops set it, announced before, booked as a posting."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

IDLE_DAYS_MAX = 3660
WARN_DAYS_MIN = 1


class ExpiryPolicy(models.Model):
    """After how many days without any booking a currency's available balances expire."""

    currency = models.CharField(max_length=3, unique=True)
    is_on = models.BooleanField(default=False)
    idle_days = models.PositiveIntegerField()
    warn_days = models.PositiveIntegerField()
    """So many days before it, at the least, the member is told."""
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "expiry policies"
        permissions = [("set_expiry_policy", "Can set when idle balances expire")]
        constraints = [
            models.CheckConstraint(
                name="expirypolicy_days_in_range",
                condition=Q(
                    idle_days__lte=IDLE_DAYS_MAX,
                    warn_days__gte=WARN_DAYS_MIN,
                    idle_days__gt=F("warn_days"),
                ),
            )
        ]

    def __str__(self) -> str:
        return f"{self.currency}: {self.idle_days} days" if self.is_on else f"{self.currency}: off"


class ExpiryPolicyChange(models.Model):
    """Who set what, when and why. Append-only."""

    currency = models.CharField(max_length=3)
    is_on = models.BooleanField()
    idle_days = models.PositiveIntegerField()
    warn_days = models.PositiveIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "change of an expiry policy"
        verbose_name_plural = "changes of expiry policies"
        constraints = [
            models.CheckConstraint(name="expirypolicychange_says_why", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"{self.currency}: {self.idle_days} days" if self.is_on else f"{self.currency}: off"


class Expiry(models.Model):
    """A balance that lies idle: its member was told when it expires; and that it did."""

    member = models.ForeignKey("members.Member", on_delete=models.PROTECT)
    currency = models.CharField(max_length=3)
    idle_since = models.DateTimeField()
    """When the last booking of the member in this currency was, or their last freeze ended: what
    is later saves the balance."""
    policy_at = models.DateTimeField()
    """When the policy was set by which they were told: another one tells them anew."""
    warned_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    expired_at = models.DateTimeField(null=True, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    """What expired, in minor units."""
    entry_group = models.OneToOneField(
        "ledger.EntryGroup", on_delete=models.PROTECT, null=True, blank=True
    )

    class Meta:
        verbose_name_plural = "expiries"
        constraints = [
            models.UniqueConstraint(
                name="expiry_warned_once_of_the_same",
                fields=["member", "currency", "idle_since", "policy_at"],
            ),
            models.CheckConstraint(
                name="expiry_warned_before", condition=Q(expires_at__gt=F("warned_at"))
            ),
            models.CheckConstraint(
                name="expiry_booked_whole",
                condition=Q(
                    expired_at__isnull=True, amount_minor__isnull=True, entry_group__isnull=True
                )
                | Q(
                    expired_at__isnull=False,
                    amount_minor__gt=0,
                    entry_group__isnull=False,
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="expiry_open",
                fields=["currency", "expires_at"],
                condition=Q(expired_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"expiry {self.pk}"
