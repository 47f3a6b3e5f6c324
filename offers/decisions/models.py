"""Rate decisions: what each member was shown, and by which terms, for as long as ops chooses.

What was shown is stored once a day however many members were shown the very same; a decision is a
member, an instant and that payload. Rows are never changed; those past RATE_DECISIONS_DAYS go.
"""

from django.db import models
from django.db.models import Q

DIGEST_BYTES = 32


class ShownPayload(models.Model):
    """One listing, word for word (packing.py), of one UTC day."""

    day = models.DateField()
    digest = models.BinaryField(max_length=DIGEST_BYTES)
    """SHA-256 of the unpacked text."""
    body = models.BinaryField()

    class Meta:
        constraints = [
            # The day first: what is pruned lies together
            models.UniqueConstraint(name="shownpayload_once_a_day", fields=["day", "digest"]),
        ]

    def __str__(self) -> str:
        return f"listing {self.pk}"


class RateDecision(models.Model):
    """One answer of `offers/` to one member."""

    # The first column of an index below.
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False)
    shown_at = models.DateTimeField()
    """The instant by whose rules the rewards were reckoned."""
    payload = models.ForeignKey(ShownPayload, on_delete=models.PROTECT)
    brand_count = models.PositiveIntegerField()
    offer_count = models.PositiveIntegerField()

    class Meta:
        indexes = [
            models.Index(name="ratedecision_of_member", fields=["member", "-id"]),
            models.Index(name="ratedecision_by_time", fields=["shown_at"]),
        ]
        constraints = [
            models.CheckConstraint(
                name="ratedecision_offers_have_brands",
                condition=Q(brand_count__gt=0) | Q(offer_count=0),
            ),
        ]

    def __str__(self) -> str:
        return f"rate decision {self.pk}"
