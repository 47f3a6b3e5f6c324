"""API keys and whose they are (sheet, 1.1): an organization may have several."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.records import Brand, Organization
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound


class Keyring:
    """Every key with its organization; any thread may ask. The first publisher is always there."""

    def __init__(self, publisher_keys: Iterable[str]) -> None:
        """One text for each publisher: its key, or its keys with commas between them."""
        self._lock = threading.Lock()
        self._owners: dict[str, Organization] = {}
        self.publishers: list[Organization] = []
        for text in dict.fromkeys(publisher_keys):
            first, *others = text.split(",")
            publisher = self.add_publisher(first)
            for key in others:
                self.give(key, publisher)

    def owner(self, key: str) -> Organization | None:
        with self._lock:
            return self._owners.get(key)

    def all(self) -> dict[str, Organization]:
        with self._lock:
            return dict(self._owners)

    def add_publisher(
        self, key: str, *, name: str | None = None, is_test: bool = False
    ) -> Organization:
        """A publisher of its own, known by its first key. Raises: InvalidInput, Conflict."""
        number = len(self.publishers) + 1
        made_up = "Example Publisher" if number == 1 else f"Example Publisher {number}"
        publisher = Organization(
            id=make_id("org", "publisher", key), name=name or made_up, is_test=is_test
        )
        self.give(key, publisher)
        self.publishers.append(publisher)
        return publisher

    def give(self, key: str, organization: Organization) -> None:
        """Raises: InvalidInput (no key could be so), Conflict (it is somebody's)."""
        if not key or ":" in key or "," in key or not key.isascii():
            raise InvalidInput("An API key is ASCII and holds neither colon nor comma")
        with self._lock:
            if key in self._owners:
                raise Conflict("The key is in use")
            self._owners[key] = organization

    def take_away(self, key: str) -> None:
        """Raises: NotFound."""
        with self._lock:
            if self._owners.pop(key, None) is None:
                raise NotFound("No such key")


def add_keys(
    keyring: Keyring,
    *,
    brands: Iterable[Brand],
    brand_keys: Iterable[str],
    test_keys: Iterable[str],
) -> None:
    """Give the first of `brands` a key each; make a publisher in sandbox mode for each test key.

    Raises: InvalidInput, Conflict.
    """
    for key, brand in zip(brand_keys, brands, strict=False):
        keyring.give(key, of_brand(brand))
    for number, key in enumerate(test_keys, start=1):
        name = "Example Publisher (Sandbox)"
        keyring.add_publisher(key, name=name if number == 1 else f"{name} {number}", is_test=True)


def of_brand(brand: Brand) -> Organization:
    return Organization(id=brand.id, name=brand.name, is_publisher=False)
