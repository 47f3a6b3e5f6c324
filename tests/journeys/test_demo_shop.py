"""`make demo`, as who shops sees it: offers, a tap, the link, an order by the frozen terms."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from rewards_site.demo_story import StaffMember
from tests.journeys.processes import ROOT
from tests.journeys.test_demo import until_told

pytestmark = pytest.mark.slow
SECONDS_MAX = 150
_TAPPED = (
    "SELECT t.terms, c.terms, t.member_id, c.member_id, t.status FROM transactions_transaction t "
    "JOIN clicks_click c ON c.id = t.click_id"
)
_SOMEBODY_ELSES = "SELECT 1 FROM transactions_transaction WHERE flags LIKE '%of somebody else%'"
_ALTERED = "SELECT click_id, member_id FROM transactions_transaction WHERE pub_ref LIKE '%AAAAAA'"


@dataclass(frozen=True)
class Running:
    """A demo that has told where to look."""

    process: subprocess.Popen[bytes]
    folder: Path
    site: str
    password: str
    token: str

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Of its database, as it stands now."""
        address = f"file:{self.folder}/rewards.db?mode=ro"
        with closing(sqlite3.connect(address, uri=True, timeout=30)) as database:
            return list(database.execute(statement))

    def until(self, statement: str, *, count: int = 1) -> list[tuple[Any, ...]]:
        pause = threading.Event()
        rows = self.rows(statement)
        for _ in range(SECONDS_MAX):
            if len(rows) >= count:
                return rows
            assert self.process.poll() is None
            pause.wait(timeout=1)
            rows = self.rows(statement)
        raise AssertionError(f"{len(rows)} rows of {statement}")

    def ask(self, path: str) -> Any:
        request = urllib.request.Request(f"{self.site}/api/v1/{path}")
        request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def running_demo(folder: Path) -> Iterator[Running]:
    told = folder / "told.txt"
    with told.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "rewards_site.demo"),
                *("--folder", str(folder / "demo"), "--seed", "20"),
            ],
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        text = until_told(process, told)
        site = re.search(r"Admin +(http://[0-9.:]+)/admin/", text)
        password = re.search(r"admin +/  (\S+)", text)
        token = re.search(r"Token of member-1\n +(\S+)", text)
        assert site, text
        assert password, text
        assert token, text
        yield Running(process, folder / "demo", site[1], password[1], token[1])
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)


def _shopper_pid(process: subprocess.Popen[bytes]) -> int:
    asked = ["ps", "-o", "pid=,args=", "--ppid", str(process.pid)]
    lines = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return int(next(line.split()[0] for line in lines.splitlines() if "demo_shopper" in line))


def _until_shown(admin: StaffMember, address: str, text: str) -> None:
    pause = threading.Event()
    for _ in range(SECONDS_MAX):
        if text in admin.open(address):
            return
        pause.wait(timeout=1)
    raise AssertionError(f"no «{text}» on {address}")


def _verify(folder: Path) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = kept | {
        "DATABASE_URL": f"sqlite:///{folder}/rewards.db",
        "SECRET_KEY": "only-to-verify-0123456789-0123456789-0123456789",
        "READ_DOT_ENV": "off",
    }
    return subprocess.run(
        [sys.executable, "manage.py", "verify_ledger"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_members_buy_by_what_they_were_offered(tmp_path: Path) -> None:
    with running_demo(tmp_path) as demo:
        before = _shopper_pid(demo.process)
        os.kill(before, signal.SIGKILL)
        altered = demo.until(_ALTERED)
        demo.until(_SOMEBODY_ELSES)
        demo.until(f"{_TAPPED} WHERE t.terms LIKE '%points_fixed%'")
        tapped = demo.until(f"{_TAPPED} WHERE t.reward_minor > 0", count=8)
        offered = demo.ask("offers/")["merchants"]
        after = _shopper_pid(demo.process)
        admin = StaffMember(
            site=demo.site, username="admin", password=demo.password, stopping=threading.Event()
        )
        _until_shown(
            admin, "/admin/transactions/transaction/rate-audit/", "pays less than it lists"
        )
        rules = admin.open("/admin/rules/rewardrule/")
        proposals = admin.open("/admin/approvals/proposal/")
        tests = dict(demo.rows("SELECT status, count(*) FROM backtests_backtest GROUP BY 1"))
        records = demo.rows("SELECT 1 FROM brandrecord_brandrecord")
    verified = _verify(demo.folder)

    assert after != before  # who shops died, and was started again
    assert [json.loads(terms) for terms, *_ in tapped] == [
        json.loads(frozen) for _, frozen, *_ in tapped
    ]
    assert all(credited == who_tapped for _, _, credited, who_tapped, _ in tapped)
    sources = {json.loads(terms)["source"] for terms, *_ in tapped}
    assert "rule «Lumen & Pine: 60 %» v1" in sources
    assert "rule «Northbridge Books: 150 points an order» v1" in sources
    assert {click for click, _ in altered} == {None}
    assert None not in {member for _, member in altered}

    names = [merchant["name"] for merchant in offered]
    assert names[0] == "Lumen & Pine"
    assert "Kitsune Games" not in names
    assert rules.count(">in force<") == 3
    assert rules.count(">draft<") == 2
    assert "Fernhill Outfitters: one and a half times" in proposals
    assert tests == {"done": 5}
    assert len(records) >= 6
    assert verified.returncode == 0, verified.stdout
    assert "; 0 differences" in verified.stdout
