"""Sending what alarms wrote: by e-mail and to a webhook, each at least once, in one message.

Claim (commit) → send, with no database transaction open → record (commit). A sender that dies is
followed by another when its claim ends. All that waits for a channel goes in one message.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from rewards_site.health.models import Channel, Notice
from rewards_site.health.sending import NotSent, send
from rewards_site.kernel import clock
from rewards_site.kernel.log import redact

log = logging.getLogger(__name__)

BATCH_MAX = 50
CLAIMED = timedelta(minutes=3)
"""Longer than sending can take (sending.py)."""
PAUSE = timedelta(minutes=1)
PAUSE_MAX = timedelta(hours=1)
KEPT_TRYING = timedelta(days=3)
LATE = timedelta(minutes=15)


def channels() -> list[Channel]:
    """Where the settings send alarms."""
    return [
        channel
        for channel, target in (
            (Channel.EMAIL, settings.ALERT_EMAILS),
            (Channel.WEBHOOK, settings.ALERT_WEBHOOK_URL),
        )
        if target
    ]


def deliver(*, at: datetime) -> int:
    """Send whatever waits; how many notices went out. Raises: DatabaseError."""
    return sum(_deliver(channel, at=at) for channel in channels())


def delivery_is_wrong(at: datetime) -> str:
    """The check «alert delivery»: messages that could not be sent for a while."""
    waiting = Notice.objects.filter(
        sent_at__isnull=True,
        channel__in=channels(),
        attempt_count__gte=2,
        created_at__lt=at - LATE,
        created_at__gt=at - KEPT_TRYING,
    )
    named = sorted(waiting.values_list("channel", flat=True).distinct())
    said = " and ".join(str(Channel(channel).label) for channel in named)
    return f"alarms cannot be sent by {said}: see the alarm messages for why" if said else ""


def _deliver(channel: Channel, *, at: datetime) -> int:
    claim = uuid.uuid4()
    claimed = _claimed(channel, claim, at=at)
    if not claimed:
        return 0
    mine = Notice.objects.filter(claim=claim)
    try:
        send(channel, claimed, at=at)
    except NotSent as error:
        log.warning("alarm.not_sent", extra={"channel": channel.value, "why": str(error)})
        pause = min(PAUSE_MAX, PAUSE * 2 ** min(claimed[0].attempt_count, 10))
        mine.update(
            claim=None,
            claimed_until=None,
            attempt_count=F("attempt_count") + 1,
            not_before=clock.now() + pause,
            error=str(redact(str(error)))[:500],
        )
        return 0
    mine.update(
        claim=None,
        claimed_until=None,
        attempt_count=F("attempt_count") + 1,
        sent_at=clock.now(),
        error="",
    )
    log.info("alarm.sent", extra={"channel": channel.value, "notices": len(claimed)})
    return len(claimed)


def _claimed(channel: Channel, claim: uuid.UUID, *, at: datetime) -> Sequence[Notice]:
    """The notices that are ours to send now, oldest first: one conditional UPDATE decides."""
    is_free = Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
    due = Notice.objects.filter(
        is_free,
        channel=channel,
        sent_at__isnull=True,
        not_before__lte=at,
        created_at__gt=at - KEPT_TRYING,
    )
    keys = list(due.order_by("pk").values_list("pk", flat=True)[:BATCH_MAX])
    if not keys:
        return []
    due.filter(pk__in=keys).update(claim=claim, claimed_until=at + CLAIMED)
    mine = Notice.objects.filter(claim=claim).select_related("alarm")
    return list(mine.order_by("pk"))
