"""Try stored webhook events that could not be applied again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts_sync.inbox.envelope import stored_hook_id
from accounts_sync.inbox.models import EventStatus, WebhookEvent
from accounts_sync.inbox.replay import ReplayReport, replay_deferred
from rewards_site.kernel import clock

_PROGRESS_EVERY = 100


class Command(BaseCommand):
    help = (
        "Tries deferred webhook events again, oldest first, all of them or the one with --id. "
        "Exit status: 0; with --id 1 if there is no such event or it is still deferred."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--id",
            metavar="HOOK_ID",
            help="only this event, by the id that Button gave it (hook-…)",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        hook_id: str | None = options["id"]
        if hook_id is None:
            self._replay_all()
        else:
            self._replay_one(hook_id)

    def _replay_all(self) -> None:
        report = replay_deferred(at=clock.now(), progress=self._progress)
        left_count = WebhookEvent.objects.filter(status=EventStatus.DEFERRED).count()
        self.stdout.write(
            f"Tried {_events(len(report.ids))}: {report.applied} applied, "
            f"{report.ignored} ignored, {report.deferred} deferred again. "
            f"{_events(left_count)} still deferred."
        )

    def _replay_one(self, hook_id: str) -> None:
        events = WebhookEvent.objects.filter(hook_id=stored_hook_id(hook_id))
        before = events.defer("body").select_related("archived_in").first()
        if before is None:
            raise CommandError(f"No webhook event has the id {hook_id}.")
        if before.status != EventStatus.DEFERRED:
            self.stdout.write(f"{hook_id} is not deferred but {before.status}: nothing to do.")
            if before.archived_in:
                self.stdout.write(
                    f"Its body is archived in {before.archived_in}; "
                    f"archive_webhooks --show {hook_id} prints it."
                )
            return
        replay_deferred(hook_id=hook_id, at=clock.now())
        after = events.defer("body").get()
        if after.status == EventStatus.DEFERRED:
            raise CommandError(f"{hook_id} is still deferred: {after.reason}")
        why = f": {after.reason}" if after.reason else ""
        self.stdout.write(f"{hook_id} is now {after.status}{why}.")

    def _progress(self, report: ReplayReport) -> None:
        if self.stderr.isatty() and len(report.ids) % _PROGRESS_EVERY == 0:
            self.stderr.write(f"{_events(len(report.ids))} tried …")


def _events(count: int) -> str:
    return f"{count} event" if count == 1 else f"{count} events"
