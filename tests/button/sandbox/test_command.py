"""`manage.py button_sandbox` as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
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
    ],
)
def test_options_that_make_no_sense_are_refused(options: list[str], message: str) -> None:
    with pytest.raises(CommandError, match=re.escape(message)):
        call_command("button_sandbox", "--port", "0", *options, stdout=StringIO())
