"""Proposals: what one person asks for and another person decides. Rooms register their kinds."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ProposalStatus(models.TextChoices):
    OPEN = "open", "open: waits for a second person"
    APPROVED = "approved", "approved and done"
    REJECTED = "rejected", "rejected by a second person"
    WITHDRAWN = "withdrawn", "withdrawn by who proposed it"


class Proposal(models.Model):
    """One change that needs two people. What was asked for is never changed afterwards (guards).

    The database itself refuses an approval or a rejection by the proposer.
    """

    kind = models.CharField(max_length=64)
    """Which room carries it out (registry.py)."""
    subject = models.CharField(max_length=255)
    """What it is about, as the room names it: of one kind and subject only one may be open."""
    payload = models.JSONField()
    """What the room needs to carry it out; ids and integers."""
    summary = models.CharField(max_length=500)
    """What would happen, in one sentence, as it stood when it was proposed."""
    reason = models.CharField(max_length=500)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    proposed_at = models.DateTimeField()
    status = models.CharField(
        max_length=16, choices=ProposalStatus.choices, default=ProposalStatus.OPEN
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decision_reason = models.CharField(max_length=500, blank=True)
    result = models.CharField(max_length=500, blank=True)
    """What came of it, in one sentence; empty unless approved."""

    class Meta:
        permissions = [("decide_proposal", "Can approve or reject what another person proposed")]
        indexes = [models.Index(name="proposal_by_status", fields=["status", "-id"])]
        constraints = [
            models.UniqueConstraint(
                name="proposal_one_open_per_subject",
                fields=["kind", "subject"],
                condition=Q(status=ProposalStatus.OPEN),
            ),
            models.CheckConstraint(
                name="proposal_decided_by_another_person",
                condition=Q(
                    status=ProposalStatus.OPEN, decided_by__isnull=True, decided_at__isnull=True
                )
                | (
                    Q(
                        status__in=[ProposalStatus.APPROVED, ProposalStatus.REJECTED],
                        decided_by__isnull=False,
                        decided_at__isnull=False,
                    )
                    & ~Q(decided_by=F("proposed_by"))
                )
                | Q(
                    status=ProposalStatus.WITHDRAWN,
                    decided_by=F("proposed_by"),
                    decided_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="proposal_says_why", condition=~Q(reason="") & ~Q(kind="") & ~Q(subject="")
            ),
        ]

    def __str__(self) -> str:
        text = f"{self.pk}: {self.summary}"
        return text if len(text) <= 120 else f"{text[:119]}…"
