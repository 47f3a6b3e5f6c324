"""Where Button's documents disagree about the API, or leave it open: which reading is served."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum

from rewards_site.kernel.errors import InvalidInput

OFFERS_PER_MINUTE = 5000
"""Button's own limit (sheet, 1.7)."""


class ListOrder(StrEnum):
    """Of the transaction lists: the docs promise none (sheet, 4.2 and C8)."""

    ASCENDING = "ascending"
    DESCENDING = "descending"
    SHUFFLED = "shuffled"
    """By nothing that a caller could know, over all pages; the same at every call."""


class LastNext(StrEnum):
    """`meta.next` of the last page (sheet, 1.6)."""

    NULL = "null"
    EMPTY = "empty"
    """An empty text, as the guide of 2019 prints it."""


class BrandsEnvelope(StrEnum):
    """What holds the list of brands (sheet, 3.4 and C18)."""

    OBJECTS = "objects"
    OBJECT = "object"
    """As the reference's sample: the brand itself where there is one, else a list of them."""


class BrandTerms(StrEnum):
    """The name of a brand's further terms (sheet, 3.4 and C18)."""

    ADDITIONAL = "additional_terms"
    OTHER = "other_terms"


class OffersShape(StrEnum):
    """Of the Offers API over the years (sheet, the end of section 2)."""

    CURRENT = "current"
    YEAR_2019 = "2019"
    """With `best_offer_id`, without `rank`, `offer_type` and `offer_tag`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSwitches:
    """Frozen: a request reads one, and a control call puts another in its place."""

    list_order: ListOrder = ListOrder.ASCENDING
    last_next: LastNext = LastNext.NULL
    page_size_max: int = 500
    """Unknown of Button; what is above it is a 400."""
    brands_envelope: BrandsEnvelope = BrandsEnvelope.OBJECTS
    brand_terms: BrandTerms = BrandTerms.ADDITIONAL
    offers_shape: OffersShape = OffersShape.CURRENT
    offers_per_minute: int = OFFERS_PER_MINUTE
    """Of one organization; what is above it is a 429."""
    amazon_short_links: bool = False
    """On: the caller is on Button's list of those who may shorten Amazon's links."""

    def as_json(self) -> dict[str, object]:
        return dict(asdict(self))

    def changed(self, changes: Mapping[str, object]) -> ApiSwitches:
        """With `changes` by name. Raises: InvalidInput, naming the switch."""
        for name, value in changes.items():
            self._check(name, value)
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        return replace(self, **{name: kinds[name](value) for name, value in changes.items()})

    def with_texts(self, texts: list[str]) -> ApiSwitches:
        """With `name=value` each, as a command line has them. Raises: InvalidInput."""
        changes: dict[str, object] = {}
        for text in texts:
            name, _, value = text.partition("=")
            current = getattr(self, name) if name in self.as_json() else None
            if isinstance(current, bool):
                changes[name] = {"on": True, "off": False}.get(value, value)
            elif isinstance(current, int) and value.isascii() and value.isdigit():
                changes[name] = int(value)
            else:
                changes[name] = value
        return self.changed(changes)

    def _check(self, name: str, value: object) -> None:
        known = self.as_json()
        if name not in known:
            raise _wrong(name, f"no such switch; there are {', '.join(known)}")
        match known[name]:
            case bool():
                if not isinstance(value, bool):
                    raise _wrong(name, "not true or false")
            case int():
                if type(value) is not int or value < 1:
                    raise _wrong(name, "not a whole number of at least 1")
            case StrEnum() as current:
                choices = [str(choice) for choice in type(current)]
                if value not in choices:
                    raise _wrong(name, f"not one of {', '.join(choices)}")


class Panel:
    """The switches as they stand now; set by control calls, read at every request."""

    def __init__(self, switches: ApiSwitches) -> None:
        self._lock = threading.Lock()
        self._switches = switches

    @property
    def switches(self) -> ApiSwitches:
        return self._switches

    def change(self, changes: Mapping[str, object]) -> ApiSwitches:
        """Raises: InvalidInput; then nothing has changed."""
        with self._lock:
            self._switches = self._switches.changed(changes)
            return self._switches


def _wrong(name: str, what: str) -> InvalidInput:
    return InvalidInput(f"{name}: {what}", fields={name: what})
