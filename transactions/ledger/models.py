"""The books: accounts, groups of entries, entries.

A group is the entries of one cause. In each group debits equal credits, per currency; on PostgreSQL
that is checked at commit, on SQLite when the group's own row is written, which is always after its
entries (guards.py). Groups and entries are never changed and never deleted, by anybody.

A member's account numbers its entries 1, 2, 3 … and each entry keeps the balance after it: a
balance as of any instant is one index read, and a writer that missed the lock collides with the
numbering instead of corrupting it. House accounts carry no running balance (they would be one hot
row for everyone); their entries have number 0 and are summed by reports.
"""

from django.db import models
from django.db.models import F, Q

from transactions.ledger.chart import HOUSE_KINDS, MEMBER_KINDS, AccountKind, GroupKind


class Account(models.Model):
    """A ledger account. Totals are kept for members only, in minor units, and only ever grow."""

    kind = models.CharField(max_length=32, choices=[(kind, kind.value) for kind in AccountKind])
    currency = models.CharField(max_length=3)
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, blank=True)
    merchant = models.ForeignKey("offers.Merchant", on_delete=models.PROTECT, null=True, blank=True)
    debited_minor = models.BigIntegerField(default=0)
    credited_minor = models.BigIntegerField(default=0)
    earned_minor = models.BigIntegerField(default=0)
    """Credits of final rewards, never reduced: `lifetime_earned`. On `available` accounts only."""
    entry_count = models.BigIntegerField(default=0)
    last_posted_at = models.DateTimeField(null=True, blank=True)
    """Of the last entry of a member's account: no later entry is posted before it."""

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="account_one_per_member_kind_currency",
                fields=["member", "kind", "currency"],
                condition=Q(member__isnull=False),
            ),
            models.UniqueConstraint(
                name="account_one_per_merchant_kind_currency",
                fields=["merchant", "kind", "currency"],
                condition=Q(member__isnull=True, merchant__isnull=False),
            ),
            models.UniqueConstraint(
                name="account_one_per_house_kind_currency",
                fields=["kind", "currency"],
                condition=Q(member__isnull=True, merchant__isnull=True),
            ),
            models.CheckConstraint(
                name="account_member_kinds_have_a_member",
                condition=Q(
                    member__isnull=False,
                    merchant__isnull=True,
                    kind__in=sorted(kind.value for kind in MEMBER_KINDS),
                )
                | Q(member__isnull=True, kind__in=sorted(kind.value for kind in HOUSE_KINDS)),
            ),
            models.CheckConstraint(
                name="account_member_never_below_zero",
                condition=Q(member__isnull=True) | Q(credited_minor__gte=F("debited_minor")),
            ),
            models.CheckConstraint(
                name="account_totals_not_negative",
                condition=Q(
                    debited_minor__gte=0,
                    credited_minor__gte=0,
                    earned_minor__gte=0,
                    entry_count__gte=0,
                ),
            ),
            models.CheckConstraint(
                name="account_house_has_no_totals",
                condition=Q(member__isnull=False)
                | Q(debited_minor=0, credited_minor=0, earned_minor=0, entry_count=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.currency}"


class EntryGroup(models.Model):
    """The balanced entries of one cause. Written after its entries: its row seals them."""

    cause = models.CharField(max_length=255, unique=True)
    """What it was booked for, readable and never used twice: `transaction/812/revision/3`."""
    kind = models.CharField(max_length=32, choices=[(kind, kind.value) for kind in GroupKind])
    posted_at = models.DateTimeField(db_index=True)
    entry_count = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="entrygroup_has_two_sides", condition=Q(entry_count__gte=2)
            ),
            models.CheckConstraint(name="entrygroup_has_a_cause", condition=~Q(cause="")),
        ]

    def __str__(self) -> str:
        return self.cause


class Entry(models.Model):
    """One side of a movement on one account, in minor units of the account's currency."""

    group = models.ForeignKey(EntryGroup, on_delete=models.PROTECT, related_name="entries")
    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="entries")
    number = models.BigIntegerField()
    debit_minor = models.BigIntegerField()
    credit_minor = models.BigIntegerField()
    balance_after_minor = models.BigIntegerField(null=True, blank=True)
    """Credits less debits of a member's account after this entry; null on house accounts."""

    class Meta:
        verbose_name_plural = "entries"
        constraints = [
            models.UniqueConstraint(
                name="entry_numbered_once_per_account",
                fields=["account", "number"],
                condition=Q(number__gt=0),
            ),
            models.UniqueConstraint(
                name="entry_one_per_group_and_account", fields=["group", "account"]
            ),
            models.CheckConstraint(
                name="entry_is_debit_or_credit",
                condition=Q(debit_minor__gt=0, credit_minor=0)
                | Q(debit_minor=0, credit_minor__gt=0),
            ),
            models.CheckConstraint(
                name="entry_member_balance_not_negative",
                condition=Q(number=0, balance_after_minor__isnull=True)
                | Q(number__gt=0, balance_after_minor__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.debit_minor - self.credit_minor:+d} on account {self.account_id}"


class Horizon(models.Model):
    """How far reports have looked: one row, which only grows (horizon.py, guards.py)."""

    horizon_at = models.DateTimeField()
    """The latest instant that a report asked for. What is booked from now on is later."""
    settled_at = models.DateTimeField()
    """Everything at or before it is committed: nothing can be booked there any more."""

    class Meta:
        verbose_name_plural = "horizon"
        constraints = [
            models.CheckConstraint(name="horizon_has_one_row", condition=Q(id=1)),
            models.CheckConstraint(
                name="horizon_settles_behind_itself",
                condition=Q(settled_at__lte=F("horizon_at")),
            ),
        ]

    def __str__(self) -> str:
        return "horizon of the reports"
