"""Pure: what a member is promised for an order, as it is frozen with a click and stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any


class TermsKind(StrEnum):
    """What is paid: a share of the commission, an amount, or points."""

    SHARE = "share"
    FIXED = "fixed"
    POINTS_FIXED = "points_fixed"
    POINTS_PER_UNIT = "points_per_unit"


POINTS_KINDS = frozenset({TermsKind.POINTS_FIXED, TermsKind.POINTS_PER_UNIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """When a promise pays, and how much of an order at most."""

    currency: str | None = None
    """Pays only for a commission in this currency; None: in any."""
    cap_minor: int | None = None
    """The most it pays of one order: minor units of `currency`, or points."""
    minimum_order_minor: int | None = None
    """Pays only for an order of at least this total, in minor units of the next."""
    minimum_currency: str | None = None
    """Of the minimum order, which need not be the commission's; None: `currency`."""
    is_promotion: bool = False
    """Approved by a second person: it may pay more than the commission."""
    rule_id: str | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryShare(Conditions):
    """The share of the lines of one product category, by a rule of that category."""

    category: str
    share_bps: int
    source: str = ""
    """As that of Terms: which rule it is of."""

    def as_json(self) -> dict[str, Any]:
        stored = {"category": self.category, "share_bps": self.share_bps, **_conditions(self)}
        return stored | ({"source": self.source} if self.source else {})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CategoryShare:
        return cls(
            category=str(stored["category"]),
            share_bps=int(stored["share_bps"]),
            source=str(stored.get("source", "")),
            **_read_conditions(stored),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms(Conditions):
    """What a member is promised for an order; by default a share of the commission.

    The conditions of its own bind what it pays itself; each category share has its own.
    """

    source: str
    """Where the promise comes from, as ops reads it: `default share`, `account: member`, …"""
    kind: TermsKind = TermsKind.SHARE
    share_bps: int = 0
    """Of the commission, in basis points."""
    fixed_minor: int = 0
    """In minor units of `currency`, per order."""
    points: Decimal = Decimal(0)
    """Per order, or per major unit of the commission: 10 for 1 USD is 10."""
    category_shares: tuple[CategoryShare, ...] = ()
    """The strongest first: a line goes by the first one that has its category, else by the rest
    of these terms."""

    @property
    def is_points(self) -> bool:
        return self.kind in POINTS_KINDS

    def as_json(self) -> dict[str, Any]:
        """Ready for JSON. A plain share has three keys, as it had before there were rules."""
        stored: dict[str, Any] = {"type": str(self.kind), **self._worth(), "source": self.source}
        stored |= _conditions(self)
        if self.category_shares:
            stored["category_shares"] = [share.as_json() for share in self.category_shares]
        return stored

    def _worth(self) -> dict[str, Any]:
        match self.kind:
            case TermsKind.SHARE:
                return {"share_bps": self.share_bps}
            case TermsKind.FIXED:
                return {"fixed_minor": self.fixed_minor}
            case TermsKind.POINTS_FIXED | TermsKind.POINTS_PER_UNIT:
                return {"points": str(self.points)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Terms:
        """Raises: KeyError or ValueError where it is none of ours."""
        kind = TermsKind(stored.get("type", TermsKind.SHARE))
        values = _read_conditions(stored)
        match kind:
            case TermsKind.SHARE:
                values["share_bps"] = int(stored["share_bps"])
            case TermsKind.FIXED:
                values["fixed_minor"] = int(stored["fixed_minor"])
            case TermsKind.POINTS_FIXED | TermsKind.POINTS_PER_UNIT:
                values["points"] = _points(stored["points"])
        shares = tuple(
            CategoryShare.from_json(share) for share in stored.get("category_shares", ())
        )
        return cls(kind=kind, source=str(stored["source"]), category_shares=shares, **values)


_CONDITIONS = {item.name: item.default for item in fields(Conditions)}
_TYPES = {
    "currency": str,
    "cap_minor": int,
    "minimum_order_minor": int,
    "minimum_currency": str,
    "is_promotion": bool,
    "rule_id": str,
    "version": int,
}


def _conditions(conditions: Conditions) -> dict[str, Any]:
    """Those that say something, so that terms without any are stored as they always were."""
    told = ((name, getattr(conditions, name)) for name in _CONDITIONS)
    return {name: value for name, value in told if value != _CONDITIONS[name]}


def _read_conditions(stored: Mapping[str, Any]) -> dict[str, Any]:
    values = {name: stored[name] for name in _CONDITIONS if name in stored}
    for name, value in values.items():
        if type(value) is not _TYPES[name]:
            raise ValueError(f"{name} of terms is {type(value).__name__}")
    return values


def _points(stored: object) -> Decimal:
    """A decimal as it stands; one of a million digits is refused before it is reckoned with."""
    try:
        points = Decimal(str(stored))
    except InvalidOperation:
        raise ValueError(f"{str(stored)[:40]!r} is no number of points") from None
    if not points.is_finite() or not -18 <= int(points.as_tuple().exponent) <= 18:
        raise ValueError(f"{str(stored)[:40]!r} is no number of points")
    return points
