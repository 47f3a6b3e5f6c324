"""Public ids: random, not to be guessed or counted."""

import secrets
import time
import uuid


def random_id() -> uuid.UUID:
    """122 random bits (UUID version 4)."""
    return uuid.uuid4()


def time_ordered_id() -> uuid.UUID:
    """UUID version 7 (RFC 9562): 48 bits of Unix milliseconds, then 74 random bits.

    Sorts by when it was made, so that lists are paged newest first by it alone, and still cannot
    be guessed.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80
    value |= 0x7 << 76
    value |= secrets.randbits(12) << 64
    value |= 0b10 << 62
    value |= secrets.randbits(62)
    return uuid.UUID(int=value)
