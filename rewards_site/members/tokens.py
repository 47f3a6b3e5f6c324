"""Members' tokens: JSON Web Tokens (RFC 7519), signed by the publisher, or by us.

HS256 with MEMBER_JWT_SECRET, RS256 or ES256 with a key at MEMBER_JWT_JWKS_URL; either may be set,
or both. The algorithm chooses between them before any key is touched: the secret verifies nothing
but HS256, and a public key nothing but its own algorithm, so none can be passed off as the other.
`exp` is required and strict; `nbf` may be up to ten seconds ahead of our clock; `iss` and `aud` are
checked where they are configured. `sub` is the customer id.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt
from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from rewards_site.kernel import clock
from rewards_site.kernel.errors import InvalidInput, Refused
from rewards_site.members.customer_ids import may_be_told
from rewards_site.members.jwks import jwks_at, objection_to_url

log = logging.getLogger(__name__)

_BY_SECRET = "HS256"  # noqa: S105  # the algorithm's name
_BY_PUBLIC_KEY = frozenset({"RS256", "ES256"})
_KEYS_TRIED_MAX = 8
"""Keys of one name, or of a token without a name: more than a rotation ever leaves."""
_TOKEN_BYTES_MAX = 8 * 1024
_LEEWAY_SECONDS = 10
"""For `nbf` alone: the clock of whoever signs may be a little ahead of ours."""
_DAYS_MAX = 3650
_REALM = 'Bearer realm="members"'


class TokensNotSetUp(Refused):
    """Neither a usable secret nor a key set is configured: no token can be checked, or issued."""

    code = "tokens_not_set_up"


class TokenRefused(Refused):
    """Not a token of ours, not valid (any more), or of nobody."""

    code = "token_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberIdentity:
    """Whom a valid token names; a member of that customer id need not exist yet."""

    customer_id: str


def identity_of(request: Request) -> MemberIdentity:
    """Who asks. Only for views that demand a member's token."""
    identity = request.auth
    assert isinstance(identity, MemberIdentity), "IsMember let nobody through"
    return identity


def read_token(token: str, *, at: datetime) -> MemberIdentity:
    """Whom `token` names. Raises: TokensNotSetUp, TokenRefused, JwksUnavailable."""
    if not (settings.MEMBER_JWT_SECRET or settings.MEMBER_JWT_JWKS_URL):
        raise TokensNotSetUp("Neither MEMBER_JWT_SECRET nor MEMBER_JWT_JWKS_URL is set.")
    if len(token) > _TOKEN_BYTES_MAX or not token.isascii():
        raise TokenRefused("too long, or not ASCII")
    claims = _verified_claims(token)
    expires = claims["exp"]
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise TokenRefused("exp is not a number")
    if not at.timestamp() < expires < math.inf:  # so put, NaN is refused as well
        raise TokenRefused("expired, or never to expire")
    if not may_be_told(claims["sub"]):
        raise TokenRefused("sub is no customer id")
    return MemberIdentity(customer_id=claims["sub"])


