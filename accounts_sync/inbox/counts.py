"""How many webhooks were taken in, over all processes, by what became of them and by type.

Counted at the door: the table itself is too large to be counted at every scrape.
"""

from __future__ import annotations

from typing import Final

from rewards_site.health import tallies

TAKEN: Final = "webhooks_taken:"
REFUSED: Final = "webhooks_refused:"
_TYPES: Final = frozenset({"tx-pending", "tx-validated", "tx-declined", "order-checkout"})


def count_taken(taken: str, event_type: str) -> None:
    """One signed delivery. A type that is not documented counts as «other», or none as «none»."""
    shown = event_type if event_type in _TYPES else "other" if event_type else "none"
    tallies.count(f"{TAKEN}{taken}:{shown}")


def count_refused(status: int) -> None:
    """One answer of 401, 405 or 413."""
    tallies.count(f"{REFUSED}{status}")
