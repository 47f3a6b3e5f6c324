"""Whether a final reward is held back, and until when. Reads what ops set; decides in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rewards_site.kernel.rows import Question, ask, rows_of
from transactions.releases.choices import ReleaseMode
from transactions.releases.models import ReleasePolicy


@dataclass(frozen=True, slots=True)
class Release:
    """What holds for one brand."""

    mode: ReleaseMode
    delay_days: int = 0


AT_ONCE = Release(ReleaseMode.VALIDATED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """What ops set, of all brands. Without anything set, a final reward is available at once."""

    default: Release = AT_ONCE
    of_brand: Mapping[str, Release] = field(default_factory=dict)

    def of(self, merchant_id: str | None) -> Release:
        return self.of_brand.get(merchant_id or "", self.default)

    def is_held(self, merchant_id: str | None) -> bool:
        """Whether a reward that becomes final now is held back first."""
        return self.of(merchant_id).mode is not ReleaseMode.VALIDATED

    def due_at(self, merchant_id: str | None, final_at: datetime) -> datetime | None:
        """When a reward that became final at `final_at` is due; None: when the brand has paid."""
        release = self.of(merchant_id)
        if release.mode is ReleaseMode.PAID:
            return None
        return final_at + timedelta(days=release.delay_days)


def asked_policies() -> Question[ReleasePolicy]:
    """Every row: few are ever made."""
    return rows_of(ReleasePolicy)


def policies_told(rows: Iterable[ReleasePolicy]) -> Policies:
    """The answer to asked_policies()."""
    known = {row.merchant_id: Release(ReleaseMode(row.mode), row.delay_days) for row in rows}
    default = known.pop(None, AT_ONCE)
    return Policies(default=default, of_brand={key: value for key, value in known.items() if key})


def policies() -> Policies:
    return policies_told(ask(asked_policies())[0])


def days_held_back() -> Callable[[str], int | None]:
    """Of a brand: days from the validation on, or None, until it has paid (offers/earning.py)."""
    known = policies()

    def days(merchant_id: str) -> int | None:
        release = known.of(merchant_id)
        return None if release.mode is ReleaseMode.PAID else release.delay_days

    return days
