"""Keys of the publisher's own back end. A key opens every member's data, within its scopes."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

KEY_ID_LENGTH = 12


class ApiKey(models.Model):
    """One key. Its secret was shown once, when it was made; only a digest of it is kept."""

    name = models.CharField(max_length=100)
    """What it is for, in the words of whoever made it; one key in force of a name."""
    key_id = models.CharField(max_length=KEY_ID_LENGTH, unique=True)
    """The public part, `rk_<key_id>_…`: says which key a log or a configuration means."""
    secret_digest = models.BinaryField(max_length=32)
    """SHA-256 of the whole key. It has 256 random bits: nothing slower would be safer."""
    scopes = models.JSONField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    """To within ten minutes."""
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoke_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        verbose_name = "API key"
        permissions = [
            ("make_apikey", "Can make an API key"),
            ("revoke_apikey", "Can revoke an API key"),
        ]
        constraints = [
            models.UniqueConstraint(
                name="apikey_one_in_force_of_a_name",
                fields=["name"],
                condition=Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(name="apikey_name_not_empty", condition=~Q(name="")),
            models.CheckConstraint(
                name="apikey_expires_after_it_was_made",
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
            ),
            models.CheckConstraint(
                name="apikey_revoked_by_somebody_for_a_reason",
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True, revoke_reason="")
                | (Q(revoked_at__isnull=False, revoked_by__isnull=False) & ~Q(revoke_reason="")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} (rk_{self.key_id}_…)"
