"""Reward rules: what ops promise members beyond the default share.

A rule has a name for ever, and versions: a draft is edited until it is published; what is published
stays as it is (guards.py) until it is withdrawn, or the next version takes its place. At most one
version of a rule is a draft, at most one in force. Who did what, and why, stands in RuleChange.
"""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from offers.rules.limits import AMOUNT_MAX, PROMOTION_BPS_MAX, WHOLE_BPS
from offers.rules.terms import TermsKind
from rewards_site.kernel.currencies import POINTS
from rewards_site.kernel.ids import time_ordered_id

NAME_LENGTH_MAX = 80
CATEGORY_LENGTH_MAX = 200


class RewardRule(models.Model):
    """A rule over all its versions; its name stands in the terms of orders and never changes."""

    public_id = models.UUIDField(default=time_ordered_id, unique=True, editable=False)
    name = models.CharField(max_length=NAME_LENGTH_MAX)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name = "reward rule"
        permissions = [
            ("draft_rewardrule", "Can draft reward rules"),
            ("publish_rewardrule", "Can publish and withdraw reward rules"),
            ("approve_promotion", "Can approve promotions"),
        ]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="rewardrule_name_once"),
            models.CheckConstraint(name="rewardrule_name_not_empty", condition=~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"«{self.name}»"


class RuleState(models.TextChoices):
    DRAFT = "draft", "draft"
    PUBLISHED = "published", "published"
    WITHDRAWN = "withdrawn", "withdrawn"


class RuleKind(models.TextChoices):
    SHARE = TermsKind.SHARE.value, "a share of the commission"
    FIXED = TermsKind.FIXED.value, "a fixed amount per order"
    POINTS_FIXED = TermsKind.POINTS_FIXED.value, "points per order"
    POINTS_PER_UNIT = TermsKind.POINTS_PER_UNIT.value, "points per unit of the commission"


_IS_POINTS = Q(kind__in=[RuleKind.POINTS_FIXED, RuleKind.POINTS_PER_UNIT])
_IS_DRAFT = Q(state=RuleState.DRAFT)


def _one_worth() -> Q:
    """A kind says which one of share, amount and points there is; an amount has a currency."""
    share = Q(kind=RuleKind.SHARE, fixed_minor=0, points=0, share_bps__gte=0)
    fixed = Q(kind=RuleKind.FIXED, share_bps=0, points=0, fixed_minor__gt=0)
    points = Q(share_bps=0, fixed_minor=0, points__gt=0)
    return (
        share
        | (fixed & Q(fixed_minor__lte=AMOUNT_MAX) & ~Q(currency=""))
        | (points & Q(kind=RuleKind.POINTS_FIXED))
        | (points & Q(kind=RuleKind.POINTS_PER_UNIT) & ~Q(currency=""))
    )


def _state_and_times() -> Q:
    """Published says when and by whom; withdrawn says so twice. Two people for a promotion."""
    by_two = Q(is_promotion=True, approved_by__isnull=False) & ~Q(approved_by=F("published_by"))
    published = Q(published_at__isnull=False, published_by__isnull=False) & (
        by_two | Q(is_promotion=False, approved_by__isnull=True)
    )
    standing = Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
    gone = Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False)
    gone &= Q(withdrawn_at__gte=F("published_at"))
    return (
        (
            _IS_DRAFT
            & standing
            & Q(published_at__isnull=True, published_by__isnull=True, approved_by__isnull=True)
        )
        | (Q(state=RuleState.PUBLISHED) & published & standing)
        | (Q(state=RuleState.WITHDRAWN) & published & gone)
    )


def _promotion_has_budget() -> Q:
    """A promotion spends at most so much, in what it pays in; nothing else has a budget."""
    in_points = _IS_POINTS & Q(budget_currency=POINTS)
    in_money = ~_IS_POINTS & Q(budget_currency=F("currency")) & ~Q(currency="")
    return Q(is_promotion=False, budget_minor__isnull=True, budget_currency="") | (
        # A check that comes out as null passes: what must be there says so.
        Q(is_promotion=True, budget_minor__isnull=False)
        & Q(budget_minor__gt=0, budget_minor__lte=AMOUNT_MAX)
        & (in_points | in_money)
    )


