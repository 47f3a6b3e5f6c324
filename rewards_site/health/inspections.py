"""What `manage.py check_button` looks at. Rooms register theirs when they start.

An inspection may wait for the network: the command gives each a deadline of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.core.checks import ERROR, WARNING, run_checks
from django.db import DatabaseError, InterfaceError

from rewards_site.button.address import checked_base_url
from rewards_site.button.client import ButtonClient, Limits
from rewards_site.button.errors import ButtonError, ButtonMisconfigured, ButtonRefused
from rewards_site.health import checks, queue, registry
from rewards_site.health.advice import short_secrets
from rewards_site.health.notices import channels
from rewards_site.health.outward import NotReached, look
from rewards_site.kernel import clock

HOST_SECONDS_MAX = 10.0
CLOCK_SECONDS_MAX = 5.0
"""Button's Date header is to the second, and its answer was a while under way."""


class Verdict(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One thing looked at. Never holds a secret."""

    verdict: Verdict
    subject: str
    said: str
    what_to_do: str = ""


Inspect = Callable[[datetime], Iterator[Line]]

_FIRST, _ROOMS, _LAST = 10, 50, 90
_inspections: dict[str, tuple[int, Inspect]] = {}


def register(name: str, inspect: Inspect, *, order: int = _ROOMS) -> None:
    """Have `inspect` asked by check_button; by `order`, then as registered."""
    _inspections[name] = (order, inspect)


def all_inspections() -> dict[str, Inspect]:
    ordered = sorted(_inspections.items(), key=lambda item: item[1][0])
    return {name: inspect for name, (_, inspect) in ordered}


def ok(subject: str, said: str) -> Line:
    return Line(verdict=Verdict.OK, subject=subject, said=said)


def warn(subject: str, said: str, what_to_do: str) -> Line:
    return Line(verdict=Verdict.WARN, subject=subject, said=said, what_to_do=what_to_do)


def fail(subject: str, said: str, what_to_do: str) -> Line:
    return Line(verdict=Verdict.FAIL, subject=subject, said=said, what_to_do=what_to_do)


def register_own() -> None:
    for name, inspect in (
        ("system checks", inspect_checks),
        ("settings", inspect_settings),
        ("database", inspect_database),
        ("API key", inspect_key),
        ("API host", lambda _at: _inspect_host("API host", "BUTTON_API_URL")),
        ("offers host", lambda _at: _inspect_host("offers host", "BUTTON_OFFERS_URL")),
    ):
        register(name, inspect, order=_FIRST)
    register("worker", inspect_worker, order=_LAST)


def inspect_checks(_at: datetime) -> Iterator[Line]:
    """What `manage.py check` says."""
    for message in run_checks():
        verdict = Verdict.FAIL if message.level >= ERROR else Verdict.WARN
        if message.level >= WARNING:
            yield Line(
                verdict=verdict,
                subject=str(message.id or "system check"),
                said=message.msg.rstrip("."),
                what_to_do=message.hint or "see Django's reference of system checks.",
            )


def inspect_settings(_at: datetime) -> Iterator[Line]:
    yield from _webhook_secrets()
    for name, least in short_secrets():
        yield warn(
            name,
            f"shorter than {least} bytes",
            "make a longer one: openssl rand -hex 32 (a webhook secret: at Button's Dashboard).",
        )
    if settings.DEBUG:
        yield warn("DEBUG", "is on", "switch it off where members are served.")
    if set(settings.ALLOWED_HOSTS) <= {"localhost", "127.0.0.1", "[::1]"}:
        yield warn("ALLOWED_HOSTS", "is loopback only", "name the host that members and staff use.")
    elif "*" in settings.ALLOWED_HOSTS and not settings.DEBUG:
        yield warn("ALLOWED_HOSTS", "is *", "name the host that members and staff use.")
    else:
        yield ok("ALLOWED_HOSTS", ", ".join(settings.ALLOWED_HOSTS))
    yield ok("BUSINESS_TIME_ZONE", f"{settings.BUSINESS_TIME_ZONE.key}: report days, peak hours")
    yield _go_live()
    yield _metrics()
    if channels():
        yield ok("alarms", f"go out by {' and '.join(str(way.label) for way in channels())}")
        if settings.ALERT_EMAILS and settings.EMAIL_BACKEND.endswith("console.EmailBackend"):
            yield warn("EMAIL_URL", "is not set: e-mails go to the log", "set it: smtp+tls://…")
    else:
        yield warn("alarms", "go nowhere", "set ALERT_EMAILS or ALERT_WEBHOOK_URL.")


def inspect_database(_at: datetime) -> Iterator[Line]:
    try:
        wrong = checks.migrations_are_wrong(checks.applied_migrations())
    except (DatabaseError, InterfaceError) as error:
        yield fail("database", checks.database_words(error), "look at DATABASE_URL.")
        return
    if wrong:
        yield fail("database", wrong.partition(";")[0], "run manage.py migrate.")
    else:
        yield ok("database", "answers, and all migrations are applied")


def inspect_key(_at: datetime) -> Iterator[Line]:
    """Ask the Accounts API, which needs the key."""
    limits = Limits(total_seconds=HOST_SECONDS_MAX, read_seconds=HOST_SECONDS_MAX, attempts_max=2)
    try:
        client = ButtonClient(
            api_key=settings.BUTTON_API_KEY, base_url=settings.BUTTON_API_URL, limits=limits
        )
        page = client.accounts()
    except ButtonMisconfigured as error:
        yield fail("BUTTON_API_KEY", _sentence(error), "see Button's Dashboard, API Keys.")
    except ButtonRefused as error:
        yield fail(
            "BUTTON_API_KEY",
            f"{_sentence(error)} (of {settings.BUTTON_API_URL})",
            "compare the key with Button's Dashboard, Organization Settings, API Keys.",
        )
    except ButtonError as error:
        yield fail("BUTTON_API_KEY", _sentence(error), "see the lines on the hosts below.")
    else:
        yield ok("BUTTON_API_KEY", "Button takes it")
        if page.accounts:
            listed = ", ".join(f"{row.account_id} ({row.currency})" for row in page.accounts)
            yield ok("accounts", f"the key sees {listed}")
        else:
            yield warn("accounts", "the key sees none", "ask Button: nothing can be synced.")
        for sentence in page.unreadable:
            yield warn("accounts", sentence, "ask Button about it.")


def inspect_worker(at: datetime) -> Iterator[Line]:
    wrong = queue.worker_is_wrong(at)
    if wrong:
        yield fail("worker", wrong, "start it: manage.py qcluster.")
    else:
        yield ok("worker", "does its heartbeat tasks, and the schedules run")
    for name, found in registry.degraded(at=at):
        if name != "worker":
            yield warn(name, found, "the admin's landing page leads to it.")


def _inspect_host(subject: str, setting: str) -> Iterator[Line]:
    """Whether it answers anything at all, and what its clock says."""
    try:
        seen = look(checked_base_url(getattr(settings, setting)), seconds_max=HOST_SECONDS_MAX)
    except ButtonMisconfigured as error:
        yield fail(subject, _sentence(error).replace("BUTTON_API_URL", setting), f"mend {setting}.")
        return
    except NotReached as error:
        yield fail(subject, str(error), f"look at {setting}, the firewall and the proxy.")
        return
    yield ok(subject, f"answers ({seen.status})")
    if seen.date is None:
        return
    ahead = (seen.at - seen.date).total_seconds()
    if abs(ahead) > CLOCK_SECONDS_MAX:
        way = "ahead of" if ahead > 0 else "behind"
        yield warn("clock", f"is {abs(ahead):.0f} s {way} the {subject}'s", "run NTP here.")
    else:
        yield ok("clock", f"agrees with the {subject}'s")


def _webhook_secrets() -> Iterator[Line]:
    live, test = settings.BUTTON_WEBHOOK_SECRETS, settings.BUTTON_TEST_WEBHOOK_SECRETS
    if live:
        yield ok("BUTTON_WEBHOOK_SECRETS", f"{len(live)} set")
    else:
        yield fail(
            "BUTTON_WEBHOOK_SECRETS",
            "not set: every webhook is refused",
            "copy it from Button's Dashboard, where the webhook is.",
        )
    if set(live) & set(test):
        yield fail(
            "BUTTON_TEST_WEBHOOK_SECRETS",
            "holds a secret of BUTTON_WEBHOOK_SECRETS: what it signs is real money",
            "take it out of one of them; Button's sandbox mode has secrets of its own.",
        )
    elif test:
        yield ok("BUTTON_TEST_WEBHOOK_SECRETS", f"{len(test)} set: what they sign is test money")
    else:
        yield ok("BUTTON_TEST_WEBHOOK_SECRETS", "not set: webhooks of test money are refused")


def _metrics() -> Line:
    if settings.METRICS_TOKEN:
        return ok("METRICS_TOKEN", "set: /metrics wants it")
    if settings.TRUST_PROXY:
        return warn(
            "METRICS_TOKEN",
            "not set: behind a proxy (TRUST_PROXY) /metrics answers nobody",
            "set it if you want metrics: openssl rand -hex 32.",
        )
    return ok("METRICS_TOKEN", "not set: /metrics answers this machine only")


def _go_live() -> Line:
    if settings.GO_LIVE_AT is None:
        return warn(
            "GO_LIVE_AT",
            "is not set: a first pull announces the orders of all years",
            "set it to when members first see their rewards.",
        )
    earns = "earn" if settings.REWARD_BEFORE_GO_LIVE else "do not earn"
    return ok(
        "GO_LIVE_AT",
        f"{clock.wire_text(settings.GO_LIVE_AT)}: older orders are booked, {earns}, and announce "
        "nothing",
    )


def _sentence(error: Exception) -> str:
    return str(error).rstrip(".")
