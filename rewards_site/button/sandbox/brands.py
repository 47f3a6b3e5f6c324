"""What a brand tells about itself: made up once from its id, then as control calls change it."""

from __future__ import annotations

import re
import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, cast

from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.chance import dice
from rewards_site.button.sandbox.records import Brand, Organization
from rewards_site.button.sandbox.world import World

_DAY_MINUTES = 24 * 60
_EXCLUSIONS = (
    "No commission on taxes, delivery or gift cards.",
    "No commission on taxes and delivery fees.",
    None,
)


class Approval(StrEnum):
    """How a publisher stands with a brand (sheet, 3.6)."""

    APPROVED = "approved"
    PENDING = "pending"
    AVAILABLE = "available"


_APPROVALS = {
    **dict.fromkeys((brand.id for brand in catalog.PENDING_BRANDS), Approval.PENDING),
    **dict.fromkeys((brand.id for brand in catalog.AVAILABLE_BRANDS), Approval.AVAILABLE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Details:
    """A brand as the Brands and Merchants APIs know it."""

    id: str
    name: str
    approval: Approval
    description: str | None
    homepage: str
    icon_url: str
    hostnames: tuple[str, ...]
    scheme: str
    subdomain: str | None
    categories: tuple[str, ...]
    is_live_ready: bool = True
    reporting_window_days: int
    finalization_window_minutes: int
    further_terms: str | None = None
    exclusion_details: str | None
    coupons_allowed: bool
    gift_cards_allowed: bool
    pays_percent: int = 100
    """How much of what it lists it pays for a purchase at a link; no API tells of it."""


class BrandBook:
    """The details of every brand of a world, and what was changed of them since the start."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = threading.Lock()
        self._changes: dict[str, dict[str, object]] = {}
        self._made: dict[str, Details] = {}

    def find(self, brand_id: str) -> Details | None:
        with self._world.lock:
            brand = self._world.brands.get(brand_id)
        return None if brand is None else self._details(brand)

    def visible_to(self, organization: Organization) -> list[Details]:
        """Those a publisher could work with; in sandbox mode the test merchant, and only there."""
        with self._world.lock:
            brands = list(self._world.brands.values())
        return [
            self._details(brand)
            for brand in brands
            if (brand.id == catalog.TEST_MERCHANT.id) == organization.is_test
        ]

    def of_host(self, host: str, organization: Organization) -> Details | None:
        """The brand that a host name, or a name below it, belongs to."""
        names = [host.lower().rstrip(".")]
        while "." in names[-1]:
            names.append(names[-1].partition(".")[2])
        visible = self.visible_to(organization)
        return next(
            (one for name in names for one in visible if name in one.hostnames),
            None,
        )

    def change(self, brand_id: str, changes: Mapping[str, object]) -> Details | None:
        """What the brand says from now on, by the names of `Details`; None: there is none."""
        with self._lock:
            self._changes.setdefault(brand_id, {}).update(changes)
            self._made.pop(brand_id, None)
        return self.find(brand_id)

    def _details(self, brand: Brand) -> Details:
        with self._lock:
            made = self._made.get(brand.id)
            if made is None:
                changes = cast(dict[str, Any], self._changes.get(brand.id, {}))
                made = self._made[brand.id] = replace(_made_up(brand), **changes)
            return made


def _made_up(brand: Brand) -> Details:
    chance = dice("brand", brand.id)
    slug = _slug(brand.name)
    host = f"{slug}.example"
    homepage = f"https://www.{host}"
    if brand.id == catalog.TEST_MERCHANT.id:
        host, homepage = "buttontestmerchant.com", "https://buttontestmerchant.com"
    categories = tuple(dict.fromkeys(goods.category for goods in brand.goods)) or ("E-Commerce",)
    return Details(
        id=brand.id,
        name=brand.name,
        approval=_APPROVALS.get(brand.id, Approval.APPROVED),
        description=f"{brand.name}: {', '.join(categories)}",
        homepage=homepage,
        icon_url=f"https://img.example.net/{brand.id}/icon.png",
        hostnames=(host, f"www.{host}"),
        scheme=f"{slug.replace('-', '')}://",
        subdomain=slug if chance.random() < 0.5 else None,
        categories=categories,
        reporting_window_days=chance.choice([0, 1, 2]),
        finalization_window_minutes=chance.choice([7, 30, 60, 90]) * _DAY_MINUTES,
        exclusion_details=chance.choice(_EXCLUSIONS),
        coupons_allowed=chance.random() < 0.7,
        gift_cards_allowed=chance.random() < 0.3,
    )


def _slug(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "brand"
