"""Members: whoever earns. One row per customer id of the publisher."""

from django.db import models

from rewards_site.kernel.ids import random_id
from rewards_site.members.customer_ids import CUSTOMER_ID_LENGTH_MAX


class Member(models.Model):
    """A person who earns rewards. Members do not log in here; staff do."""

    public_id = models.UUIDField(default=random_id, unique=True, editable=False)
    customer_id = models.CharField(max_length=CUSTOMER_ID_LENGTH_MAX, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="member_customer_id_not_empty", condition=~models.Q(customer_id="")
            )
        ]

    def __str__(self) -> str:
        return self.customer_id
