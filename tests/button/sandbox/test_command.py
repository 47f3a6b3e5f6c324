"""`manage.py button_sandbox` as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
import requests
from django.core.management import CommandError, call_command

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_stops_cleanly(number: signal.Signals) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "only-for-tests",
        "READ_DOT_ENV": "off",
        # A database that cannot be reached: none is used.
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
    }
    command = [sys.executable, "manage.py", "button_sandbox", "--port", "0", "--shoppers", "2"]

    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        lines = [process.stdout.readline().rstrip("\n") for _ in range(6)]
        address = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
        assert address is not None, lines
        answer = requests.get(
            f"{address[0]}/v1/affiliation/accounts",
            auth=("sk-sandbox-0000000000000000", ""),
            timeout=10,
        )
        process.send_signal(number)
        rest = process.stdout.read()

    assert lines[0] == f"Button sandbox on {address[0]}, seed 1"
    assert lines[1] == "API keys:  sk-sandbox-0000000000000000 (Basic user name, no password)"
    assert lines[5] == "Stop with Ctrl-C"
    assert answer.status_code == 200
    assert process.returncode == 0
    assert re.fullmatch(r"Stopped: \d+ orders\n", rest), rest


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--webhook-url", "http://127.0.0.1:1/"], "a webhook URL needs a webhook secret"),
        (["--webhook-url", "here", "--webhook-secret", "s"], "no URL for webhooks"),
        (["--speed", "0"], "speed must be above 0"),
        (["--lose-webhooks", "101"], "lost webhooks are 0 to 100 percent"),
        (["--port", "99999"], "Can't listen on 127.0.0.1:99999"),
        (["--switch", "rain"], "'rain' is not one of existing_user_order, category_array"),
        (["--switch", "unknown_fields=101"], "101 is more than 100 percent"),
        (["--fault", "rain=5"], "'rain=5' is not KIND=PERCENT, with one of 429, 429-bare"),
        (["--fault", "500"], "'500' is not KIND=PERCENT"),
        (["--outage", "20-5"], "'20-5' is not FROM-TO in minutes"),
        (["--begins-at", "noon"], "'noon' is not an RFC 3339 time"),
        (["--webhook-order", "any"], "invalid choice: 'any'"),
        (["--api-switch", "speling=1"], "speling: no such switch; there are list_order, last_next"),
        (["--api-switch", "offers_per_minute=many"], "offers_per_minute: not a whole number"),
        (["--api-switch", "amazon_short_links=1"], "amazon_short_links: not true or false"),
        (["--api-key", "sk-a", "--brand-key", "sk-a"], "The key is in use"),
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=re.escape(message)):
        call_command("button_sandbox", "--port", "0", *options, stdout=StringIO())


def test_trouble_readings_and_the_clock_can_be_asked_for_at_the_start() -> None:
    with started(
        "--switch", "existing_user_order", "--switch", "unknown_fields=0",
        "--fault", "500=100", "--outage", "60-5820", "--speed", "1",
        "--begins-at", "2026-11-20T12:00:00Z", "--clock-stands",
        "--webhook-url", "http://127.0.0.1:1/", "--webhook-secret", "s",
        "--webhook-order", "global", "--no-auto-pause",
    ) as url:  # fmt: skip
        switches = requests.get(f"{url}/control/switches", timeout=10).json()
        endpoint = requests.get(f"{url}/control/webhooks", timeout=10).json()
        outages = requests.get(f"{url}/control/outages", timeout=10).json()["outages"]
        clock = requests.get(f"{url}/control/clock", timeout=10).json()
        failed = requests.get(f"{url}/v1/affiliation/accounts", timeout=10)

    assert (switches["existing_user_order"], switches["unknown_fields"]) == (100, 0)
    assert switches["category_array"] is None
    assert (endpoint["webhook_order"], endpoint["auto_pause"]) == ("global", False)
    assert [(outage["from"], outage["to"]) for outage in outages] == [
        ("2026-11-20T13:00:00.000Z", "2026-11-24T13:00:00.000Z")
    ]
    assert clock == {"at": "2026-11-20T12:00:00.000Z"}
    assert (failed.status_code, failed.headers["Date"]) == (500, "Fri, 20 Nov 2026 12:00:00 GMT")


def test_a_pause_is_told_where_it_runs() -> None:
    said: list[str] = []
    with started(
        "--webhook-url", "http://127.0.0.1:1/", "--webhook-secret", "s", said=said
    ) as url:  # fmt: skip
        for _ in range(5):
            requests.post(f"{url}/control/orders", json={"total": 1, "amount": 1}, timeout=10)
        paused = None
        while paused is None:
            paused = requests.get(f"{url}/control/webhooks", timeout=10).json()["paused"]

    assert paused["why"] == "5 of 5 webhooks of the past hour failed"
    assert (
        "Webhooks are paused, as Button does it: 5 of 5 webhooks of the past hour failed. They are "
        f"collected meanwhile. Resume: POST {url}/control/webhooks/resume\n"
    ) in said


@contextmanager
def started(*options: str, said: list[str] | None = None) -> Iterator[str]:
    """The command with these options, its address; what it said from there on is in `said`."""
    command = [sys.executable, "manage.py", "button_sandbox", "--port", "0", *options]
    environment = {
        "PATH": os.environ["PATH"],
        "SECRET_KEY": "only-for-tests",
        "READ_DOT_ENV": "off",
    }
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            first = process.stdout.readline()
            address = re.search(r"http://127\.0\.0\.1:\d+", first)
            assert address is not None, first + process.stdout.read()
            yield address[0]
        finally:
            process.terminate()
            lines = process.stdout.readlines()
            if said is not None:
                said += lines
