"""How long each brand's orders really took until they were available, and how right that was.

Written nightly by transactions/brand_record/, which knows the orders; offers only reads the rows.
A brand has a record only while enough is known of it: without one its window stands alone.
"""

from django.db import models
from django.db.models import F, Q

from offers.models import Merchant


class BrandRecord(models.Model):
    """What is expected of a brand now: its wait in whole days from purchase to available.

    An estimate. Of the orders that are validated at last, half were within `median_days`, and 8 of
    10 between `low_days` and `high_days`.
    """

    merchant = models.OneToOneField(
        Merchant, on_delete=models.PROTECT, primary_key=True, related_name="record"
    )
    median_days = models.PositiveIntegerField()
    low_days = models.PositiveIntegerField()
    high_days = models.PositiveIntegerField()
    sample_size = models.PositiveIntegerField()
    """Validated orders that the estimate rests on."""
    pending_count = models.PositiveIntegerField()
    """Orders of the same time still pending: they count as waiting longer than so far."""
    declined_count = models.PositiveIntegerField()
    from_at = models.DateTimeField()
    until_at = models.DateTimeField()
    """Orders bought from `from_at` until before `until_at` were used."""
    measured_at = models.DateTimeField()
    waits = models.JSONField(default=list, blank=True)
    """[days, validated orders that waited so many]: what the chart shows."""
    months = models.JSONField(default=list, blank=True)
    """Newest first, how the estimate made before a month held for its orders (calibration.py)."""
    judged_count = models.PositiveIntegerField(default=0)
    """Orders of the newest months by which earlier estimates could be judged."""
    inside_count = models.PositiveIntegerField(default=0)
    """Those of them that came within the range expected before they were bought."""
    drifting_since = models.DateTimeField(null=True, blank=True)
    """Since which night reality falls outside the range far too often; null while it does not."""

    class Meta:
        verbose_name = "expected date"
        constraints = [
            models.CheckConstraint(
                name="brandrecord_median_within_range",
                condition=Q(low_days__lte=F("median_days"), median_days__lte=F("high_days")),
            ),
            models.CheckConstraint(
                name="brandrecord_inside_among_judged",
                condition=Q(inside_count__lte=F("judged_count")),
            ),
            models.CheckConstraint(
                name="brandrecord_from_before_until", condition=Q(from_at__lt=F("until_at"))
            ),
        ]

    def __str__(self) -> str:
        return self.merchant_id


class BrandMeasure(models.Model):
    """What one night found of one brand: the estimate in force from then on, or why there is none.

    Kept for 400 nights, so that one can see what was told when. It is no money and no evidence.
    """

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="measures")
    measured_on = models.DateField()
    """The business day; a brand is measured once for each."""
    measured_at = models.DateTimeField()
    median_days = models.PositiveIntegerField(null=True, blank=True)
    low_days = models.PositiveIntegerField(null=True, blank=True)
    high_days = models.PositiveIntegerField(null=True, blank=True)
    validated_count = models.PositiveIntegerField()
    pending_count = models.PositiveIntegerField()
    declined_count = models.PositiveIntegerField()
    from_at = models.DateTimeField()
    judged_count = models.PositiveIntegerField(default=0)
    inside_count = models.PositiveIntegerField(default=0)
    """As the record's, as they were that night."""
    is_drifting = models.BooleanField(default=False)

    class Meta:
        verbose_name = "measurement of a brand"
        verbose_name_plural = "measurements of brands"
        indexes = [models.Index(name="brandmeasure_by_day", fields=["measured_on"])]
        constraints = [
            models.UniqueConstraint(
                name="brandmeasure_once_a_night", fields=["merchant", "measured_on"]
            ),
            models.CheckConstraint(
                name="brandmeasure_whole_estimate_or_none",
                condition=Q(median_days__isnull=True, low_days__isnull=True, high_days__isnull=True)
                | Q(median_days__isnull=False, low_days__isnull=False, high_days__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id} on {self.measured_on}"
