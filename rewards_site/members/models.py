"""Members: whoever earns. One row per customer id of the publisher."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from rewards_site.kernel.ids import random_id
from rewards_site.members.customer_ids import CUSTOMER_ID_LENGTH_MAX


class Member(models.Model):
    """A person who earns rewards. Members do not log in here; staff do.

    The publisher may know one person by several customer ids, one after another or at once. Then
    one row is the member, and the rows of the other ids point at it: they hold no money and no
    orders. Who looks a customer id up follows `same_as`, one step (queries.py).
    """

    public_id = models.UUIDField(default=random_id, unique=True, editable=False)
    customer_id = models.CharField(max_length=CUSTOMER_ID_LENGTH_MAX, unique=True)
    created_at = models.DateTimeField()
    same_as = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="aliases"
    )
    """The member this customer id stands for, if that is another row; never one that points on."""

    class Meta:
        permissions = [
            ("rename_member", "Can propose and approve another customer id for a member"),
            ("merge_member", "Can propose and approve the merging of two members"),
        ]
        constraints = [
            models.CheckConstraint(
                name="member_customer_id_not_empty", condition=~models.Q(customer_id="")
            ),
            models.CheckConstraint(
                name="member_is_not_its_own_alias",
                condition=Q(same_as__isnull=True) | ~Q(same_as=F("id")),
            ),
        ]

    def __str__(self) -> str:
        return self.customer_id


class ChangeKind(models.TextChoices):
    """How a customer id came to stand for another row's member."""

    RENAMED = "renamed", "renamed: the member got another customer id"
    MERGED = "merged", "merged: two members turned out to be one"


class CustomerIdChange(models.Model):
    """Who decided that a customer id stands for a member from then on, and why. Append-only.

    Names rows, not customer ids: who is forgotten later is not named here.
    """

    kind = models.CharField(max_length=16, choices=ChangeKind.choices)
    alias = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="+")
    """The row of the customer id that was given up."""
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="customer_id_changes")
    """Whom it stood for from then on."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    reason = models.CharField(max_length=500)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="customeridchange_kind_known", condition=Q(kind__in=ChangeKind.values)
            ),
            models.CheckConstraint(
                name="customeridchange_of_two_rows", condition=~Q(alias=F("member"))
            ),
            models.CheckConstraint(
                name="customeridchange_by_two_people", condition=~Q(approver=F("actor"))
            ),
            models.CheckConstraint(name="customeridchange_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class Erasure(models.Model):
    """That a person was forgotten: which member, when, by whom, and how much. Never by which id.

    First it is recorded, with the hashes of their customer ids, so that nothing is taken in under
    them any more; then, in one commit, everything is overwritten (erasing.py).
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="erasures")
    erased_by = models.CharField(max_length=150)
    """The user of the operating system who ran the command."""
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """The member of staff it was done for, where one was named."""
    begun_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)
    """When everything was overwritten; null: the command is to be run again."""
    counts = models.JSONField(default=dict, blank=True)
    """Room → how many rows it overwrote."""
    files = models.JSONField(default=list, blank=True)
    """Names of files that hold the person and are still to be deleted."""
    under_way = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """0, which no row is, in the very transaction that overwrites: guards let it pass by that.

    The foreign key is looked at when it is committed: no other transaction ever sees a 0.
    """

    class Meta:
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"erasure {self.pk}"


class ErasedName(models.Model):
    """A customer id that was erased: its keyed hash, and what stands in its place. Append-only."""

    erasure = models.ForeignKey(Erasure, on_delete=models.PROTECT, related_name="names")
    key_id = models.CharField(max_length=8)
    """Of the key it was hashed by."""
    hash = models.CharField(max_length=64)
    """HMAC-SHA256 in hexadecimal."""
    text = models.CharField(max_length=CUSTOMER_ID_LENGTH_MAX, unique=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(name="erasedname_hashed_once", fields=["key_id", "hash"]),
        ]

    def __str__(self) -> str:
        return self.text
