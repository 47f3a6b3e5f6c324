"""The system that `make demo` has told of events."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from standardwebhooks import Webhook

from rewards_site.demo_receiver import Receiver

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps({"type": "reward.pending", "data": {"sequence": 7}})
FAR = 600


@contextmanager
def _receiver(folder: Path, *, mended_after_seconds: float = FAR) -> Iterator[str]:
    secrets = folder / "secrets.json"
    secrets.write_text(json.dumps({"/rewards": SECRET, "/till": SECRET}))
    with Receiver(port=0, secrets=secrets, mended_after_seconds=mended_after_seconds) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{receiver.server_port}"
        receiver.shutdown()
        thread.join()


def _send(url: str, *, secret: str = SECRET, age: timedelta = timedelta()) -> int:
    at = datetime.now(tz=UTC) - age
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign("msg_1", at, BODY),
    }
    request = urllib.request.Request(url, data=BODY.encode(), headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def _shown(site: str) -> list[list[str]]:
    """The lines of its page, the newest first, without the time."""
    with urllib.request.urlopen(f"{site}/", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return [line.split()[1:] for line in lines[1:]]


def test_what_is_signed_is_taken_and_shown_and_nothing_else(tmp_path: Path) -> None:
    with _receiver(tmp_path) as site:
        statuses = [
            _send(f"{site}/rewards"),
            _send(f"{site}/rewards"),
            _send(f"{site}/rewards", secret="whsec_" + "A" * 32),
            _send(f"{site}/rewards", age=timedelta(hours=1)),
            _send(f"{site}/elsewhere"),
        ]
        shown = _shown(site)

    assert statuses == [204, 204, 401, 401, 503]
    assert shown == [
        ["503", "/elsewhere", "no", "secret", "yet"],
        ["401", "/rewards", "the", "signature", "is", "not", "ours"],
        ["401", "/rewards", "the", "signature", "is", "not", "ours"],
        ["204", "/rewards", "7", "reward.pending", "(again)"],
        ["204", "/rewards", "7", "reward.pending"],
    ]


def test_the_till_is_broken_until_somebody_mends_it(tmp_path: Path) -> None:
    with _receiver(tmp_path) as site:
        assert _send(f"{site}/till") == 500
    with _receiver(tmp_path, mended_after_seconds=0) as site:
        assert _send(f"{site}/till") == 204
