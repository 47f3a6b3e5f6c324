"""What was earned: Button accounts, transactions (orders), their children, their revisions.

A transaction is one order of one Button account. Its children are Button's `tx` ids of it; one of
them decides (effective.py). Its revisions are all that Button ever said and all that staff decided,
in order, each with the entry group it caused: the books can be derived again from them (verify.py).
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from offers.rules.terms import POINTS_KINDS
from rewards_site.button.schemas import APP_INSTALL, CATEGORIES, ButtonStatus
from rewards_site.kernel.currencies import POINTS
from rewards_site.kernel.ids import time_ordered_id
from transactions.account_model import ButtonAccount
from transactions.choices import RevisionKind, ShareMode, Source

__all__ = [
    "ButtonAccount",
    "RevisionKind",
    "ShareMode",
    "Source",
    "Transaction",
    "TransactionChild",
    "TransactionRevision",
]

_STATUSES = [(status.value, status.value) for status in ButtonStatus]


class Transaction(models.Model):
    """An order: what the member and the reports call a transaction.

    `status`, `commission_minor`, `reward_minor`, `member` and `merchant` are at once what is known
    and what the books hold for it: both are written in one commit (apply.py, attribution.py).
    """

    public_id = models.UUIDField(default=time_ordered_id, unique=True, editable=False)
    account = models.ForeignKey(ButtonAccount, on_delete=models.PROTECT)
    order_key = models.CharField(max_length=255)
    """The `button_order_id`, or the `tx` id where Button tells none: never null, so unique."""
    # null is what Button tells; "" would be another word for it
    button_order_id = models.CharField(max_length=255, null=True, blank=True, db_index=True)  # noqa: DJ001
    category = models.CharField(max_length=32)
    status = models.CharField(max_length=16, choices=_STATUSES)
    currency = models.CharField(max_length=3)
    commission_minor = models.BigIntegerField(default=0)
    """The effective commission, whatever the status; may be negative."""
    reward_minor = models.BigIntegerField(default=0)
    """What the member has of it: pending or available by `status`; 0 when declined."""
    reward_currency = models.CharField(max_length=3)
    """Of the reward, and of what is unrecovered of it: the commission's, or points."""
    click = models.ForeignKey(
        "clicks.Click", on_delete=models.PROTECT, null=True, blank=True, related_name="orders"
    )
    """The tap of its member, at its brand, that it came by."""
    # Without an index of its own: the one below begins with it, and PostgreSQL chose the other.
    member = models.ForeignKey(
        "members.Member", on_delete=models.PROTECT, null=True, blank=True, db_index=False
    )
    merchant = models.ForeignKey("offers.Merchant", on_delete=models.PROTECT, null=True, blank=True)
    customer_id_told = models.CharField(max_length=255, blank=True)
    """The `publisher_customer_id` that Button told, if it may name a member."""
    pub_ref = models.CharField(max_length=1024, blank=True)
    order_total_minor = models.BigIntegerField(null=True, blank=True)
    order_currency = models.CharField(max_length=3, blank=True)
    purchased_at = models.DateTimeField()
    terms = models.JSONField(default=dict)
    promotion = models.CharField(max_length=36, blank=True)
    """The id of the promotion that its terms are of; its rewards are summed by it (budgets.py)."""
    flags = models.JSONField(default=list)
    is_test = models.BooleanField(default=False)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    final_at = models.DateTimeField(null=True, blank=True)
    """When we booked the final state; null while pending."""
    is_held = models.BooleanField(default=False)
    """Whether its final reward still stands in the pending balance: held back (releases/)."""
    released_at = models.DateTimeField(null=True, blank=True)
    """When a final reward that was held back became available."""
    unrecovered = models.JSONField(default=dict)
    """Member → what they keep of it, as it was moved on after they had spent it."""
    revision_count = models.PositiveIntegerField(default=0)

    class Meta:
        permissions = [
            ("attribute_transaction", "Can name the member of a transaction"),
            ("move_transaction", "Can move a transaction to another member"),
            ("release_transaction", "Can release a reward that is held back"),
        ]
        indexes = [
            models.Index(name="transaction_of_member", fields=["member", "-public_id"]),
            models.Index(
                name="transaction_unattributed",
                fields=["-id"],
                condition=Q(member__isnull=True, is_test=False) & ~Q(category=APP_INSTALL),
            ),
            models.Index(
                name="transaction_of_promotion",
                fields=["promotion", "reward_currency"],
                condition=~Q(promotion=""),
            ),
            models.Index(
                name="transaction_held", fields=["merchant", "final_at"], condition=Q(is_held=True)
            ),
            models.Index(name="transaction_test", fields=["-id"], condition=Q(is_test=True)),
            models.Index(
                name="transaction_install", fields=["-id"], condition=Q(category=APP_INSTALL)
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="transaction_one_per_account_and_order", fields=["account", "order_key"]
            ),
            models.CheckConstraint(
                name="transaction_status_known",
                condition=Q(status__in=[status.value for status in ButtonStatus]),
            ),
            models.CheckConstraint(
                name="transaction_category_known", condition=Q(category__in=sorted(CATEGORIES))
            ),
            models.CheckConstraint(
                name="transaction_reward_not_negative", condition=Q(reward_minor__gte=0)
            ),
            models.CheckConstraint(
                name="transaction_declined_rewards_nothing",
                condition=~Q(status=ButtonStatus.DECLINED.value) | Q(reward_minor=0),
            ),
            models.CheckConstraint(
                name="transaction_install_never_rewarded",
                condition=~Q(category=APP_INSTALL) | Q(member__isnull=True, reward_minor=0),
            ),
            models.CheckConstraint(
                name="transaction_reward_in_commission_currency_or_points",
                condition=Q(reward_currency=F("currency")) | Q(reward_currency=POINTS),
            ),
            models.CheckConstraint(
                name="transaction_click_has_a_member",
                condition=Q(click__isnull=True) | Q(member__isnull=False, merchant__isnull=False),
            ),
            models.CheckConstraint(
                name="transaction_only_a_final_reward_is_held",
                condition=Q(is_held=False)
                | Q(status=ButtonStatus.VALIDATED.value, is_test=False, released_at__isnull=True),
            ),
            models.CheckConstraint(
                name="transaction_test_never_rewarded",
                condition=Q(is_test=False) | Q(reward_minor=0),
            ),
        ]

    def __str__(self) -> str:
        return self.order_key


