"""Made-up brands and what they sell, so that a demonstration reads like real life."""

from __future__ import annotations

from rewards_site.button.sandbox.chance import make_id
from rewards_site.button.sandbox.records import Brand, Goods
from rewards_site.kernel.currencies import exponent_of

COUNTRIES = {"USD": "US", "GBP": "GB", "JPY": "JP", "KWD": "KW"}
"""The currencies that shoppers pay in, each with its country."""

_PER_HUNDRED_DOLLARS = {"USD": 100, "GBP": 79, "JPY": 15_000, "KWD": 31}
"""Major units for 100 US dollars: prices look right, and no more is promised."""

TEST_MERCHANT = Brand(id="org-228b55a5707de5c8", name="Button Test Merchant (Sandbox)")
"""Button's own; what is bought there is test money (sheet, 6.1). No shopper goes there."""

# name, then per article: description, category, subcategory, price in US cents, basis points
_SHELVES: tuple[tuple[str, tuple[tuple[str, str, str | None, int, int], ...]], ...] = (
    (
        "Fernhill Outfitters",
        (
            ("Trail running jacket", "Clothes", "Sport", 8900, 800),
            ("Merino socks, 5 pairs", "Clothes", None, 2950, 500),
            ("Day pack, 22 litres", "Bags", "Outdoor", 6400, 650),
        ),
    ),
    (
        "Café Aurore",
        (
            ("Filter coffee, 1 kg", "Groceries", "Coffee", 2400, 400),
            ("Pour-over kettle", "Kitchen", None, 5900, 700),
        ),
    ),
    (
        "Northbridge Books",
        (
            ("Hardback novel", "Books", "Fiction", 2199, 300),
            ("Atlas of the night sky", "Books", "Science", 4500, 300),
            ("E-reader", "Electronics", None, 13900, 150),
        ),
    ),
    (
        "Lumen & Pine",
        (
            ("Desk lamp", "Home", "Lighting", 7900, 900),
            ("Linen bedding set", "Home", "Bedroom", 15900, 1000),
        ),
    ),
    (
        "Kitsune Games",
        (
            ("Game controller", "Electronics", "Gaming", 5999, 200),
            ("Strategy board game", "Toys", None, 4499, 450),
        ),
    ),
    (
        "Harbour Pharmacy",
        (
            ("Vitamin D, 90 tablets", "Health", None, 1450, 600),
            ("Shampoo", "Beauty", "Hair", 999, 600),
            ("Soap (sample)", "Beauty", None, 0, 0),
        ),
    ),
    (
        "Voltaic Electronics",
        (
            ("Noise-cancelling headphones", "Electronics", "Audio", 19900, 250),
            ("USB-C charger", "Electronics", None, 3500, 350),
        ),
    ),
    (
        "Wayfarer Stays",
        (
            ("Two nights, double room", "Travel", "Hotels", 28900, 450),
            ("Breakfast", "Travel", None, 1800, 450),
        ),
    ),
)


def _brand(name: str, shelf: tuple[tuple[str, str, str | None, int, int], ...]) -> Brand:
    return Brand(
        id=make_id("org", "brand", name),
        name=name,
        goods=tuple(
            Goods(
                sku=make_id("sku", name, description)[:12],
                description=description,
                category=category,
                subcategory=subcategory,
                cents=cents,
                bps=bps,
            )
            for description, category, subcategory, cents, bps in shelf
        ),
    )


BRANDS = tuple(_brand(name, shelf) for name, shelf in _SHELVES)
"""The same ids for every seed: a brand's id never changes (sheet, 3.4)."""

PENDING_BRANDS = (_brand("Quayside Cycles", (("City bicycle", "Sports", "Cycling", 64900, 300),)),)
"""They have not answered the publishers yet: no shopper goes there, no link leads there."""

AVAILABLE_BRANDS = (_brand("Old Mill Ceramics", (("Tea bowl", "Home", None, 3200, 800),)),)
"""No publisher has asked them yet."""

ALL_BRANDS = (*BRANDS, *PENDING_BRANDS, *AVAILABLE_BRANDS, TEST_MERCHANT)


def price_in(currency: str, cents: int) -> int:
    """About `cents` US cents in minor units of `currency`; what rounds to nothing costs 1."""
    minor = cents * _PER_HUNDRED_DOLLARS[currency] * 10 ** exponent_of(currency) // 10_000
    return max(minor, 1) if cents else 0