def _verified_claims(token: str) -> dict[str, Any]:
    try:
        header = jwt.get_unverified_header(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if algorithm == _BY_SECRET and settings.MEMBER_JWT_SECRET:
            return _decode(token, settings.MEMBER_JWT_SECRET, algorithm=_BY_SECRET)
        if algorithm not in _BY_PUBLIC_KEY or not settings.MEMBER_JWT_JWKS_URL:
            raise TokenRefused("not an algorithm that is set up here")
        return _decode_by_public_key(token, algorithm=algorithm, kid=kid)
    except jwt.InvalidKeyError as error:  # such as a public key in the place of the secret
        raise TokensNotSetUp("MEMBER_JWT_SECRET is no secret for HS256.") from error
    except (jwt.PyJWTError, ValueError, TypeError, ArithmeticError, RecursionError) as error:
        # The last four: what the parsers below raise for claims such as "nbf": Infinity.
        raise TokenRefused(type(error).__name__) from error


def _decode_by_public_key(token: str, *, algorithm: str, kid: str | None) -> dict[str, Any]:
    objection = objection_to_url(settings.MEMBER_JWT_JWKS_URL)
    if objection:
        raise TokensNotSetUp(objection)
    keys = jwks_at(settings.MEMBER_JWT_JWKS_URL).keys_for(kid=kid, algorithm=algorithm)
    for candidate in keys[:_KEYS_TRIED_MAX]:
        try:
            return _decode(token, candidate.key, algorithm=candidate.algorithm)
        except jwt.InvalidSignatureError:
            continue
    raise TokenRefused("signed with none of the keys" if keys else "signed with an unknown key")


def _decode(token: str, key: Any, *, algorithm: str) -> dict[str, Any]:
    issuer = settings.MEMBER_JWT_ISSUER or None
    audience = settings.MEMBER_JWT_AUDIENCE or None
    return jwt.decode(
        token,
        key,
        algorithms=[algorithm],
        issuer=issuer,
        audience=audience,
        leeway=_LEEWAY_SECONDS,
        options={
            "require": [
                "exp",
                "sub",
                *(["iss"] if issuer else []),
                *(["aud"] if audience else []),
            ],
            "verify_exp": False,  # strictly, by read_token
            "verify_iat": False,  # says when, not whether
            "verify_jti": False,
            "verify_aud": audience is not None,
            "verify_iss": issuer is not None,
        },
    )


def issue_token(customer_id: str, *, days: int, at: datetime) -> str:
    """A token for `customer_id` that is good for `days` from `at`.

    Raises: InvalidInput (no customer id; days not 1 to 3650), TokensNotSetUp.
    """
    if not may_be_told(customer_id):
        raise InvalidInput(
            "A customer id is 1 to 255 visible ASCII characters without blanks.",
            fields={"customer_id": "not 1 to 255 characters of ASCII 0x21 to 0x7E"},
        )
    if not 1 <= days <= _DAYS_MAX:
        raise InvalidInput(
            f"A token is good for 1 to {_DAYS_MAX} days.", fields={"days": f"1 to {_DAYS_MAX}"}
        )
    if not settings.MEMBER_JWT_SECRET and settings.MEMBER_JWT_JWKS_URL:
        raise TokensNotSetUp(
            "Tokens are issued with HS256, which needs MEMBER_JWT_SECRET. Here only "
            "MEMBER_JWT_JWKS_URL is set: whoever holds the private keys of that set signs tokens."
        )
    if not settings.MEMBER_JWT_SECRET:
        raise TokensNotSetUp("MEMBER_JWT_SECRET is not set: set it, then ask again.")
    claims: dict[str, Any] = {
        "sub": customer_id,
        "iat": int(at.timestamp()),
        "exp": int((at + timedelta(days=days)).timestamp()),
    }
    if settings.MEMBER_JWT_ISSUER:
        claims["iss"] = settings.MEMBER_JWT_ISSUER
    if settings.MEMBER_JWT_AUDIENCE:
        claims["aud"] = settings.MEMBER_JWT_AUDIENCE
    try:
        return jwt.encode(claims, settings.MEMBER_JWT_SECRET, algorithm=_BY_SECRET)
    except jwt.InvalidKeyError as error:
        raise TokensNotSetUp("MEMBER_JWT_SECRET is no secret for HS256.") from error


class MemberAuthentication(BaseAuthentication):
    """`Authorization: Bearer JWT`; anything else that is there is a 401, never a 500."""

    def authenticate(self, request: Request) -> tuple[None, MemberIdentity] | None:
        header = str(request.META.get("HTTP_AUTHORIZATION", ""))
        scheme, _blank, token = header.strip(" ").partition(" ")
        if scheme.lower() != "bearer":
            return None  # IsMember says that a token is needed
        try:
            return None, read_token(token.strip(" "), at=clock.now())
        except TokensNotSetUp as error:
            log.error("members.tokens_not_set_up", extra={"why": str(error)})  # noqa: TRY400
            raise AuthenticationFailed(_("Tokens are not set up on this server.")) from error
        except TokenRefused as error:
            log.info("members.token_refused", extra={"why": str(error)})
            raise AuthenticationFailed(_("The token is not valid or has expired.")) from error

    def authenticate_header(self, request: Request) -> str:
        """RFC 6750, 3.1: `error` only where there was a token to refuse."""
        has_token = str(request.META.get("HTTP_AUTHORIZATION", "")).strip()
        return f'{_REALM}, error="invalid_token"' if has_token else _REALM
