"""Key pairs of a publisher's identity provider, and the JWKS that it publishes."""

from __future__ import annotations

import functools
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.factories import MEMBER

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@functools.cache
def rsa_key(name: str = "one", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Always the same key of a name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


@functools.cache
def ec_key(name: str = "one", curve: str = "SECP256R1") -> ec.EllipticCurvePrivateKey:
    """Always the same key of a name."""
    return ec.generate_private_key(getattr(ec, curve)())


def public_jwk(key: PrivateKey, kid: str | None = "one", **more: Any) -> dict[str, Any]:
    """The public half as a JWK; a member given as None is left out."""
    told = _as_jwk(key.public_key())
    told.pop("key_ops", None)
    values = told | {"kid": kid, "use": "sig"} | more
    return {name: value for name, value in values.items() if value is not None}


def private_jwk(key: PrivateKey, kid: str = "one") -> dict[str, Any]:
    """The private half as well, as no JWKS should hold it."""
    return _as_jwk(key) | {"kid": kid}


def _as_jwk(key: Any) -> dict[str, Any]:
    is_rsa = isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey)
    algorithm: Any = jwt.algorithms.RSAAlgorithm if is_rsa else jwt.algorithms.ECAlgorithm
    told: dict[str, Any] = algorithm.to_jwk(key, as_dict=True)
    return told


def key_set(*keys: dict[str, Any]) -> str:
    return json.dumps({"keys": list(keys)})


def pem(key: PrivateKey) -> bytes:
    """The public half as PEM, as anybody can have it."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def signed(
    key: PrivateKey,
    *,
    kid: str | None = "one",
    headers: dict[str, Any] | None = None,
    customer_id: str = MEMBER,
    **claims: Any,
) -> str:
    """A token signed with `key`: RS256 or ES256, as the key is; a claim given as None is left out.

    Of a curve that is not ES256's it is ES384.
    """
    values = {
        "sub": customer_id,
        "exp": int((datetime.now(tz=UTC) + timedelta(minutes=5)).timestamp()),
    } | claims
    values = {name: value for name, value in values.items() if value is not None}
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name != "secp256r1":
        algorithm = "ES384"
    named = {"kid": kid} if kid is not None else {}
    return jwt.encode(values, key, algorithm=algorithm, headers=named | (headers or {}))
