"""Where money goes: sealed at rest, and hashed by a key so that two can be known to be one."""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from typing import Final
from uuid import UUID

from rewards_site.kernel import seal_keys
from rewards_site.kernel.errors import Conflict, NotFound
from rewards_site.kernel.sealing import open_sealed, seal
from transactions.redemptions.models import Redemption

_PURPOSE: Final = "redemption destination"
_DIGEST_LABEL: Final = b"rewards/redemption destination digest/1\0"
_UNSEEN: Final = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""Default_Ignorable_Code_Point of Unicode (DerivedCoreProperties) that is no format character:
joiners of letters, fillers, variation selectors; and the empty cell of Braille.
"""
_ID_BYTES: Final = 16
_BODY_LABEL: Final = b"rewards/redemption body digest/1\0"


def sealed(destination: str, *, public_id: UUID) -> str:
    """For this redemption alone: in the row of another it does not open."""
    plain = public_id.bytes + destination.encode()
    return seal(plain, purpose=_PURPOSE, secrets=seal_keys.in_force())


def opened(row: Redemption) -> str:
    """The destination in full: for whoever pays, and for nobody to see without a trace.

    Raises: NotFound (erased), Conflict (no key that is in force opens it; it is of another).
    """
    if not row.destination_sealed:
        raise NotFound("The destination was erased, with the member it was of.")
    plain = open_sealed(row.destination_sealed, purpose=_PURPOSE, secrets=seal_keys.in_force())
    if plain is None:
        raise Conflict("The destination was sealed by a key that is not in SEAL_KEYS any more.")
    whose, destination = plain[:_ID_BYTES], plain[_ID_BYTES:].decode()
    if whose != row.public_id.bytes or row.destination_digest not in digests_of(destination):
        raise Conflict(
            "The destination is not the one that was asked for: somebody changed the row in the "
            "database. Pay nothing, and reject it."
        )
    return destination


def digests_of(destination: str) -> list[str]:
    """Its keyed hash by each secret in force; the first is the one to keep.

    Case, blanks and what nobody can see make no other destination of it.
    """
    folded = unicodedata.normalize("NFKC", destination).casefold()
    seen = [letter for letter in unicodedata.normalize("NFKC", folded) if not _is_unseen(letter)]
    return _digests(_DIGEST_LABEL, "".join(seen).encode())


def _is_unseen(letter: str) -> bool:
    return (
        letter.isspace()
        or unicodedata.category(letter) in {"Cc", "Cf"}
        or _UNSEEN.match(letter) is not None
    )


def body_digests(body: bytes) -> list[str]:
    """The same of a request's body, which names a destination, too."""
    return _digests(_BODY_LABEL, body)


def _digests(label: bytes, plain: bytes) -> list[str]:
    secrets = [text.encode("utf-8", "surrogateescape") for text in seal_keys.in_force()]
    return [hmac.new(secret, label + plain, hashlib.sha256).hexdigest() for secret in secrets]
