"""What check_button says of members' tokens: whether the secret signs, and the key set answers."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from django.conf import settings

from rewards_site.health.inspections import Line, fail, ok, warn
from rewards_site.members.jwks import BadKeySet, VerifyingKey, fetch_keys, objection_to_url
from rewards_site.members.tokens import TokenRefused, TokensNotSetUp, issue_token, read_token

NOBODY = "check-button"
"""The customer id of a token that is made, read, and thrown away: no member comes of it."""
JWKS_SECONDS_MAX = 10.0


def inspect_tokens(at: datetime) -> Iterator[Line]:
    if settings.MEMBER_JWT_SECRET:
        yield _tried_secret(at)
    if settings.MEMBER_JWT_JWKS_URL:
        yield from _tried_key_set()
    if not (settings.MEMBER_JWT_SECRET or settings.MEMBER_JWT_JWKS_URL):
        yield warn(
            "members' tokens",
            "MEMBER_JWT_SECRET and MEMBER_JWT_JWKS_URL are not set: every token is refused",
            "set one of them for the member API.",
        )


def _tried_secret(at: datetime) -> Line:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a short secret: told by the settings' own lines
            read_token(issue_token(NOBODY, days=1, at=at), at=at)
    except (TokensNotSetUp, TokenRefused) as error:
        return fail(
            "MEMBER_JWT_SECRET",
            str(error).rstrip("."),
            "set a random text, the same where tokens are signed: openssl rand -hex 32.",
        )
    return ok("MEMBER_JWT_SECRET", "signs and checks tokens (HS256)")


def _tried_key_set() -> Iterator[Line]:
    objection = objection_to_url(settings.MEMBER_JWT_JWKS_URL)
    if objection:
        yield fail(
            "MEMBER_JWT_JWKS_URL",
            objection.removeprefix("MEMBER_JWT_JWKS_URL ").rstrip("."),
            "copy the jwks_uri of your identity provider.",
        )
        return
    try:
        keys = fetch_keys(settings.MEMBER_JWT_JWKS_URL, total_seconds=JWKS_SECONDS_MAX)
    except BadKeySet as error:
        yield fail(
            "MEMBER_JWT_JWKS_URL",
            str(error),
            "fetch it with curl on this machine: a firewall, a redirect or another address?",
        )
        return
    yield ok("MEMBER_JWT_JWKS_URL", _counted(keys))
    if len(keys) > 1 and any(key.kid is None for key in keys):
        yield warn(
            "MEMBER_JWT_JWKS_URL",
            "keys have no kid, so each is tried for each token",
            "have your identity provider name its keys.",
        )


def _counted(keys: tuple[VerifyingKey, ...]) -> str:
    counts = sorted(Counter(key.algorithm for key in keys).items())
    kinds = ", ".join(f"{count} for {algorithm}" for algorithm, count in counts)
    return f"answers with {len(keys)} key{'s' if len(keys) > 1 else ''} ({kinds})"
