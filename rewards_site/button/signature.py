"""Button's webhook signature: lower-case hex HMAC-SHA256 of the raw body (sheet, 5.3)."""

import hashlib
import hmac
from collections.abc import Sequence


def sign(body: bytes, secret: str) -> str:
    """The `X-Button-Signature` of `body`: 64 lower-case hex characters, no prefix."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def verify(body: bytes, signature: str, secrets: Sequence[str]) -> bool:
    """Whether one of `secrets` signed these very bytes. Never raises; no secrets: False.

    Exact match as in Button's own clients, so upper-case hex is refused. Every secret is tried, so
    that the time taken tells nothing about which one held.
    """
    # Bytes, because compare_digest raises on non-ASCII text, and the header is the sender's.
    told = signature.encode(errors="replace")
    is_signed = False
    for secret in secrets:
        is_signed |= hmac.compare_digest(sign(body, secret).encode(), told)
    return is_signed
