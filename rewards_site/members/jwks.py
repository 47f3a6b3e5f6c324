"""The public keys that members' tokens are signed with (JWKS, RFC 7517), fetched and kept.

One cache a process. A key is looked up by the token's `kid`; nothing else in a token says where a
key comes from. Whatever goes wrong here is our outage, never the member's: keys that are known go
on working, and a token whose key cannot be looked up gets 503, not 401 (docs/decisions/0025).
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import jwt
import requests
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from rewards_site.button.deadline import POOLS, until
from rewards_site.kernel.errors import Unavailable

log = logging.getLogger(__name__)

FRESH_SECONDS = 300
"""Keys are fetched anew when they are older: a key that was withdrawn is refused by then."""
STALE_SECONDS = 24 * 60 * 60
"""Keys that cannot be fetched anew go on working so long, then no longer."""
ASK_AGAIN_SECONDS = 10
"""For a `kid` that is not known: not asked more often than this."""
REFRESH_AGAIN_SECONDS = 60
"""For keys that are old: not tried more often than this while it fails."""
WAIT_SECONDS = 3
"""How long a request waits for the keys when it cannot go on without."""
WAITERS_MAX = 4
"""How many requests of a process wait for keys at once; the others are asked to come again."""
CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 2.0, 3.0, 5.0
BODY_BYTES_MAX = 256 * 1024
KEYS_MAX = 100
RSA_BITS_MIN = 2048
RSA_BITS_MAX = 8192
_PART_BYTES = 16 * 1024
_PRIVATE_PARTS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


class JwksUnavailable(Unavailable):
    """The publisher's keys cannot be had now, and the token's is not among those known."""

    code = "keys_unavailable"


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyingKey:
    """A public key and the one algorithm it verifies here: RS256 or ES256."""

    kid: str | None
    algorithm: str
    key: RSAPublicKey | EllipticCurvePublicKey


class BadKeySet(ValueError):
    """No JWKS could be had; the message says why, without any of the address or the body."""


class JwksCache:
    """The keys at one URL. They are fetched by a thread beside: no request waits longer than
    `wait_seconds`, and no more than WAITERS_MAX wait at once, however slow the other side is.
    """

    def __init__(
        self,
        url: str,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        total_seconds: float = TOTAL_SECONDS,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._url = url
        self._monotonic = monotonic
        self._total_seconds = total_seconds
        self._wait_seconds = wait_seconds
        self._places = threading.BoundedSemaphore(WAITERS_MAX)
        self._beginning = threading.Lock()
        self._under_way: threading.Event | None = None
        self._keys: tuple[VerifyingKey, ...] = ()
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._is_failing = False

    def keys_for(self, *, kid: str | None, algorithm: str) -> Sequence[VerifyingKey]:
        """The keys that may have signed such a token; empty where there is none of that name.

        Fetches when the keys are old or the name is not known; once at a time, and not again
        within ASK_AGAIN_SECONDS. Raises: JwksUnavailable.
        """
        found = self._known(kid, algorithm)
        if found and self._age() < FRESH_SECONDS:
            return found
        fetch, is_mine = self._begin(REFRESH_AGAIN_SECONDS if found else ASK_AGAIN_SECONDS)
        is_over = fetch is None
        # For what another asked only those wait who cannot do anything else: no key is known yet.
        if fetch is not None and (is_mine or self._age() >= STALE_SECONDS):
            is_over = self._wait_for(fetch)
        found = self._known(kid, algorithm)
        if not found and not is_over:
            raise JwksUnavailable(_SORRY, retry_after=WAIT_SECONDS)
        if not found and self._is_failing:
            raise JwksUnavailable(_SORRY, retry_after=ASK_AGAIN_SECONDS)
        return found

    def fetch_ahead(self) -> None:
        """Have the keys fetched, if nobody has yet, without waiting for them."""
        self._begin(ASK_AGAIN_SECONDS)

    def _known(self, kid: str | None, algorithm: str) -> tuple[VerifyingKey, ...]:
        if self._age() >= STALE_SECONDS:
            return ()
        return tuple(
            key
            for key in self._keys
            if key.algorithm == algorithm and (kid is None or key.kid == kid)
        )

    def _age(self) -> float:
        if self._fetched_at is None:
            return float("inf")
        return self._monotonic() - self._fetched_at

    def _begin(self, pause_seconds: float) -> tuple[threading.Event | None, bool]:
        """What tells when the fetch under way is over, and whether it was begun here; null: none
        is, and the last try was less than `pause_seconds` ago."""
        with self._beginning:
            if self._under_way is not None:
                return self._under_way, False
            if self._tried_at is not None and self._monotonic() - self._tried_at < pause_seconds:
                return None, False
            over = threading.Event()
            threading.Thread(target=self._fetch, args=(over,), name="jwks", daemon=True).start()
            self._under_way = over
            return over, True

    def _wait_for(self, fetch: threading.Event) -> bool:
        """Whether it was over in time; False at once where too many wait already."""
        if not self._places.acquire(blocking=False):
            return False
        try:
            return fetch.wait(self._wait_seconds)
        finally:
            self._places.release()

    def _fetch(self, over: threading.Event) -> None:
        """Replace the keys by those at the URL; keep them where it does not tell any."""
        is_failing = True
        try:
            keys = fetch_keys(self._url, total_seconds=self._total_seconds)
            log.info("members.jwks_fetched", extra={"keys": len(keys)})
            self._keys, self._fetched_at = keys, self._monotonic()
            is_failing = False
        except BadKeySet as error:
            log.error("members.jwks_unavailable", extra={"why": str(error)})  # noqa: TRY400
        finally:  # also after a fault of ours, or all would wait for it for ever
            with self._beginning:
                self._is_failing = is_failing
                self._tried_at = self._monotonic()
                self._under_way = None
            over.set()


_SORRY = "The keys that tokens are signed with cannot be looked up right now."
_caches: dict[str, JwksCache] = {}
_making = threading.Lock()


def jwks_at(url: str) -> JwksCache:
    """This process's cache of the keys at `url`."""
    cache = _caches.get(url)
    if cache is None:
        with _making:
            cache = _caches.setdefault(url, JwksCache(url))
    return cache


