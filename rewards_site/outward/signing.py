"""Secrets of subscriptions, and signatures as Standard Webhooks has them, by its own library."""

from __future__ import annotations

import math
import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime

from standardwebhooks import Webhook

from rewards_site.kernel import seal_keys, sealing
from rewards_site.outward.models import Subscription

_PURPOSE = "outward-secret"
_SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> str:
    """`whsec_` and 256 random bits in base64."""
    return PREFIX + b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def sealed(secret: str) -> str:
    return sealing.seal(secret.encode(), purpose=_PURPOSE, secrets=seal_keys.in_force())


def resealed(text: str) -> str:
    """`text` sealed by the first key in force; as it is where that sealed it, or none opens it."""
    keys = seal_keys.in_force()
    if sealing.open_sealed(text, purpose=_PURPOSE, secrets=keys[:1]) is not None:
        return text
    plain = sealing.open_sealed(text, purpose=_PURPOSE, secrets=keys)
    return text if plain is None else sealing.seal(plain, purpose=_PURPOSE, secrets=keys)


def secrets_of(row: Subscription, *, at: datetime) -> list[str]:
    """What signs at `at`: the secret, and the one before it while that is still in force.

    Empty where the keys that sealed it are gone.
    """
    texts = [row.sealed_secret]
    if row.old_secret_until is not None and at < row.old_secret_until:
        texts.append(row.sealed_old_secret)
    opened = (
        sealing.open_sealed(text, purpose=_PURPOSE, secrets=seal_keys.in_force()) for text in texts
    )
    return [secret.decode() for secret in opened if secret is not None]


def signed_headers(
    body: str, *, webhook_id: str, signed_by: Sequence[str], at: datetime
) -> dict[str, str]:
    """The three headers of Standard Webhooks, with a signature by each secret."""
    signatures = [Webhook(secret).sign(webhook_id, at, body) for secret in signed_by]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(math.floor(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
