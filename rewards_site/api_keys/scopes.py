"""What a key may be good for."""

from django.db import models


class Scope(models.TextChoices):
    """One right of a key, named after what it opens: `<things>:<what is done>`."""

    MEMBERS_READ = "members:read", "Read members: who they are, balances, orders, activity"
    REDEMPTIONS_WRITE = "redemptions:write", "Ask for redemptions in members' names, and cancel"


OFFERED = (Scope.MEMBERS_READ, Scope.REDEMPTIONS_WRITE)
"""What a new key is offered: scopes that open something by now. One that opens nothing yet would
stand on keys unnoticed until, one day, it opens everybody's money."""
