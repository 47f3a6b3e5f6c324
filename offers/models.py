"""Merchants: the brands whose offers members see and whose orders they are rewarded for."""

from django.db import models


class Merchant(models.Model):
    """A brand, keyed by Button's `org-` id, the only stable key of a brand (sheet, section 2)."""

    merchant_id = models.CharField(max_length=255, primary_key=True)
    name = models.CharField(max_length=255)
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="merchant_id_not_empty", condition=~models.Q(merchant_id="")
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_unnamed(self) -> bool:
        """Made at first sight of an order that did not tell the brand's name."""
        return self.name == self.merchant_id
