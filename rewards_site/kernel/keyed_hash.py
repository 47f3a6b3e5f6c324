"""Keyed hashes: texts that can be known again, but not be read, nor guessed without the key. Pure.

Each secret gives one key a purpose, by HKDF (RFC 5869), and a name of that key, which is no secret.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_KEY_BYTES, _KEY_ID_BYTES = 32, 4


@dataclass(frozen=True, slots=True)
class HashKey:
    """Of one secret, for one purpose."""

    key_id: str
    """8 hexadecimal digits."""
    key: bytes

    def hash(self, text: str) -> str:
        """HMAC-SHA256 in hexadecimal; `text` may be any, halves of surrogate pairs too."""
        return hmac.new(self.key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


@lru_cache(maxsize=64)
def hash_key(secret: str, purpose: str) -> HashKey:
    """Whatever changes here makes every text that was hashed unknown."""
    derived = HKDF(
        algorithm=SHA256(),
        length=_KEY_BYTES + _KEY_ID_BYTES,
        salt=None,
        info=f"rewards/{purpose}/1".encode(),
    ).derive(secret.encode("utf-8", "surrogateescape"))
    return HashKey(derived[_KEY_BYTES:].hex(), derived[:_KEY_BYTES])
