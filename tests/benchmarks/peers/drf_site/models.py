from django.db import models


class Row(models.Model):
    """A row of a table that is there already, found by its unique column."""

    public_id = models.UUIDField()
    customer_id = models.CharField(max_length=255, unique=True)
    created_at = models.DateTimeField()

    class Meta:
        managed = False
        db_table = "members_member"

    def __str__(self) -> str:
        return self.customer_id
