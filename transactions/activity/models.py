"""The member's ledger as a statement, numbered 1, 2, 3 … per member over all currencies.

Written by post() in the commit of the entries it tells of (ledger/activity.py), never changed and
never deleted. docs/decisions/0024 says why it is a table and not derived when it is read.
"""

from django.db import models
from django.db.models import Q

from rewards_site.kernel.ids import time_ordered_id


class ActivityCount(models.Model):
    """How many items a member has. Its row is the lock that makes their numbers one line."""

    member = models.OneToOneField("members.Member", on_delete=models.PROTECT, primary_key=True)
    item_count = models.BigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="activitycount_positive", condition=Q(item_count__gt=0))
        ]

    def __str__(self) -> str:
        return f"{self.item_count} items"


class MemberActivity(models.Model):
    """What one entry group did to one member in one currency. Amounts in its minor units."""

    public_id = models.UUIDField(default=time_ordered_id, editable=False)
    """Random, so unique; never looked up by, so without an index."""
    # Both are the first column of a unique index below.
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, db_index=False)
    group = models.ForeignKey("ledger.EntryGroup", on_delete=models.PROTECT, db_index=False)
    number = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    pending_change_minor = models.BigIntegerField()
    available_change_minor = models.BigIntegerField()
    pending_after_minor = models.BigIntegerField()
    available_after_minor = models.BigIntegerField()

    class Meta:
        verbose_name = "item of activity"
        verbose_name_plural = "items of activity"
        constraints = [
            models.UniqueConstraint(
                name="activity_numbered_once_per_member", fields=["member", "number"]
            ),
            models.UniqueConstraint(
                name="activity_one_per_group_member_currency",
                fields=["group", "member", "currency"],
            ),
            models.CheckConstraint(name="activity_number_positive", condition=Q(number__gt=0)),
            models.CheckConstraint(
                name="activity_balances_not_negative",
                condition=Q(pending_after_minor__gte=0, available_after_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"item {self.number} of member {self.member_id}"
