"""Where requests may go. The API key goes with each, so to no host but the configured one."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, parse_qs, urlsplit

from rewards_site.button.errors import ButtonError, ButtonMisconfigured

_PORTS = {"https": 443, "http": 80}
_EXAMPLES = {
    "BUTTON_API_URL": "https://api.usebutton.com",
    "BUTTON_OFFERS_URL": "https://pubapi.usebutton.com",
}
_ODD = re.compile(r"[\x00-\x20\x7f\\]")
"""Characters about which two URL parsers may differ."""


def checked_base_url(url: str, *, setting: str = "BUTTON_API_URL") -> str:
    """`url` without a last slash. Raises: ButtonMisconfigured, with what to do about `setting`."""
    try:
        parts = urlsplit(url)
        origin = _origin(parts)
    except ValueError:
        raise ButtonMisconfigured(f"{setting} is not a URL.") from None
    if _ODD.search(url) or origin is None or parts.query or parts.fragment:
        raise ButtonMisconfigured(f"{setting} must look like {_EXAMPLES[setting]}.")
    if "@" in parts.netloc:
        raise ButtonMisconfigured(
            f"{setting} must not hold a user name: the key belongs into BUTTON_API_KEY."
        )
    if parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
        raise ButtonMisconfigured(
            f"{setting} is http, so the API key would travel in clear to {parts.hostname}: "
            "use https. Only a sandbox on this machine may be http."
        )
    return url.rstrip("/")


def has_cursor(url: str) -> bool:
    """Whether `meta.next` names a page at all: all of Button's clients end at a URL without cursor.

    True for what cannot be split: that is no end, and `next_address` refuses it.
    """
    try:
        return bool(parse_qs(urlsplit(url).query, errors="replace").get("cursor"))
    except ValueError:
        return True


def next_address(told: str, *, base_url: str) -> str:
    """The page that `told` names, if on `base_url`'s own scheme, host and port.

    Raises: ButtonError when it leads elsewhere.
    """
    base = urlsplit(base_url)
    try:
        parts = urlsplit(told)
        is_elsewhere = _origin(parts) != _origin(base)
    except ValueError:
        is_elsewhere = True
    if is_elsewhere or "@" in parts.netloc or _ODD.search(told):
        raise ButtonError(
            f"Button named a next page that is not on {base.scheme}://{base.netloc}; "
            "it was not followed."
        )
    # Put together anew on our own host: no other reading of the URL can lead elsewhere.
    return f"{base.scheme}://{base.netloc}{parts.path or '/'}?{parts.query}"


def _origin(parts: SplitResult) -> tuple[str, str, int] | None:
    """Scheme, host and port, the default port filled in. Raises: ValueError for a bad port."""
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname.rstrip("."), parts.port or _PORTS[parts.scheme]


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
