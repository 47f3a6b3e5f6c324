"""Pure: all that one version of a rule says, and the hash of what of it decides."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from offers.rules.limits import AMOUNT_MAX, check_promise
from offers.rules.terms import Terms, TermsKind
from offers.rules.window import Window, window_in
from rewards_site.kernel.currencies import POINTS
from rewards_site.kernel.errors import InvalidInput

PRIORITY_MOST = 1000
POINTS_BELOW = Decimal(10) ** 10
"""What every database keeps with four decimals, exactly."""
NOTE_LENGTH_MAX = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """What a version pays, for whom and when. Amounts are minor units; None and "": not said."""

    zone: str
    kind: TermsKind = TermsKind.SHARE
    share_bps: int = 0
    fixed_minor: int = 0
    points: Decimal = Decimal(0)
    currency: str = ""
    cap_minor: int | None = None
    minimum_order_minor: int | None = None
    minimum_currency: str = ""
    is_promotion: bool = False
    budget_minor: int | None = None
    budget_currency: str = ""
    priority: int = 0
    merchant_id: str | None = None
    category: str = ""
    starts: datetime | None = None
    """What clocks in `zone` show: naive."""
    ends: datetime | None = None
    note: str = ""

    @property
    def window(self) -> Window:
        """Raises: InvalidInput, by field (`zone`, `starts`, `ends`)."""
        return window_in(self.zone, starts=self.starts, ends=self.ends)

    def terms(
        self, *, source: str, rule_id: str | None = None, version: int | None = None
    ) -> Terms:
        return Terms(
            source=source,
            kind=self.kind,
            share_bps=self.share_bps,
            fixed_minor=self.fixed_minor,
            points=self.points,
            currency=self.currency or None,
            cap_minor=self.cap_minor,
            minimum_order_minor=self.minimum_order_minor,
            minimum_currency=self.minimum_currency or None,
            is_promotion=self.is_promotion,
            rule_id=rule_id,
            version=version,
        )

    def content_hash(self, *, rule_id: str, version: int) -> str:
        """SHA-256 of what decides about money: the same figures, however they were typed.

        The note decides nothing; of the window the instants do. Any other change is another hash.
        """
        window = self.window
        said = {
            "rule": rule_id,
            "version": version,
            "terms": self.terms(source="").as_json() | {"points": str(plain_points(self.points))},
            "budget": [self.budget_minor, self.budget_currency],
            "priority": self.priority,
            "merchant": self.merchant_id,
            "category": self.category,
            "window": [_instant(window.starts_at), _instant(window.ends_at)],
        }
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode("ascii")).hexdigest()


def check(promise: Promise) -> None:
    """Raises: InvalidInput, by field of Promise, each with a sentence that says why."""
    wrong: dict[str, str] = {}
    for found in (lambda: _promised(promise), lambda: promise.window):
        try:
            found()
        except InvalidInput as refusal:
            wrong |= refusal.fields
    for name, sentence in _wrong(promise):
        wrong.setdefault(name, sentence)
    if wrong:
        raise InvalidInput(" ".join(wrong.values()), fields=wrong)


def _promised(promise: Promise) -> None:
    check_promise(promise.terms(source=""), category=promise.category or None)


def _wrong(promise: Promise) -> Iterator[tuple[str, str]]:
    if abs(promise.priority) > PRIORITY_MOST:
        yield "priority", f"Between -{PRIORITY_MOST} and {PRIORITY_MOST}."
    if promise.points >= POINTS_BELOW:
        yield "points", "No order is worth ten thousand million points."
    if promise.minimum_order_minor is None and promise.minimum_currency:
        yield "minimum_currency", "There is no minimum order: leave its currency out, too."
    if len(promise.note) > NOTE_LENGTH_MAX:
        yield "note", f"At most {NOTE_LENGTH_MAX} characters."
    yield from _wrong_worths(promise)
    yield from _wrong_budget(promise)


def _wrong_worths(promise: Promise) -> Iterator[tuple[str, str]]:
    """What another kind would pay must not stand there as if it were paid, too."""
    if promise.kind is not TermsKind.SHARE and promise.share_bps:
        yield "share_bps", "This kind pays no share: leave it empty, or choose another kind."
    if promise.kind is not TermsKind.FIXED and promise.fixed_minor:
        yield "fixed_minor", "This kind pays no amount: leave it empty, or choose another kind."
    if promise.kind in {TermsKind.SHARE, TermsKind.FIXED} and promise.points:
        yield "points", "This kind pays no points: leave them empty, or choose another kind."


def _wrong_budget(promise: Promise) -> Iterator[tuple[str, str]]:
    if not promise.is_promotion:
        if promise.budget_minor is not None or promise.budget_currency:
            yield "budget_minor", "Only a promotion has a budget."
        return
    if promise.budget_minor is None or not 0 < promise.budget_minor <= AMOUNT_MAX:
        yield "budget_minor", "A promotion needs a budget above 0."
    if promise.category:
        yield "category", "A promotion is for whole orders: its budget is counted by order."
    if promise.kind in {TermsKind.POINTS_FIXED, TermsKind.POINTS_PER_UNIT}:
        if promise.budget_currency != POINTS:
            yield "budget_currency", f"It pays points, so its budget is in {POINTS}."
        return
    if not promise.currency:
        yield "currency", "A promotion pays in one currency, that of its budget: say which."
    elif promise.budget_currency != promise.currency:
        yield "budget_currency", f"It pays in {promise.currency}, so its budget is in it, too."


def plain_points(points: Decimal) -> Decimal:
    """10, 10.0 and 1E+1 are one number, and written as one."""
    return Decimal(format(points.normalize(), "f")) if points else Decimal(0)


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")