class TransactionChild(models.Model):
    """One `tx` id of an order, as it was last told. Unique over all accounts, for ever."""

    tx_id = models.CharField(max_length=255, unique=True)
    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="children")
    status = models.CharField(max_length=16, choices=_STATUSES)
    amount_minor = models.BigIntegerField()
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    source = models.CharField(max_length=16, choices=Source.choices)
    read_at = models.DateTimeField()
    """When the observation in force was received; a later read of the API wins a tie."""
    told = models.JSONField(default=dict)
    """field → [value, when it was told (modified_date)]: the newest word on each optional field."""

    class Meta:
        verbose_name_plural = "transaction children"
        constraints = [
            models.CheckConstraint(
                name="transactionchild_status_known",
                condition=Q(status__in=[status.value for status in ButtonStatus]),
            )
        ]

    def __str__(self) -> str:
        return self.tx_id


class TransactionRevision(models.Model):
    """One change of a transaction: what was said, what it came to, what was booked. Append-only."""

    transaction = models.ForeignKey(Transaction, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=RevisionKind.choices)
    source = models.CharField(max_length=16, choices=Source.choices)
    child = models.ForeignKey(TransactionChild, on_delete=models.PROTECT, null=True, blank=True)
    observation = models.JSONField(null=True, blank=True)
    """The observation as it was read (TransactionObservation.as_json); null for staff's own."""
    raw_row = models.TextField(blank=True)
    """The row of the API as it came, with fields that nobody reads; a webhook's is in the inbox."""
    is_test = models.BooleanField(default=False)
    """Whether the order was test money after this revision."""
    occurred_at = models.DateTimeField()
    """Button's `modified_date`, or when staff acted."""
    read_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    status = models.CharField(max_length=16, choices=_STATUSES)
    commission_minor = models.BigIntegerField()
    reward_minor = models.BigIntegerField()
    change_minor = models.BigIntegerField()
    """The reward after this revision less the reward before it."""
    member = models.ForeignKey("members.Member", on_delete=models.PROTECT, null=True, blank=True)
    merchant = models.ForeignKey("offers.Merchant", on_delete=models.PROTECT, null=True, blank=True)
    terms = models.JSONField(default=dict)
    flags = models.JSONField(default=list)
    missing_from = models.DateTimeField(null=True, blank=True)
    missing_until = models.DateTimeField(null=True, blank=True)
    """States may be missing between these two: the API shows only the latest state."""
    unrecovered = models.JSONField(default=dict)
    """As the order's, after this revision."""
    is_held = models.BooleanField(default=False)
    """As the order's, after this revision."""
    entry_group = models.OneToOneField(
        "ledger.EntryGroup", on_delete=models.PROTECT, null=True, blank=True
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="approved_revisions",
    )
    """The second person, where the money asked for two."""
    reason = models.CharField(max_length=500, blank=True)
    """Why staff acted, in their words; empty for what Button told."""

    class Meta:
        indexes = [
            models.Index(
                name="revision_with_states_missing",
                fields=["-id"],
                condition=Q(missing_from__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                name="revision_numbered_once", fields=["transaction", "number"]
            ),
            models.CheckConstraint(name="revision_number_positive", condition=Q(number__gt=0)),
            models.CheckConstraint(
                name="revision_by_button_or_by_staff",
                condition=Q(kind=RevisionKind.TOLD, observation__isnull=False, actor__isnull=True)
                | Q(
                    kind__in=[RevisionKind.ASSIGNED, RevisionKind.MOVED, RevisionKind.MERGED],
                    observation__isnull=True,
                    actor__isnull=False,
                )
                | Q(
                    kind__in=[RevisionKind.ACCEPTED, RevisionKind.KEPT],
                    observation__isnull=False,
                    actor__isnull=False,
                )
                | Q(kind=RevisionKind.RELEASED, observation__isnull=True),
            ),
            models.CheckConstraint(
                name="revision_held_only_when_validated",
                condition=Q(is_held=False) | Q(status=ButtonStatus.VALIDATED.value, is_test=False),
            ),
            models.CheckConstraint(
                name="revision_approved_by_another_person",
                condition=Q(approver__isnull=True)
                | (Q(actor__isnull=False) & ~Q(approver=F("actor"))),
            ),
        ]

    def __str__(self) -> str:
        return f"revision {self.number} of transaction {self.transaction_id}"

    @property
    def reward_currency(self) -> str:
        """Of its reward and the change of it: points, or the commission's, by its terms."""
        return POINTS if self.terms.get("type") in POINTS_KINDS else self.transaction.currency
