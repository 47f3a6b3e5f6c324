"""Billing accounts at Button. Imported by models.py, which is where others take it from."""

from django.db import models
from django.db.models import Q

from transactions.choices import ShareMode


class ButtonAccount(models.Model):
    """A billing account at Button: one currency, and the share mode that ops set.

    Lives here and not with the sync, because what is booked depends on both (docs/decisions/0004).
    """

    account_id = models.CharField(max_length=255, primary_key=True)
    name = models.CharField(max_length=255, blank=True)
    currency = models.CharField(max_length=3)
    organization = models.CharField(max_length=255, blank=True)
    share_mode = models.CharField(
        max_length=16, choices=ShareMode.choices, default=ShareMode.SHARED
    )
    first_seen_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    """When the Accounts API first listed it; null while only an order has named it."""

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="buttonaccount_share_mode_known", condition=Q(share_mode__in=ShareMode.values)
            ),
            models.CheckConstraint(name="buttonaccount_id_not_empty", condition=~Q(account_id="")),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} ({self.currency})"
