"""Members: whoever earns. One row per customer id of the publisher."""

import re

from django.db import models

from rewards_site.kernel.ids import random_id

CUSTOMER_ID_LENGTH_MAX = 255
_CUSTOMER_ID = re.compile(rf"[\x21-\x7E]{{1,{CUSTOMER_ID_LENGTH_MAX}}}")


def is_customer_id(text: object) -> bool:
    """Whether `text` may be a customer id: 1-255 characters of ASCII 0x21-0x7E (contract, 5)."""
    return isinstance(text, str) and _CUSTOMER_ID.fullmatch(text) is not None


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
