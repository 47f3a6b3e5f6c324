"""A Button on a real socket that misbehaves as the test says, one connection after the other."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

Behaviour = Callable[["Connection"], None]


class Connection:
    """What a behaviour may do with the connection it got."""

    def __init__(self, sock: socket.socket, stopped: threading.Event) -> None:
        self._sock = sock
        self._stopped = stopped

    def read_request(self) -> str:
        received = b""
        while b"\r\n\r\n" not in received:
            part = self._sock.recv(4096)
            if not part:
                break
            received += part
        return received.decode()

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self._sock.sendall(part)

    def drip(self, text: bytes, *, every_seconds: float) -> None:
        """One byte at a time, until all is sent, or nobody listens any more."""
        for byte in text:
            if self._stopped.wait(every_seconds):
                return
            self._sock.sendall(bytes([byte]))

    def say_nothing(self) -> None:
        self._stopped.wait(30)

    def reset(self) -> None:
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()


class SocketServer:
    """`requests` holds what was read of each request, in order of the connections."""

    def __init__(self, behaviours: Sequence[Behaviour]) -> None:
        self.requests: list[str] = []
        self._behaviours = list(behaviours)
        self._stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def stop(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _accept(self) -> None:
        for behaviour in self._behaviours:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(sock, behaviour), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, behaviour: Behaviour) -> None:
        connection = Connection(sock, self._stopped)
        with sock, suppress(OSError):
            self.requests.append(connection.read_request())
            behaviour(connection)


@contextmanager
def serving(*behaviours: Behaviour) -> Iterator[SocketServer]:
    """A server whose first connection gets the first of `behaviours`, and so on."""
    server = SocketServer(behaviours)
    try:
        yield server
    finally:
        server.stop()
