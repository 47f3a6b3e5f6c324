"""Merchants: the brands whose offers members see and whose orders they are rewarded for.

A merchant is made at first sight, by an order or by the catalogue. What Button tells of it stands
in its profile, which catalogue runs alone write; a merchant without one is not yet described. Every
change of a profile is a revision. What ops decide about a merchant stands in its overlay and never
in its profile, so that no run can overwrite it.
"""

from django.conf import settings
from django.db import models
from django.db.models import Q

from rewards_site.button.brands import URL_LENGTH_MAX
from rewards_site.kernel.ids import time_ordered_id


class Merchant(models.Model):
    """A brand, keyed by Button's `org-` id, the only stable key of a brand (sheet, section 2)."""

    merchant_id = models.CharField(max_length=255, primary_key=True)
    name = models.CharField(max_length=255)
    """As its profile tells it; before there is one, as an order told it, or the id."""
    first_seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="merchant_id_not_empty", condition=~models.Q(merchant_id="")
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_unnamed(self) -> bool:
        """Made at first sight of an order that did not tell the brand's name."""
        return self.name == self.merchant_id


class RunStatus(models.TextChoices):
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"
    ABANDONED = "abandoned", "abandoned: it was stopped, or its process died"


class CatalogRun(models.Model):
    """One reading of the Brands API."""

    status = models.CharField(max_length=16, choices=RunStatus.choices, default=RunStatus.RUNNING)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    listed_count = models.PositiveIntegerField(default=0)
    described_count = models.PositiveIntegerField(default=0)
    """Brands described for the first time."""
    changed_count = models.PositiveIntegerField(default=0)
    """Brands that changed, or were listed again."""
    unlisted_count = models.PositiveIntegerField(default=0)
    """Brands that stood in the list before, and did no more."""
    refused_count = models.PositiveIntegerField(default=0)
    """Rows that could not be used; the evidence is kept."""
    error = models.CharField(max_length=1000, blank=True)

    class Meta:
        verbose_name = "catalogue run"
        permissions = [("start_catalogrun", "Can have the catalogue read now")]
        indexes = [models.Index(name="catalogrun_by_status", fields=["status", "-id"])]
        constraints = [
            models.CheckConstraint(
                name="catalogrun_status_known", condition=Q(status__in=RunStatus.values)
            ),
            models.CheckConstraint(
                name="catalogrun_finished_unless_running",
                condition=Q(status=RunStatus.RUNNING, finished_at__isnull=True)
                | (~Q(status=RunStatus.RUNNING) & Q(finished_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"catalogue run {self.pk}"


class MerchantProfile(models.Model):
    """What the Brands API tells of one merchant. Null and empty: it does not tell."""

    merchant = models.OneToOneField(
        Merchant, on_delete=models.PROTECT, primary_key=True, related_name="profile"
    )
    public_id = models.UUIDField(default=time_ordered_id, unique=True, editable=False)
    """What the member API pages by; never shown itself."""
    name = models.CharField(max_length=255, blank=True)
    description = models.TextField(blank=True)
    icon_url = models.CharField(max_length=URL_LENGTH_MAX, blank=True)
    homepage_url = models.CharField(max_length=URL_LENGTH_MAX, blank=True)
    terms_url = models.CharField(max_length=URL_LENGTH_MAX, blank=True)
    is_live_ready = models.BooleanField(null=True, blank=True)
    status = models.CharField(max_length=32, blank=True)
    categories = models.JSONField(default=list, blank=True)
    hostnames = models.JSONField(default=list, blank=True)
    subdomain = models.CharField(max_length=255, blank=True)
    apps = models.JSONField(default=list, blank=True)
    reporting_window_days = models.PositiveIntegerField(null=True, blank=True)
    finalization_window_minutes = models.PositiveIntegerField(null=True, blank=True)
    coupons_allowed = models.BooleanField(null=True, blank=True)
    gift_cards_allowed = models.BooleanField(null=True, blank=True)
    exclusion_details = models.TextField(blank=True)
    additional_terms = models.TextField(blank=True)

    facts_since = models.JSONField(default=dict, blank=True)
    """Fact → when the reading was that first told it as it is now."""
    window_history = models.JSONField(default=list, blank=True)
    """[since, minutes or null], oldest first: a window counts for orders reported under it."""
    flags = models.JSONField(default=list, blank=True)
    """What had to be dropped or cut of the last row, each in a sentence."""
    row = models.TextField(blank=True)
    """The last row as it came, with fields that nobody reads."""
    described_at = models.DateTimeField()
    read_at = models.DateTimeField()
    """When Button last listed it."""
    changed_at = models.DateTimeField()
    unlisted_since = models.DateTimeField(null=True, blank=True)
    """When a whole list did not hold it any more."""
    revision_count = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return self.name or self.merchant_id


class RevisionKind(models.TextChoices):
    DESCRIBED = "described", "described for the first time"
    CHANGED = "changed", "changed"
    UNLISTED = "unlisted", "not listed any more"
    RELISTED = "relisted", "listed again"


class MerchantRevision(models.Model):
    """One change of what Button tells of a merchant. Append-only."""

    merchant = models.ForeignKey(Merchant, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=16, choices=RevisionKind.choices)
    run = models.ForeignKey(CatalogRun, on_delete=models.PROTECT, related_name="revisions")
    changes = models.JSONField(default=list, blank=True)
    """[{"field", "before", "after"}], by the names of the profile's columns."""
    row = models.TextField(blank=True)
    """The row that told it, as it came; empty where there was none any more."""
    read_at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="merchantrevision_numbered_once", fields=["merchant", "number"]
            ),
            models.CheckConstraint(
                name="merchantrevision_number_positive", condition=Q(number__gt=0)
            ),
            models.CheckConstraint(
                name="merchantrevision_kind_known", condition=Q(kind__in=RevisionKind.values)
            ),
        ]

    def __str__(self) -> str:
        return f"revision {self.number} of merchant {self.merchant_id}"


class RefusedBrand(models.Model):
    """A row of the Brands API of which no merchant could be made: the evidence and the reason."""

    merchant_id_told = models.CharField(max_length=255, blank=True)
    row = models.TextField()
    row_digest = models.CharField(max_length=64, unique=True)
    reason = models.CharField(max_length=1000)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    seen_count = models.PositiveIntegerField(default=1)
    last_run = models.ForeignKey(CatalogRun, on_delete=models.PROTECT)
    settled_at = models.DateTimeField(null=True, blank=True)
    """When a list came without this row."""

    class Meta:
        indexes = [
            models.Index(
                name="refusedbrand_open", fields=["-id"], condition=Q(settled_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.merchant_id_told or f"refused row {self.pk}"


CATEGORIES_MAX = 20
CATEGORY_LENGTH_MAX = 64
NOTE_LENGTH_MAX = 2000


class MerchantOverlay(models.Model):
    """What ops decided about a merchant; no reading of the catalogue ever writes it.

    Empty and null: as Button tells it. Without a row nothing was decided yet.
    """

    merchant = models.OneToOneField(
        Merchant, on_delete=models.PROTECT, primary_key=True, related_name="overlay"
    )
    shown_name = models.CharField(max_length=255, blank=True)
    is_switched_off = models.BooleanField(default=False)
    """No offers of it, and it is in no list; orders of it go on as ever."""
    is_featured = models.BooleanField(default=False)
    position = models.PositiveIntegerField(null=True, blank=True)
    """1 is listed first, among the featured and among the others; none: after those with one."""
    categories = models.JSONField(default=list, blank=True)
    note = models.TextField(blank=True)
    """For staff alone."""
    changed_at = models.DateTimeField()
    change_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = "merchant overlay"
        permissions = [("decide_merchantoverlay", "Can decide how members see a merchant")]

    def __str__(self) -> str:
        return self.merchant_id


class OverlayChange(models.Model):
    """One decision of ops about a merchant, by whom and why. Append-only."""

    merchant = models.ForeignKey(
        Merchant, on_delete=models.PROTECT, related_name="overlay_changes", db_index=False
    )
    number = models.PositiveIntegerField()
    changes = models.JSONField()
    """[{"field", "before", "after"}], at least one."""
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=500)
    changed_at = models.DateTimeField()

    class Meta:
        verbose_name = "overlay change"
        constraints = [
            models.UniqueConstraint(
                name="overlaychange_numbered_once", fields=["merchant", "number"]
            ),
            models.CheckConstraint(name="overlaychange_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.merchant_id}/{self.number}"
