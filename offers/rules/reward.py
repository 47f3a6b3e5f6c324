"""Terms and commission → reward. Pure; what is shown and what is booked go through here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rewards_site.kernel.money import floor_share


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a member is promised for an order: a share of the commission, in basis points."""

    share_bps: int
    source: str
    """Where the promise comes from, as ops reads it: `default share`, `account: member`, …"""

    def as_json(self) -> dict[str, Any]:
        return {"type": "share", "share_bps": self.share_bps, "source": self.source}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Terms:
        return cls(share_bps=int(stored["share_bps"]), source=str(stored["source"]))


def reward_for(terms: Terms, *, commission_minor: int) -> int:
    """The reward in minor units of the commission's currency.

    floor(commission × bps / 10000), one floor per order, never below 0: a negative commission
    rewards nothing and stands wholly in the margin (contract, section 4).
    """
    return floor_share(commission_minor, bps=terms.share_bps)
