"""Taps: a shopper goes from the publisher to a brand, and Button remembers where from."""

from __future__ import annotations

import itertools
import threading
from dataclasses import dataclass
from datetime import datetime

from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.records import Brand, Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Tap:
    """`btn_ref` names it (sheet, 1.5); several orders may come of one."""

    btn_ref: str
    organization: Organization
    brand: Brand
    customer: str | None
    pub_ref: str | None
    at: datetime


class Taps:
    """All taps by their `btn_ref`; any thread may ask."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()
        self._taps: dict[str, Tap] = {}

    def make(
        self,
        *,
        organization: Organization,
        brand: Brand,
        customer: str | None,
        pub_ref: str | None,
        is_test: bool,
        at: datetime,
    ) -> Tap:
        """With `is_test` its token is one of Button's for trying (sheet, 6.1)."""
        prefix = "fakesrctok" if is_test else "srctok"
        with self._lock:
            tap = Tap(
                btn_ref=make_id(prefix, self._seed, "tap", next(self._numbers)),
                organization=organization,
                brand=brand,
                customer=customer,
                pub_ref=pub_ref,
                at=at,
            )
            self._taps[tap.btn_ref] = tap
            return tap

    def find(self, btn_ref: str | None) -> Tap | None:
        with self._lock:
            return None if btn_ref is None else self._taps.get(btn_ref)
