"""`make screenshots`: the pictures of the README, taken from a demo of its own.

Starts `make demo` in a folder of its own with a seed of its own, waits until there is something to
see, and writes PNGs with few colours to docs/images/. Brands and amounts are the same each time;
times are not.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import ViewportSize, sync_playwright

from rewards_site.button.sandbox.chance import make_id
from tests.browser.chromium import ARGUMENTS, CHROMIUM
from tests.browser.png import few_colours

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"
SEED = 20
MISSED = "control/1"
"""The first order that the demo's story tells: no webhook told of its end, the sync found it."""
READY_SECONDS_MAX = 120
SEEN_SECONDS_MAX = 150
BYTES_MAX = 200_000
_WIDTH, _HEIGHT = 1280, 860


@dataclass(frozen=True)
class Site:
    url: str
    username: str
    password: str


@contextmanager
def demo(folder: Path) -> Iterator[Site]:
    """A running demo; all its processes are ended on the way out."""
    told = folder / "told.txt"
    with told.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "rewards_site.demo"),
                *("--folder", str(folder / "demo"), "--seed", str(SEED)),
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _site(process, told)
    finally:
        process.terminate()
        process.wait(timeout=60)


def _site(process: subprocess.Popen[bytes], told: Path) -> Site:
    for _ in range(READY_SECONDS_MAX):
        text = told.read_text()
        url = re.search(r"Admin +(http://\S+)/admin/", text)
        login = re.search(r"Log-ins +(\S+) +/ +(\S+)", text)
        if url and login and "Ctrl-C" in text:
            return Site(url=url[1], username=login[1], password=login[2])
        if process.poll() is not None:
            break
        time.sleep(1)  # noqa: TID251  # a script that waits for another process
    raise SystemExit(f"The demo did not start:\n{told.read_text()}")


def take_all(page: Any, site: Site) -> None:
    page.goto(f"{site.url}/admin/")
    page.fill("#id_username", site.username)
    page.fill("#id_password", site.password)
    page.click("input[type=submit]")
    orders = f"{site.url}/admin/transactions/transaction/"
    missed = f"{orders}?q={make_id('btnorder', SEED, MISSED)}&status=validated"
    _wait_for(page, missed, "#result_list tbody tr")
    _wait_for(page, f"{orders}?status=declined", "#result_list tbody tr")
    batches = f"{site.url}/admin/payouts/payoutbatch/?status=settled"
    settled = "#result_list tbody th a"
    _wait_for(page, batches, settled)
    claims = f"{site.url}/admin/claims/claim/?answered_by=transaction"
    claim = "#result_list tbody th a"
    _wait_for(page, claims, claim)

    page.goto(f"{site.url}/admin/")
    take(page, "landing", until="section.rooms")
    page.goto(missed)
    page.locator("#result_list tbody th a").first.click()
    page.locator(".moment details summary").first.click()
    take(page, "time-line", since=".story", until=".timeline + *", left=258)
    page.goto(f"{site.url}/admin/accounts_sync/deferredrow/queue/?only=changes")
    page.locator("section.panel tbody a").first.click()
    page.get_by_role("link", name="Accept the change").click()
    page.fill("#id_reason", "Their support confirmed it, case 71.")
    take(page, "accept")
    page.goto(f"{site.url}/admin/accounts_sync/watermark/")
    page.locator("#result_list tbody th a").first.click()
    take(page, "coverage")
    page.goto(f"{site.url}/admin/reports/reportrun/export/")
    take(page, "reports")
    tests = f"{site.url}/admin/backtests/backtest/"
    idea = "#result_list tr:has-text('an idea') a[href*='/backtests/backtest/']"
    _wait_for(page, tests, idea)
    page.locator(idea).first.click()
    take(page, "back-test")
    audit = f"{orders}rate-audit/"
    _wait_for(page, audit, ".label-warn")
    take(page, "rate-audit")
    page.goto(batches)
    page.locator(settled).first.click()
    take(page, "payout", since=_panel("How its payments stand"), until="footer", left=258)
    page.goto(claims)
    page.locator(claim).first.click()
    ends = _panel("How long this brand")
    take(page, "claim", since=_panel("What happened"), until=ends, left=258)
    page.goto(f"{orders}explain/?q=member-1&currency=USD")
    take(page, "explain", since="h1", left=258)


def _panel(title: str) -> str:
    return f"section.panel:has(h2:has-text('{title}'))"


def _wait_for(page: Any, address: str, selector: str) -> None:
    for _ in range(SEEN_SECONDS_MAX // 3):
        page.goto(address)
        if page.locator(selector).count():
            return
        page.wait_for_timeout(3000)
    raise SystemExit(f"Nothing to see at {address}")


def take(page: Any, name: str, *, since: str = "", until: str = "", left: int = 0) -> None:
    """One picture; `since` and `until`: from the top of one element to the top of another."""
    page.wait_for_load_state("load")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    bottom = _HEIGHT
    if until and page.locator(until).count():
        bottom = int(page.locator(until).first.bounding_box()["y"])
    first = page.locator(since).first.bounding_box()["y"] - 10 if since else 0
    page.set_viewport_size({"width": _WIDTH, "height": bottom})
    path = IMAGES / f"{name}.png"
    clip = {"x": left, "y": first, "width": _WIDTH - left, "height": bottom - first}
    path.write_bytes(few_colours(page.screenshot(clip=clip)))
    page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})
    size_bytes = path.stat().st_size
    print(f"{path.name}: {size_bytes:,} bytes")
    if size_bytes > BYTES_MAX:
        raise SystemExit(f"{path.name} is larger than {BYTES_MAX:,} bytes")


def main() -> None:
    IMAGES.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        demo(Path(folder)) as site,
        sync_playwright() as started,
    ):
        browser = started.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        size: ViewportSize = {"width": _WIDTH, "height": _HEIGHT}
        take_all(browser.new_page(viewport=size, color_scheme="light"), site)
        browser.close()


if __name__ == "__main__":
    main()
