"""Connections to addresses that were checked, ended when their time is over.

Only where the socket leads to is decided here. The name stays what it was for `Host`, and for TLS
(server name indication and the certificate), which requests and urllib3 do as ever.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import partial

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from rewards_site.outward.addresses import Address

CONNECT_SECONDS_MAX = 5.0


@dataclass(slots=True)
class _Pin:
    addresses: Sequence[Address]
    deadline: float
    """Of time.monotonic()."""
    guards: list[socket.socket] = field(default_factory=list)


_pin: ContextVar[_Pin] = ContextVar("outward_pin")


@contextmanager
def pinned(addresses: Sequence[Address], *, seconds_max: float) -> Iterator[None]:
    """Connections that this thread makes inside lead to `addresses`, and end after `seconds_max`.

    A socket's own time-out begins anew with each byte that is read. So a timer shuts the socket,
    whatever is being done with it.
    """
    pin = _Pin(addresses=addresses, deadline=time.monotonic() + seconds_max)
    timer = threading.Timer(seconds_max, partial(_shut, pin))
    timer.daemon = True
    timer.start()
    token = _pin.set(pin)
    try:
        yield
    finally:
        _pin.reset(token)
        timer.cancel()
        for guard in pin.guards:
            guard.close()


def _shut(pin: _Pin) -> None:
    for guard in list(pin.guards):
        with suppress(OSError):
            guard.shutdown(socket.SHUT_RDWR)


def _connected() -> socket.socket:
    """A socket to the first of the addresses that takes the connection. Raises: OSError."""
    pin = _pin.get()
    error: OSError = TimeoutError("no time was left")
    for address in pin.addresses:
        left_seconds = pin.deadline - time.monotonic()
        if left_seconds <= 0:
            break
        sock = socket.socket(address.family, socket.SOCK_STREAM)
        try:
            sock.settimeout(min(CONNECT_SECONDS_MAX, left_seconds))
            sock.connect(address.target)
        except OSError as failure:
            sock.close()
            error = failure
            continue
        pin.guards.append(sock.dup())  # of the same connection: TLS takes the first one over
        return sock
    raise error


def _new_conn(connection: HTTPConnection) -> socket.socket:
    try:
        return _connected()
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, "no connection was made in time") from error
    except OSError as error:
        raise NewConnectionError(connection, "no connection could be made") from error


class _HttpConnection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _new_conn(self)


class _HttpsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _new_conn(self)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _HttpConnection


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _HttpsConnection


POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _HttpPool, "https": _HttpsPool}
"""For `pool_classes_by_scheme` of a urllib3 pool manager."""
