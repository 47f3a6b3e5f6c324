"""Pure: when a product category of a rule is that of a line."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=4096)  # every offer and every line asks, for a few texts again and again
def names_of(category: str | None) -> frozenset[str]:
    """The names that a line's category may be called by, without regard to case or outer space.

    Button tells a text, or an array that we keep joined by commas (sheet, 4.4); a name may have a
    comma in it, too. So it is both: the whole text, and each part of it.
    """
    if category is None:
        return frozenset()
    names = (name_of(name) for name in (category, *category.split(",")))
    return frozenset(name for name in names if name)


@lru_cache(maxsize=4096)
def name_of(category: str) -> str:
    """A rule's category, as it is compared; a comma in it is part of the name."""
    return " ".join(category.split()).casefold()
