"""`python -m tests.benchmarks.loader URL`: what sync_transactions books, by raw SQL.

Page after page into $DATABASE_URL, one commit a page, with no watermark, no lease and no rules.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from urllib.parse import unquote

import psycopg
import requests

from tests.benchmarks.fake_button import PAGE_SIZE_MAX
from tests.benchmarks.orders import ACCOUNT
from tests.benchmarks.raw import load_page


def main(base_url: str) -> None:
    url: str | None = f"{base_url}/v1/affiliation/accounts/{ACCOUNT}/transactions"
    parameters: dict[str, str] | None = {"page_size": str(PAGE_SIZE_MAX)}
    count = 0
    database = os.environ["DATABASE_URL"]
    with (
        psycopg.connect(database, cursor_factory=psycopg.ClientCursor) as connection,
        requests.Session() as session,
    ):
        while url:
            answer = session.get(url, params=parameters, timeout=60).json()
            with connection.transaction(), connection.cursor() as cursor:
                count += load_page(cursor, answer["objects"], at=datetime.now(UTC))
            url, parameters = answer["meta"]["next"], None
    print(count)


if __name__ == "__main__":
    main(unquote(sys.argv[1]))
