"""When a final reward becomes available to its member."""

from django.db import models


class ReleaseMode(models.TextChoices):
    VALIDATED = "validated", "when the order is validated"
    DELAY = "delay", "some days after it was validated"
    PAID = "paid", "when the brand has paid us"
