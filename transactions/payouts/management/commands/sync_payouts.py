"""`manage.py sync_payouts`: send what is to be sent, ask for what is under way, once."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError

from rewards_site.kernel import clock
from rewards_site.kernel.errors import ServiceError
from transactions.payouts import exchange
from transactions.payouts.models import PayoutBatch


class Command(BaseCommand):
    help = (
        "Talk to the providers about every payout batch that is under way, once: send those that "
        "were given to be sent, and ask what became of the others. A batch whose answer was lost "
        "is asked for 15 minutes later at the earliest, so that nobody is paid twice. The worker "
        "does the same by itself."
    )

    def handle(self, *_args: Any, **_options: Any) -> None:
        failed = 0
        found = exchange.due_batches(clock.now(), is_asked_now=True)
        for batch_id in found:
            name = PayoutBatch.objects.values_list("public_id", flat=True).get(pk=batch_id)
            try:
                done = exchange.attend(batch_id, at=clock.now())
            except (ServiceError, OperationalError, InterfaceError) as error:
                failed += 1
                done = f"failed: {error}"
            status = PayoutBatch.objects.values_list("status", flat=True).get(pk=batch_id)
            self.stdout.write(f"{name}: {done}; it is {status}")
        self.stdout.write(f"{len(found)} batches under way, {failed} failed")
        if failed:
            raise CommandError("Some batches could not be talked about; see above.")
