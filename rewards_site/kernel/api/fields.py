"""How values of ours look in answers."""

from __future__ import annotations

from datetime import datetime

from rest_framework import serializers

from rewards_site.kernel.clock import wire_text


class WireTimeField(serializers.DateTimeField):
    """An instant as RFC 3339 in UTC with `Z`."""

    def to_representation(self, value: datetime) -> str:
        return wire_text(value)