def fetch_ahead() -> None:
    """For a web process that starts: have the keys there before the first token comes."""
    url = settings.MEMBER_JWT_JWKS_URL
    if url and not objection_to_url(url):
        jwks_at(url).fetch_ahead()


def objection_to_url(url: str) -> str:
    """What is wrong with MEMBER_JWT_JWKS_URL, in one sentence; empty where nothing is."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return "MEMBER_JWT_JWKS_URL is not a URL."
    if parts.scheme not in ("https", "http") or not host:
        return "MEMBER_JWT_JWKS_URL must look like https://id.example.com/.well-known/jwks.json."
    if parts.scheme == "http" and host not in ("localhost", "127.0.0.1", "::1"):
        return "MEMBER_JWT_JWKS_URL is http: whoever is on the way could be any member. Use https."
    return ""


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = POOLS


def fetch_keys(url: str, *, total_seconds: float) -> tuple[VerifyingKey, ...]:
    """The keys at `url` that are good for us, asked for now. Raises: BadKeySet."""
    try:
        return read_keys(_download(url, total_seconds=total_seconds))
    except (requests.RequestException, HTTPError, OSError) as error:
        # Not the error's own words: they may hold the URL, and the URL a secret.
        raise BadKeySet(f"no answer could be had ({type(error).__name__})") from error


def _download(url: str, *, total_seconds: float) -> bytes:
    """The body at `url`. Raises: BadKeySet, requests.RequestException, HTTPError, OSError."""
    with requests.Session() as session, until(time.monotonic() + total_seconds):
        session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        session.mount("https://", _Adapter())
        session.mount("http://", _Adapter())
        with session.get(
            url,
            headers={"Accept": "application/jwk-set+json, application/json"},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            if response.status_code != 200:
                raise BadKeySet(f"it was answered with {response.status_code}")
            body = b""
            for part in response.iter_content(_PART_BYTES):
                body += part
                if len(body) > BODY_BYTES_MAX:
                    raise BadKeySet("the answer is over 256 KiB")
            return body


def read_keys(body: bytes) -> tuple[VerifyingKey, ...]:
    """The keys of a JWKS that can verify RS256 or ES256; others are left out, as RFC 7517 has it.

    Raises: BadKeySet, also for a set without any such key.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise BadKeySet("the answer is not JSON") from None
    told = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(told, list):
        raise BadKeySet('the answer has no list "keys"')
    if len(told) > KEYS_MAX:
        raise BadKeySet(f"the answer has more than {KEYS_MAX} keys")
    keys = tuple(key for key in map(_read_key, told) if key is not None)
    if not keys:
        raise BadKeySet("the answer has no public key for RS256 or ES256")
    return keys


def _read_key(told: Any) -> VerifyingKey | None:
    if not isinstance(told, dict):
        return None
    kid = told.get("kid")
    algorithm = {"RSA": "RS256", "EC": "ES256"}.get(str(told.get("kty")))
    if _PRIVATE_PARTS & told.keys():
        log.error("members.jwks_private_key", extra={"kid": str(kid)[:64]})
        return None
    if algorithm is None or told.get("alg", algorithm) != algorithm:
        return None
    operations = told.get("key_ops", ["verify"])
    if told.get("use", "sig") != "sig" or not isinstance(operations, list):
        return None
    if "verify" not in operations:
        return None
    try:
        key = jwt.PyJWK(told, algorithm=algorithm).key
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, ArithmeticError) as error:
        log.warning(
            "members.jwks_key_unreadable",
            extra={"kid": str(kid)[:64], "why": type(error).__name__},
        )
        return None
    if isinstance(key, RSAPublicKey):
        if not RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
            return None
    elif not isinstance(key, EllipticCurvePublicKey) or key.curve.name != "secp256r1":
        return None
    return VerifyingKey(kid=kid if isinstance(kid, str) else None, algorithm=algorithm, key=key)
