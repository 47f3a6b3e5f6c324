"""When final rewards become available: per brand, or for all others; and which brands have paid."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from transactions.releases.choices import ReleaseMode

DELAY_DAYS_MAX = 366


class ReleasePolicy(models.Model):
    """What holds for a brand, or (without one) for all brands that have none of their own.

    Without any row a final reward is available at once.
    """

    merchant = models.OneToOneField(
        "offers.Merchant", on_delete=models.PROTECT, null=True, blank=True
    )
    is_default = models.BooleanField(default=False)
    """Whether it is for all brands without one of their own; there is one such row."""
    mode = models.CharField(max_length=16, choices=ReleaseMode.choices)
    delay_days = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "release policies"
        permissions = [("change_release", "Can set when final rewards become available")]
        constraints = [
            models.UniqueConstraint(
                name="releasepolicy_one_for_all_others",
                fields=["is_default"],
                condition=Q(is_default=True),
            ),
            models.CheckConstraint(
                name="releasepolicy_of_a_brand_or_of_all_others",
                condition=Q(merchant__isnull=True, is_default=True)
                | Q(merchant__isnull=False, is_default=False),
            ),
            models.CheckConstraint(
                name="releasepolicy_mode_known", condition=Q(mode__in=ReleaseMode.values)
            ),
            models.CheckConstraint(
                name="releasepolicy_days_only_of_a_delay",
                condition=Q(mode=ReleaseMode.DELAY, delay_days__range=(1, DELAY_DAYS_MAX))
                | (~Q(mode=ReleaseMode.DELAY) & Q(delay_days=0)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id or 'all other brands'}: {self.get_mode_display()}"


class ReleasePolicyChange(models.Model):
    """Who set what, when and why. Append-only."""

    merchant = models.ForeignKey("offers.Merchant", on_delete=models.PROTECT, null=True, blank=True)
    mode = models.CharField(max_length=16, choices=ReleaseMode.choices)
    delay_days = models.PositiveIntegerField(default=0)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "change of a release policy"
        verbose_name_plural = "changes of release policies"
        constraints = [
            models.CheckConstraint(name="releasepolicychange_says_why", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id or 'all other brands'}: {self.get_mode_display()}"


class BrandPayment(models.Model):
    """A brand has paid us for all its orders that were validated up to an instant. Append-only."""

    merchant = models.ForeignKey("offers.Merchant", on_delete=models.PROTECT)
    validated_through = models.DateTimeField()
    """Orders that we booked as validated at or before it are paid."""
    reference = models.CharField(max_length=255, blank=True)
    """Of the payment, in the publisher's own books."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "payment of a brand"
        verbose_name_plural = "payments of brands"
        permissions = [("record_brandpayment", "Can record that a brand has paid")]
        indexes = [
            models.Index(name="brandpayment_latest", fields=["merchant", "-validated_through"])
        ]
        constraints = [
            models.CheckConstraint(name="brandpayment_says_why", condition=~Q(reason="")),
            models.CheckConstraint(
                name="brandpayment_of_the_past", condition=Q(validated_through__lte=models.F("at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} through {self.validated_through:%Y-%m-%d}"


class PaymentWithdrawal(models.Model):
    """A payment that was recorded by mistake: it lets nothing go any more. Append-only."""

    payment = models.OneToOneField(
        BrandPayment, on_delete=models.PROTECT, related_name="withdrawal"
    )
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    at = models.DateTimeField()

    class Meta:
        verbose_name = "withdrawal of a payment"
        verbose_name_plural = "withdrawals of payments"
        constraints = [
            models.CheckConstraint(name="paymentwithdrawal_says_why", condition=~Q(reason=""))
        ]

    def __str__(self) -> str:
        return f"withdrawal of payment {self.payment_id}"
