"""The permits of the Offers API: as many as there may be requests in a minute."""

from django.db import models


class Permit(models.Model):
    """Leave for one request. Taken, it is not free again for a minute (budget.py)."""

    slot = models.PositiveIntegerField(primary_key=True)
    """0, 1, …; only those below the limit are given out."""
    free_at = models.DateTimeField(db_index=True)
    """By the database's clock."""

    class Meta:
        verbose_name = "request permit"

    def __str__(self) -> str:
        return f"permit {self.slot}"
