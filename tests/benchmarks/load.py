"""Clients over keep-alive connections, each as fast as it is answered."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import BinaryIO

Make = Callable[[], bytes]
"""Makes the bytes of one whole request. Called from one thread per client."""


@dataclass
class Load:
    """What `client_count` clients were answered in `seconds`."""

    answered: int = 0
    seconds: float = 0.0
    wrong: list[bytes] = field(default_factory=list)

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A whole POST request."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += ["Content-Type: application/json", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(path: str, headers: dict[str, str]) -> bytes:
    """A whole GET request."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def press(port: int, make: Make, *, client_count: int, seconds: float, expected: bytes) -> Load:
    """Send requests for `seconds`. Raises: SystemExit if an answer lacks `expected`."""
    load = Load()
    lock = threading.Lock()
    gate = threading.Barrier(client_count + 1)
    until = [0.0]

    def client() -> None:
        count, wrong = 0, []
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            reader = connection.makefile("rb")
            gate.wait()
            while time.monotonic() < until[0]:
                connection.sendall(make())
                answer = read_answer(reader)
                count += 1
                if expected not in answer:
                    wrong.append(answer)
                    break
        with lock:
            load.answered += count
            load.wrong += wrong

    threads = [threading.Thread(target=client) for _ in range(client_count)]
    for thread in threads:
        thread.start()
    started = time.monotonic()
    until[0] = started + seconds
    gate.wait()
    for thread in threads:
        thread.join()
    load.seconds = time.monotonic() - started
    if load.wrong:
        raise SystemExit(f"A wrong answer: {load.wrong[0][:500]!r}")
    return load


def read_answer(reader: BinaryIO) -> bytes:
    """Status line, headers and body of one answer, of a told length or in chunks."""
    head, length, is_chunked = b"", 0, False
    while line := reader.readline():
        head += line
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        elif name.lower() == b"transfer-encoding":
            is_chunked = b"chunked" in value.lower()
        elif line == b"\r\n":
            break
    if not is_chunked:
        return head + reader.read(length)
    while size := int(reader.readline(), 16):
        head += reader.read(size)
        reader.readline()
    reader.readline()
    return head
