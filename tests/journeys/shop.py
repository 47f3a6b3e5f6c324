"""The product's webhook door on a socket of this process, and the bundled sandbox on another."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO

from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from pytest_django import Settings

from accounts_sync.inbox.models import WebhookEvent
from accounts_sync.models import DeferredRow
from rewards_site.button.sandbox.clock import SteppedClock
from rewards_site.button.sandbox.running import Sandbox, running_sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from tests.button.sandbox.caller import Caller
from tests.journeys.books import Balances, member_balances

LONG_AGO = timedelta(days=60)


@dataclass
class Shop:
    """Button and us. The sandbox's clock stands; it began sixty days ago."""

    sandbox: Sandbox
    caller: Caller

    def a_day_later(self) -> None:
        """The sandbox's clock is a day on; all webhooks that fell due were sent and answered."""
        self.sandbox.advance(timedelta(days=1))

    def sync(self) -> None:
        """`manage.py sync_transactions`. Raises: CommandError unless all came to its end."""
        call_command("sync_transactions", stdout=StringIO())

    def states(self) -> set[str]:
        """What became of the sandbox's webhooks."""
        return {str(one["state"]) for one in self.caller.deliveries()["deliveries"]}


def the_books_are(expected: Balances) -> None:
    """Balances as expected, all derived again from what was said, and nothing left behind."""
    assert member_balances() == expected
    call_command("verify_ledger", stdout=StringIO())
    taken = set(WebhookEvent.objects.values_list("status", flat=True))
    assert taken <= {"processed", "ignored"}, list(
        WebhookEvent.objects.exclude(status__in=["processed", "ignored"]).values_list("reason")
    )
    assert not DeferredRow.objects.exists()


@contextmanager
def open_shop(settings: Settings, **options: object) -> Iterator[Shop]:
    """Both on sockets; `options` are the sandbox's."""
    with door() as url:
        sandbox_options: dict[str, object] = {
            "seed": 7,
            "webhook_url": f"{url}/webhooks/button/",
            "webhook_secret": django_settings.BUTTON_WEBHOOK_SECRETS[0],
            "speed": 1,
            "clock": SteppedClock(datetime.now(tz=UTC).replace(microsecond=0) - LONG_AGO),
        }
        with running_sandbox(**sandbox_options | options) as sandbox:  # type: ignore[arg-type]
            settings.BUTTON_API_KEY, settings.BUTTON_API_URL = DEFAULT_API_KEY, sandbox.url
            yield Shop(sandbox, Caller(sandbox))


@contextmanager
def door() -> Iterator[str]:
    """The address of the product's web server, in a thread of this process."""

    class Quiet(WSGIRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Nobody reads it."""

    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
