"""`make demo`: read what Button tells of the past, and measure the brands by it.

Before the worker starts: it measures a brand once a day, and would find the books empty.
"""

from __future__ import annotations

import django

if __name__ == "__main__":
    django.setup()

from django.core.management import call_command

from rewards_site.kernel import clock
from transactions.brand_record.measuring import measure_brands


def read_the_past() -> None:
    """Twice is as good as once."""
    call_command("sync_accounts")
    call_command("sync_transactions")
    measure_brands(at=clock.now())


if __name__ == "__main__":
    read_the_past()
