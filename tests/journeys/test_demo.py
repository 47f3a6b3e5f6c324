"""`make demo`: everything runs, the admin has something of each kind, Ctrl-C ends it all."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from rewards_site.demo_story import StaffMember
from tests.checkout import hostile_checkout, hostile_shell

pytestmark = pytest.mark.slow
WAIT_SECONDS_MAX = 180
ONE_OF_EACH = {
    "Orders without a member",
    "Waiting for a second person",
    "Deferred: could not be applied",
    "Redemptions to approve",
    "Approved redemptions in no batch",
    "Claims to answer",
    "Frozen",
}


def until_told(process: subprocess.Popen[bytes], told: Path) -> str:
    ready = threading.Event()
    for _ in range(WAIT_SECONDS_MAX):
        text = told.read_text()
        if "Ctrl-C stops everything" in text or process.poll() is not None:
            return text
        ready.wait(timeout=1)
    return told.read_text()


def _cards_in_the_end(admin: StaffMember) -> set[str]:
    """Those of the landing page; the last webhooks come a moment after the address is told."""
    pause = threading.Event()
    cards: set[str] = set()
    for _ in range(30):
        cards = set(re.findall(r'card-title">([^<]+)', admin.open("/admin/")))
        if cards >= ONE_OF_EACH:
            break
        pause.wait(timeout=1)
    return cards


def _heard_in_the_end(receiver: str) -> str:
    """What the receiver got; the worker sends once a minute."""
    pause = threading.Event()
    text = ""
    for _ in range(100):
        with urllib.request.urlopen(receiver, timeout=10) as answer:
            text = answer.read().decode()
        if "204  /rewards" in text and "500  /till" in text:
            break
        pause.wait(timeout=1)
    return text


def test_the_demo_shows_one_of_each_and_ends(tmp_path: Path) -> None:
    """Beside somebody's installation: none of its settings is read (tests/test_dot_env.py)."""
    told = tmp_path / "told.txt"
    with told.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "rewards_site.demo", "--folder", str(tmp_path / "demo")],
            cwd=hostile_checkout(tmp_path / "checkout"),
            env=hostile_shell(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        text = until_told(process, told)
        site = re.search(r"Admin +(http://127\.0\.0\.1:(\d+))/admin/", text)
        logins = dict(re.findall(r"(\w+) +/  (\S+)", text))
        receiver = re.search(r"^ +http://127\.0\.0\.1:(\d+)/ +what it got", text, re.MULTILINE)
        assert site, text
        assert receiver, text
        assert list(logins) == ["admin", "ops", "finance", "support", "auditor"]
        assert f"{site[1]}/api/v1/docs/" in text
        assert f"{site[1]}/admin/reports/reportrun/export/" in text
        admin = StaffMember(
            site=site[1], username="admin", password=logins["admin"], stopping=threading.Event()
        )
        cards = _cards_in_the_end(admin)
        heard = _heard_in_the_end(f"http://127.0.0.1:{receiver[1]}/")
        health = json.loads(admin.open("/health/full/"))
    finally:
        process.send_signal(signal.SIGINT)
        exit_status = process.wait(timeout=60)

    assert cards >= ONE_OF_EACH
    assert "204  /rewards" in heard
    assert "500  /till" in heard
    assert (health["status"], health["degraded"]) == ("ok", [])
    assert exit_status == 0
    assert not (tmp_path / "checkout" / "var").exists()
    for port in (site[2], receiver[1]):
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(port))) != 0


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")

    done = subprocess.run(
        [sys.executable, "-m", "rewards_site.demo", "--folder", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert f"{tmp_path} holds something else" in done.stderr
    assert (tmp_path / "letters.txt").read_text() == "mine"