class RuleVersion(models.Model):
    """One version of a rule: what it pays, for whom, when. Empty texts say nothing, as null does.

    Once published nothing of it changes but that it is withdrawn, and it is never deleted.
    """

    rule = models.ForeignKey(RewardRule, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=16, choices=RuleState.choices, default=RuleState.DRAFT)

    kind = models.CharField(max_length=16, choices=RuleKind.choices, default=RuleKind.SHARE)
    share_bps = models.PositiveIntegerField(default=0)
    """Of the commission, in basis points."""
    fixed_minor = models.BigIntegerField(default=0)
    """Per order, in minor units of `currency`."""
    points = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    """Per order, or per major unit of the commission. 14 digits are what SQLite keeps exactly."""
    currency = models.CharField(max_length=3, blank=True)
    """Of the commission that it pays for; empty: any."""
    cap_minor = models.BigIntegerField(null=True, blank=True)
    """Per order: in minor units of `currency`, or points."""
    minimum_order_minor = models.BigIntegerField(null=True, blank=True)
    minimum_currency = models.CharField(max_length=3, blank=True)
    """Of the minimum order; empty: `currency`."""
    is_promotion = models.BooleanField(default=False)
    """May pay more than the commission; a second person approves it."""
    budget_minor = models.BigIntegerField(null=True, blank=True)
    """Of the rule over all its versions: used up, it is offered to no later click."""
    budget_currency = models.CharField(max_length=3, blank=True)

    priority = models.SmallIntegerField(default=0)
    merchant = models.ForeignKey(
        "offers.Merchant", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """Null: every merchant."""
    category = models.CharField(max_length=CATEGORY_LENGTH_MAX, blank=True)
    """Of products, as the lines of orders tell it; empty: every line."""
    zone = models.CharField(max_length=64)
    starts_local = models.CharField(max_length=19, blank=True)
    """What clocks in `zone` show then, as ops typed it: `2026-11-27T00:00:00`. Empty: open."""
    ends_local = models.CharField(max_length=19, blank=True)
    starts_at = models.DateTimeField(null=True, blank=True)
    """The instant of `starts_local`; a law that moves clocks later does not move it."""
    ends_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)
    """For colleagues; decides nothing."""
    content_hash = models.CharField(max_length=64)
    """SHA-256 of all that decides (promise.py): what a back-test and an approval are about."""

    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    published_at = models.DateTimeField(null=True, blank=True)
    """It holds after this instant, not at it."""
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    """The second person, of a promotion."""
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    """From this instant on it holds no more."""
    withdrawn_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "version of a reward rule"
        verbose_name_plural = "versions of reward rules"
        constraints = [
            models.UniqueConstraint(name="ruleversion_numbered_once", fields=["rule", "number"]),
            models.UniqueConstraint(
                name="ruleversion_one_draft_a_rule", fields=["rule"], condition=_IS_DRAFT
            ),
            models.UniqueConstraint(
                name="ruleversion_one_in_force_a_rule",
                fields=["rule"],
                condition=Q(state=RuleState.PUBLISHED),
            ),
            models.CheckConstraint(name="ruleversion_number_positive", condition=Q(number__gt=0)),
            models.CheckConstraint(
                name="ruleversion_state_and_times_agree", condition=_state_and_times()
            ),
            models.CheckConstraint(name="ruleversion_one_worth", condition=_one_worth()),
            models.CheckConstraint(
                name="ruleversion_share_within_reach",
                condition=Q(share_bps__lte=WHOLE_BPS)
                | Q(is_promotion=True, share_bps__lte=PROMOTION_BPS_MAX),
            ),
            models.CheckConstraint(
                name="ruleversion_cap_positive",
                condition=Q(cap_minor__isnull=True)
                | (Q(cap_minor__gt=0, cap_minor__lte=AMOUNT_MAX) & (_IS_POINTS | ~Q(currency=""))),
            ),
            models.CheckConstraint(
                name="ruleversion_minimum_positive",
                condition=Q(minimum_order_minor__isnull=True, minimum_currency="")
                | (
                    Q(minimum_order_minor__isnull=False)
                    & Q(minimum_order_minor__gt=0, minimum_order_minor__lte=AMOUNT_MAX)
                    & ~Q(minimum_currency="", currency="")
                ),
            ),
            models.CheckConstraint(
                name="ruleversion_promotion_has_budget", condition=_promotion_has_budget()
            ),
            models.CheckConstraint(
                name="ruleversion_category_has_share",
                condition=Q(category="") | Q(kind=RuleKind.SHARE),
            ),
            models.CheckConstraint(
                name="ruleversion_window_whole",
                condition=~Q(zone="")
                & (
                    Q(starts_local="", starts_at__isnull=True)
                    | (~Q(starts_local="") & Q(starts_at__isnull=False))
                )
                & (
                    Q(ends_local="", ends_at__isnull=True)
                    | (~Q(ends_local="") & Q(ends_at__isnull=False))
                ),
            ),
            models.CheckConstraint(
                name="ruleversion_ends_after_start",
                condition=Q(starts_at__isnull=True)
                | Q(ends_at__isnull=True)
                | Q(ends_at__gt=F("starts_at")),
            ),
            models.CheckConstraint(
                name="ruleversion_hash_not_empty", condition=~Q(content_hash="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.rule} v{self.number}"


class ChangeKind(models.TextChoices):
    DRAFTED = "drafted", "drafted"
    EDITED = "edited", "draft edited"
    DELETED = "deleted", "draft deleted"
    PROPOSED = "proposed", "proposed as a promotion"
    PUBLISHED = "published", "published"
    REPLACED = "replaced", "withdrawn, as the next version took its place"
    WITHDRAWN = "withdrawn", "withdrawn"


class RuleChange(models.Model):
    """One thing that staff did with a rule: who, when, why, what. Append-only."""

    rule = models.ForeignKey(RewardRule, on_delete=models.PROTECT, related_name="changes")
    number = models.PositiveIntegerField()
    version_number = models.PositiveIntegerField()
    """Not a key: a deleted draft leaves its history."""
    kind = models.CharField(max_length=16, choices=ChangeKind.choices)
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=500)
    what = models.JSONField(default=list, blank=True)
    """[[what, before, after]] in words; before is empty where there was nothing."""
    acknowledged = models.JSONField(default=list, blank=True)
    """The conflicts that were read and accepted, in their very words."""
    content_hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = "change of a reward rule"
        verbose_name_plural = "changes of reward rules"
        constraints = [
            models.UniqueConstraint(name="rulechange_numbered_once", fields=["rule", "number"]),
            models.CheckConstraint(name="rulechange_number_positive", condition=Q(number__gt=0)),
            models.CheckConstraint(
                name="rulechange_kind_known", condition=Q(kind__in=ChangeKind.values)
            ),
            models.CheckConstraint(name="rulechange_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"change {self.number} of rule {self.rule_id}"
