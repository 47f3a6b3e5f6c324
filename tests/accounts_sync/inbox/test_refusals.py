from __future__ import annotations

import logging

import pytest
from django.test import Client

from accounts_sync.inbox.refusals import refusal_counts
from tests.accounts_sync.inbox.deliveries import PATH, deliver


def test_refusals_are_counted_by_their_status(db: None) -> None:
    before = refusal_counts()

    deliver(b"{}", signature="0" * 64)
    deliver(b"{}", signature="1" * 64)
    Client().get(PATH)
    deliver(b"x" * (1024 * 1024 + 1))

    after = refusal_counts()
    gained = {status: after[status] - before.get(status, 0) for status in (401, 405, 413)}
    assert gained == {401: 2, 405: 1, 413: 1}


def test_the_log_tells_the_status_and_nothing_that_was_sent(
    db: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    deliver(b'{"secret-body": 1}', signature="secret-header")

    [record] = [record for record in caplog.records if record.message == "webhook.refused"]
    assert vars(record)["status"] == 401
    assert "secret-" not in str([vars(one) for one in caplog.records if one.name != "asyncio"])
