"""Where money goes: sealed at rest, and hashed by a key so that two can be known to be one."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from typing import Final

from rewards_site.kernel import seal_keys
from rewards_site.kernel.errors import Conflict, NotFound
from rewards_site.kernel.sealing import open_sealed, seal
from transactions.redemptions.models import Redemption

_PURPOSE: Final = "redemption destination"
_DIGEST_LABEL: Final = b"rewards/redemption destination digest/1\0"
_BODY_LABEL: Final = b"rewards/redemption body digest/1\0"


def sealed(destination: str) -> str:
    return seal(destination.encode(), purpose=_PURPOSE, secrets=seal_keys.in_force())


def opened(row: Redemption) -> str:
    """The destination in full: for whoever pays, and for nobody to see without a trace.

    Raises: NotFound (erased), Conflict (no key that is in force opens it).
    """
    if not row.destination_sealed:
        raise NotFound("The destination was erased, with the member it was of.")
    plain = open_sealed(row.destination_sealed, purpose=_PURPOSE, secrets=seal_keys.in_force())
    if plain is None:
        raise Conflict("The destination was sealed by a key that is not in SEAL_KEYS any more.")
    return plain.decode()


def digests_of(destination: str) -> list[str]:
    """Its keyed hash by each secret in force; the first is the one to keep.

    Case and blanks make no other destination of it.
    """
    plain = "".join(unicodedata.normalize("NFKC", destination).casefold().split())
    return _digests(_DIGEST_LABEL, plain.encode())


def body_digests(body: bytes) -> list[str]:
    """The same of a request's body, which names a destination, too."""
    return _digests(_BODY_LABEL, body)


def _digests(label: bytes, plain: bytes) -> list[str]:
    secrets = [text.encode("utf-8", "surrogateescape") for text in seal_keys.in_force()]
    return [hmac.new(secret, label + plain, hashlib.sha256).hexdigest() for secret in secrets]
