"""Sealing: bytes → text that nobody but us can read, make or change. Pure; secrets are values.

A sealed text is, in base64url without padding:

    version (1 byte) | key id (4) | nonce (16, random) | AES-256-SIV (RFC 5297) of the bytes

The version, the key id, the nonce and the purpose are authenticated with it. Each secret gives one
key a purpose, by HKDF, so what was sealed for one purpose never opens for another. Whether a text
is genuine is decided by the cipher alone, in constant time; all that is compared before (length,
alphabet, version, key id) is no secret. Why this cipher: docs/decisions/0061.
"""

from __future__ import annotations

import re
import secrets as randomness
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x01"
_KEY_BYTES, _KEY_ID_BYTES, _NONCE_BYTES, _TAG_BYTES = 64, 4, 16, 16
_HEADER_BYTES = len(VERSION) + _KEY_ID_BYTES
_START_BYTES = _HEADER_BYTES + _NONCE_BYTES
OVERHEAD_BYTES = _START_BYTES + _TAG_BYTES
_ALPHABET = re.compile(r"[A-Za-z0-9_-]+")


def seal(plain: bytes, *, purpose: str, secrets: tuple[str, ...]) -> str:
    """`plain`, which is not empty, sealed by the first of `secrets`."""
    assert plain
    key = _key_of(secrets[0], purpose)
    header = VERSION + key.key_id
    nonce = randomness.token_bytes(_NONCE_BYTES)
    return _spelled(header + nonce + key.cipher.encrypt(plain, [key.label, header, nonce]))


def open_sealed(text: str, *, purpose: str, secrets: tuple[str, ...]) -> bytes | None:
    """What any of `secrets` sealed for `purpose`; None for every other text, whatever it is.

    Takes time in proportion to the text's length, so the caller bounds that first.
    """
    raw = _read(text)
    if raw is None:
        return None
    header, nonce, sealed = raw[:_HEADER_BYTES], raw[_HEADER_BYTES:_START_BYTES], raw[_START_BYTES:]
    for key in (_key_of(secret, purpose) for secret in secrets):
        if header == VERSION + key.key_id:
            try:
                return key.cipher.decrypt(sealed, [key.label, header, nonce])
            except InvalidTag:
                continue
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """Of one secret, for one purpose."""

    key_id: bytes
    label: bytes
    cipher: AESSIV


@lru_cache(maxsize=64)
def _key_of(secret: str, purpose: str) -> _Key:
    """HKDF-SHA256. Whatever changes here closes every text that is under way."""
    label = f"rewards/{purpose}/1".encode()
    derived = HKDF(
        algorithm=SHA256(), length=_KEY_BYTES + _KEY_ID_BYTES, salt=None, info=label
    ).derive(secret.encode("utf-8", "surrogateescape"))
    return _Key(key_id=derived[_KEY_BYTES:], label=label, cipher=AESSIV(derived[:_KEY_BYTES]))


def _spelled(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _read(text: str) -> bytes | None:
    """The bytes that `text` spells. The decoder alone would read one and the same bytes from many
    spellings (padding, blanks, unused last bits); only the one that we write counts.
    """
    if _ALPHABET.fullmatch(text) is None or len(text) % 4 == 1:
        return None
    raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return raw if _spelled(raw) == text else None
