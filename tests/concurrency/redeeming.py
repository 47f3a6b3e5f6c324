"""A process of its own that redeems: `python -m tests.concurrency.redeeming FIRST LAST AMOUNT`.

Asks once for each key FIRST … LAST - 1 on four connections, as an app does: what is 503 is sent
again, with the same key. Prints how many answers there were of each status.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter

THREADS = 4
TRIES_MAX = 50


def start(url: str, first: int, last: int, amount: int) -> subprocess.Popen[str]:
    """The process, under way on the database of `url`."""
    environment = {
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "rewards_site.settings",
        "SECRET_KEY": "only-for-tests-0123456789-0123456789",
        "MEMBER_JWT_SECRET": "only-for-tests-0123456789-0123456789",
        "ALLOWED_HOSTS": "testserver",
        "LOG_LEVEL": "CRITICAL",
        "READ_DOT_ENV": "off",
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "-m", "tests.concurrency.redeeming"]
    command += [str(number) for number in (first, last, amount)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def main(first: int, last: int, amount: int) -> None:
    import django  # noqa: PLC0415  # a process of its own begins here

    django.setup()
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    from tests.transactions.redemptions.asking import ask, body  # noqa: PLC0415

    def redeem(number: int) -> int:
        status = 503
        for _ in range(TRIES_MAX):
            status = ask(body(amount), key=f"key-{number}").status_code
            if status != 503:
                break
        return status

    with ThreadPoolExecutor(THREADS) as pool:
        counts = Counter(pool.map(redeem, range(first, last)))
    print(json.dumps(counts))


if __name__ == "__main__":
    main(*(int(text) for text in sys.argv[1:]))
