"""What check_button says of webhooks and of the sync. Registered when the room starts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings

from accounts_sync.inbox.counts import REFUSED
from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.queries import account_readings
from rewards_site.health import inspections, tallies
from rewards_site.health.inspections import Line, ok, warn
from transactions.models import ButtonAccount

QUIET = timedelta(days=1)


def register() -> None:
    inspections.register("webhooks", inspect_webhooks)
    inspections.register("sync", inspect_sync)


def inspect_webhooks(at: datetime) -> Iterator[Line]:
    newest = WebhookEvent.objects.order_by("-id").values_list("received_at", flat=True).first()
    if newest is None:
        yield warn(
            "webhooks",
            "none has ever arrived",
            "at Button's Dashboard, point a webhook at https://<this host>/webhooks/button/, then "
            "press «Ping».",
        )
    elif newest < at - QUIET:
        yield warn(
            "webhooks",
            f"the last one came at {newest:%Y-%m-%d %H:%M} UTC",
            "see whether Button's Dashboard says they are paused.",
        )
    else:
        yield ok("webhooks", f"the last one came at {newest:%Y-%m-%d %H:%M} UTC")
    unsigned = tallies.values(REFUSED).get("401", 0)
    if unsigned:
        yield warn(
            "webhooks",
            f"{unsigned} refused since ever, as not signed by any of our secrets",
            "if the number grows, compare BUTTON_WEBHOOK_SECRETS with Button's Dashboard.",
        )


def inspect_sync(_at: datetime) -> Iterator[Line]:
    confirmed = ButtonAccount.objects.filter(confirmed_at__isnull=False).order_by("pk")
    readings = account_readings(confirmed)
    if not readings:
        key = " (BUTTON_API_KEY is not set)" if not settings.BUTTON_API_KEY else ""
        yield warn("sync", f"no account is known yet{key}", "run manage.py sync_accounts.")
    for reading in readings:
        good = reading.latest_good
        if good is None or good.finished_at is None:
            yield warn(
                "sync",
                f"{reading.account.account_id} was never read well",
                "run manage.py sync_transactions, or start the worker.",
            )
        else:
            ended = f"{good.finished_at:%Y-%m-%d %H:%M} UTC"
            yield ok("sync", f"{reading.account.account_id} was last read well at {ended}")
