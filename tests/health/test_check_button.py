"""`manage.py check_button`: what it says, what it never says, and that it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from io import StringIO

import pytest
import requests
import responses
from django.core.management import CommandError, call_command
from django_q.models import Schedule
from pytest_django import Settings

from accounts_sync.inbox.counts import count_refused
from rewards_site.health import inspections
from rewards_site.health.inspections import Line, ok
from tests.accounts_sync.world import wire_account
from tests.admin_world import make_event
from tests.conftest import CommittedDatabase

API = "https://api.usebutton.com"
OFFERS = "https://pubapi.usebutton.com"


@pytest.fixture
def reachable(button: responses.RequestsMock) -> responses.RequestsMock:
    """Both hosts answer, with the right time; the key sees one account."""
    _hosts_answer(button, datetime.now(tz=UTC))
    button.get(
        f"{API}/v1/affiliation/accounts",
        json={"meta": {"status": "ok"}, "objects": [wire_account()]},
    )
    brands = [{"merchant_id": "org-1", "offers": [{"id": "offer-1", "rate_percent": "4.5"}]}]
    button.post(
        f"{OFFERS}/v1/offers",
        json={"meta": {"status": "ok"}, "object": {"merchant_offers": brands}},
    )
    return button


def _hosts_answer(button: responses.RequestsMock, at: datetime) -> None:
    date = format_datetime(at, usegmt=True)
    for host in (API, OFFERS):
        button.upsert(responses.GET, host + "/", status=404, headers={"Date": date})


@pytest.fixture
def a_worker(committed_db: CommittedDatabase) -> None:
    """Schedules that are not due."""
    Schedule.objects.create(func="a.b", next_run=datetime.now(tz=UTC) + timedelta(minutes=1))


def run(*arguments: str) -> tuple[int, str]:
    """The exit status, and all it said."""
    out = StringIO()
    try:
        call_command("check_button", *arguments, stdout=out, no_color=True)
    except CommandError as error:
        return error.returncode, out.getvalue() + str(error)
    return 0, out.getvalue()


@pytest.mark.usefixtures("a_worker", "reachable")
def test_all_is_well(settings: Settings) -> None:
    settings.BUTTON_WEBHOOK_SECRETS = ["w" * 32]
    make_event(received_at=datetime.now(tz=UTC))

    status, said = run()

    assert status == 0
    assert "OK   BUTTON_API_KEY: Button takes it\n" in said
    assert "OK   accounts: the key sees acc-5b1e7f20c9d84a63 (USD)\n" in said
    assert "OK   API host: answers (404)\n" in said
    assert "OK   offers host: answers (404)\n" in said
    assert "OK   offers: Button answers (with 1 brands, for a user that nobody is)\n" in said
    assert "OK   clock: agrees with the API host's\n" in said
    assert "OK   worker: does its heartbeat tasks, and the schedules run\n" in said
    assert "OK   webhooks: the last one came at " in said
    assert said.endswith(" 0 FAIL.\n")


@pytest.mark.usefixtures("a_worker", "reachable")
def test_no_secret_is_printed(settings: Settings) -> None:
    settings.METRICS_TOKEN = "short-token"
    secrets = [
        settings.BUTTON_API_KEY,
        settings.MEMBER_JWT_SECRET,
        settings.SECRET_KEY,
        settings.METRICS_TOKEN,
        *settings.BUTTON_WEBHOOK_SECRETS,
        *settings.BUTTON_TEST_WEBHOOK_SECRETS,
    ]

    _, said = run()

    assert [secret for secret in secrets if secret in said] == []
    assert "WARN BUTTON_WEBHOOK_SECRETS: shorter than 32 bytes\n       → make a longer" in said


@pytest.mark.usefixtures("a_worker", "reachable")
def test_what_is_missing_is_named_with_what_to_do(settings: Settings) -> None:
    settings.BUTTON_WEBHOOK_SECRETS = []
    settings.MEMBER_JWT_SECRET = ""
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    count_refused(401)

    status, said = run()

    assert status == 1
    assert (
        "FAIL BUTTON_WEBHOOK_SECRETS: not set: every webhook is refused\n"
        "       → copy it from Button's Dashboard, where the webhook is.\n"
    ) in said
    assert "WARN members' tokens: MEMBER_JWT_SECRET and MEMBER_JWT_JWKS_URL are not set" in said
    assert "WARN ALLOWED_HOSTS: is loopback only\n" in said
    assert "WARN GO_LIVE_AT: is not set" in said
    assert "WARN alarms: go nowhere\n" in said
    assert "WARN webhooks: none has ever arrived\n" in said
    assert "refused since ever, as not signed by any of our secrets\n" in said
    assert "WARN sync: no account is known yet\n" in said
    assert said.endswith(" 1 FAIL.")


@pytest.mark.usefixtures("committed_db", "reachable")
def test_without_a_worker_it_fails() -> None:
    status, said = run()

    assert status == 1
    assert "FAIL worker: nothing is scheduled: start manage.py qcluster\n" in said


@pytest.mark.usefixtures("a_worker")
def test_a_key_that_button_refuses(reachable: responses.RequestsMock) -> None:
    reachable.replace(
        responses.GET,
        f"{API}/v1/affiliation/accounts",
        status=401,
        json={"meta": {"status": "error"}, "error": {"message": "bad key"}},
    )

    status, said = run()

    assert status == 1
    assert "FAIL BUTTON_API_KEY: Button refused with 401: bad key (of https://api.use" in said


@pytest.mark.usefixtures("a_worker")
@pytest.mark.parametrize(("seconds", "way"), [(90, "ahead of"), (-90, "behind")])
def test_a_clock_that_is_wrong(reachable: responses.RequestsMock, seconds: int, way: str) -> None:
    _hosts_answer(reachable, datetime.now(tz=UTC) - timedelta(seconds=seconds))

    _, said = run()

    assert any(
        f"WARN clock: is {about} s {way} the API host's\n       → run NTP here.\n" in said
        for about in range(88, 93)
    )


@pytest.mark.usefixtures("a_worker")
def test_an_api_host_that_is_not_reached(reachable: responses.RequestsMock) -> None:
    reachable.replace(responses.GET, API + "/", body=requests.ConnectTimeout("no"))

    status, said = run()

    assert status == 1
    assert "FAIL API host: no answer came within 10 seconds\n" in said
    assert "       → look at BUTTON_API_URL, the firewall and the proxy.\n" in said
    assert "OK   offers host: answers (404)\n" in said


@pytest.mark.usefixtures("a_worker")
def test_an_offers_host_that_is_not_reached(reachable: responses.RequestsMock) -> None:
    silence = requests.ConnectTimeout("no")
    reachable.replace(responses.GET, OFFERS + "/", body=silence)
    reachable.replace(responses.POST, f"{OFFERS}/v1/offers", body=silence)

    status, said = run()

    assert status == 1
    assert (
        "FAIL offers host: no answer came within 10 seconds\n"
        "       → look at BUTTON_OFFERS_URL, the firewall and the proxy.\n"
    ) in said
    assert "FAIL offers: members get none: Button could not be used (attempts: 2)" in said


@pytest.mark.usefixtures("a_worker")
def test_an_offers_api_that_refuses_the_key(reachable: responses.RequestsMock) -> None:
    told = {"meta": {"status": "error"}, "error": {"message": "Invalid api_key"}}
    reachable.replace(responses.POST, f"{OFFERS}/v1/offers", status=401, json=told)

    status, said = run()

    assert status == 1
    assert "FAIL offers: members get none: Button refused with 401: Invalid api_key\n" in said
    assert "       → see the lines on BUTTON_API_KEY and the offers host.\n" in said


@pytest.mark.usefixtures("a_worker", "reachable")
def test_an_offers_address_that_is_none(settings: Settings) -> None:
    settings.BUTTON_OFFERS_URL = "pubapi.usebutton.com"

    status, said = run()

    assert status == 1
    assert "FAIL offers host: BUTTON_OFFERS_URL must look like https://" in said
    assert "FAIL offers: members get none: BUTTON_OFFERS_URL must look like https://" in said
    assert "       → mend BUTTON_OFFERS_URL.\n" in said


@pytest.mark.usefixtures("a_worker", "reachable")
def test_which_webhook_secrets_are_set(settings: Settings) -> None:
    settings.BUTTON_WEBHOOK_SECRETS = ["a" * 32, "b" * 32]
    settings.BUTTON_TEST_WEBHOOK_SECRETS = ["c" * 32]
    _, both = run()
    settings.BUTTON_TEST_WEBHOOK_SECRETS = []
    _, live_only = run()
    settings.BUTTON_TEST_WEBHOOK_SECRETS = ["b" * 32]
    status, mixed = run()

    assert "OK   BUTTON_WEBHOOK_SECRETS: 2 set\n" in both
    assert "OK   BUTTON_TEST_WEBHOOK_SECRETS: 1 set: what they sign is test money\n" in both
    assert "OK   BUTTON_TEST_WEBHOOK_SECRETS: not set: webhooks of test money are" in live_only
    assert status == 1
    assert "FAIL BUTTON_TEST_WEBHOOK_SECRETS: holds a secret of BUTTON_WEBHOOK_SECRETS" in mixed


@pytest.mark.usefixtures("a_worker", "reachable")
def test_what_the_system_checks_say_is_said(settings: Settings) -> None:
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"retry": 60}

    failed, said = run()

    assert failed == 1
    assert "FAIL rewards.E001: Q_CLUSTER: retry is 60 s" in said
    assert "OK   BUTTON_API_KEY: Button takes it\n" in said


@pytest.mark.usefixtures("a_worker", "reachable")
def test_who_may_read_metrics(settings: Settings) -> None:
    _, alone = run()
    settings.TRUST_PROXY = True
    _, behind_a_proxy = run()
    settings.METRICS_TOKEN = "t" * 32
    _, with_token = run()

    assert "OK   METRICS_TOKEN: not set: /metrics answers this machine only\n" in alone
    assert "WARN METRICS_TOKEN: not set: behind a proxy (TRUST_PROXY) /metri" in behind_a_proxy
    assert "OK   METRICS_TOKEN: set: /metrics wants it\n" in with_token


@pytest.mark.usefixtures("a_worker", "reachable")
def test_what_hangs_holds_up_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()

    def hang(_at: datetime) -> Iterator[Line]:
        released.wait()
        yield ok("never", "said")

    def crash(_at: datetime) -> Iterator[Line]:
        yield ok("crash", "first line")
        raise ValueError(f"password {_at}")

    monkeypatch.setattr(
        inspections,
        "_inspections",
        {
            "last": (9, lambda _at: iter([ok("last", "looked at")])),
            "hangs": (1, hang),
            "crashes": (1, crash),
        },
    )
    try:
        status, said = run("--timeout", "0.3")
    finally:
        released.set()

    assert status == 1
    assert said == (
        "FAIL hangs: no answer within 0.3 seconds\n"
        "       → are the network, the name server and the database up? See also --timeout.\n"
        "OK   crash: first line\n"
        "FAIL crashes: could not be looked at (ValueError)\n"
        "       → mend what else FAILs, then run this again.\n"
        "OK   last: looked at\n"
        "2 OK, 0 WARN, 2 FAIL."
    )
