"""`python -m tests.benchmarks.official PORT`: pybutton 3.0.0 fetches every order and keeps none."""

from __future__ import annotations

import sys

import pybutton

from tests.benchmarks.orders import ACCOUNT


def main(port: int) -> None:
    client = pybutton.Client(
        "sk-bench", {"hostname": "127.0.0.1", "port": port, "secure": False, "timeout": 60}
    )
    count, cursor = 0, None
    while True:
        page = client.accounts.transactions(ACCOUNT, cursor=cursor)
        count += len(page.data())
        cursor = page.next_cursor()
        if cursor is None:
            break
    print(count)


if __name__ == "__main__":
    main(int(sys.argv[1]))
