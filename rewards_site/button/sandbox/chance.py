"""Chance that comes out the same every time: drawn from a seed and a name, never from a sequence.

Each order has dice of its own. So what one order becomes depends neither on what else happened
meanwhile nor on how often the clock was looked at.
"""

import hashlib
import random


def dice(*name: object) -> random.Random:
    """A generator that belongs to `name`, the same in every process."""
    text = "/".join(map(str, name)).encode(errors="surrogatepass")
    return random.Random(text)  # noqa: S311 - play money, nothing to guess


def make_id(prefix: str, *name: object) -> str:
    """An id as Button's look, `tx-2f6a91d4c07be835`: 16 hex digits that belong to `name`."""
    text = "/".join([prefix, *map(str, name)])
    return f"{prefix}-{hashlib.sha256(text.encode(errors='surrogatepass')).hexdigest()[:16]}"


def falls_within(percent: float, *name: object) -> bool:
    """True for `percent` of all names, always the same ones."""
    return dice("percent", *name).random() * 100 < percent
