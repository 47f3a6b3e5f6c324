"""Where events may be sent: an address that staff typed must not lead into our own network.

What a URL says is checked when it is set; which machine its name leads to, each time anything is
sent, and the connection is made to the very addresses that were checked (pinned.py): a name that
leads elsewhere a moment later (DNS rebinding) gains nothing. How an address is spelled does not
matter (`0x7f.1`, `2130706433`, `[::ffff:7f00:1]`): what the resolver makes of it is judged.
"""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import urlsplit

from rewards_site.kernel.errors import ServiceError
from rewards_site.outward.models import URL_LENGTH_MAX

PORTS_FREE_FROM = 1024
"""Below it only those of HTTP: the others belong to other services."""
_PORTS = {"https": 443, "http": 80}
_PLAIN = re.compile(r"[\x21-\x7e]+")


def _networks(*texts: str) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(text) for text in texts)


_OURS = _networks(
    *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "100.64.0.0/10"),
    *("::1/128", "fc00::/7"),
)
"""Private networks and this machine: allowed by OUTWARD_ALLOW_PRIVATE."""
_NEVER = _networks(
    # RFC 6890 and what IANA's registries have added: this network, link-local (and with it the
    # metadata of most clouds), protocol assignments, documentation, 6to4, benchmarks, multicast,
    # reserved
    *("0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24"),
    *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4"),
    *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    # metadata of Alibaba, Azure and AWS that lies outside of these
    *("100.100.100.200/32", "168.63.129.16/32", "fd00:ec2::/32"),
)
_GLOBAL_IPV6 = IPv6Network("2000::/3")
"""All that is handed out to the world; the rest of IPv6 is refused unseen."""
_NAT64 = IPv6Network("64:ff9b::/96")
"""Leads to the IPv4 address in its last 32 bits."""


class NotAllowed(ServiceError):
    """An address that nothing is sent to; the words say why, and name no address of ours."""

    code = "not_allowed"


class NotFoundName(ServiceError):
    """The resolver knows no address of the name."""

    code = "name_not_found"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A URL that was looked at."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One that the resolver gave and that may be connected to, as socket.connect() takes it."""

    family: int
    target: Any


def place_of(url: str, *, allow_private: bool) -> Place:
    """What `url` says, without asking the resolver. Raises: NotAllowed."""
    if len(url) > URL_LENGTH_MAX or _PLAIN.fullmatch(url) is None or "\\" in url:
        raise NotAllowed("it is no web address in plain letters (a host abroad begins with xn--)")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise NotAllowed("it is no web address") from error
    schemes = ("https", "http") if allow_private else ("https",)
    if parts.scheme not in schemes:
        raise NotAllowed(f"it must begin with {' or '.join(f'{name}://' for name in schemes)}")
    if not parts.hostname:
        raise NotAllowed("it names no host")
    if "@" in parts.netloc:
        raise NotAllowed("it must carry no user name or password")
    if parts.fragment:
        raise NotAllowed("what follows # is never sent")
    port = _PORTS[parts.scheme] if port is None else port
    if port not in _PORTS.values() and port < PORTS_FREE_FROM:
        raise NotAllowed(f"its port {port} belongs to another service than HTTP")
    return Place(scheme=parts.scheme, host=parts.hostname, port=port)


def addresses_of(place: Place, *, allow_private: bool) -> list[Address]:
    """All addresses of the name, each of them checked: one that is not allowed refuses them all.

    May wait for the resolver. Raises: NotAllowed, NotFoundName.
    """
    try:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotFoundName("its host cannot be found") from error
    addresses = []
    for family, _kind, _protocol, _name, target in found:
        why = refusal(str(target[0]), allow_private=allow_private)
        if why:
            raise NotAllowed(f"its host leads to {why}")
        addresses.append(Address(family=family, target=target))
    if not addresses:
        raise NotFoundName("its host cannot be found")
    return addresses


def refusal(text: str, *, allow_private: bool) -> str:
    """Why nothing is sent to the address `text`, in words; empty where it may be."""
    try:
        address = _reached(ip_address(text))
    except ValueError:
        return "what is no address"
    if _is_in(address, _NEVER):
        return "a reserved address"
    if _is_in(address, _OURS):
        return "" if allow_private else "a private address"
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6:
        return "a reserved address"
    return ""


def _reached(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv4Address):
        return address
    if address.scope_id:  # fe80::1%eth0: of this link alone
        return IPv6Address("fe80::")
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def _is_in(
    address: IPv4Address | IPv6Address, networks: tuple[IPv4Network | IPv6Network, ...]
) -> bool:
    return any(address.version == each.version and address in each for each in networks)
