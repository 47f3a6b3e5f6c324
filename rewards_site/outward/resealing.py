"""Secrets sealed by a key that is on its way out are sealed anew by the first of SEAL_KEYS."""

from __future__ import annotations

import logging

from rewards_site.kernel.db import atomic
from rewards_site.outward.models import Subscription
from rewards_site.outward.signing import resealed

log = logging.getLogger(__name__)

_SEALED = ("sealed_secret", "sealed_old_secret")


def reseal() -> int:
    """How many subscriptions were written. Safe to repeat. Raises: DatabaseError."""
    written = 0
    for pk in Subscription.objects.order_by("pk").values_list("pk", flat=True):
        with atomic():
            row = Subscription.objects.select_for_update(of=("self",), no_key=True).get(pk=pk)
            changed = []
            for field in _SEALED:
                text = getattr(row, field)
                anew = resealed(text) if text else text
                if anew != text:
                    setattr(row, field, anew)
                    changed.append(field)
            if changed:
                row.save(update_fields=changed)
                written += 1
    if written:
        log.info("outward.resealed", extra={"subscriptions": written})
    return written
