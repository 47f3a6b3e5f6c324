"""Connections lead to what was checked, whatever the resolver says a moment later."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from rewards_site.outward.addresses import NotFoundName, addresses_of, place_of
from rewards_site.outward.sending import Answer, Parcel, send

PUBLIC = "93.184.215.14"


class Net:
    """A resolver and a network of our own, below all of our code: names lead where `leads` says,
    one answer after the other, and connections anywhere but to this machine are refused."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.leads: list[list[str]] = []
        self.asked: list[str] = []
        self.connected_to: list[str] = []
        real_connect = socket.socket.connect

        def resolve(host: str, port: int, *_args: Any, **_more: Any) -> list[Any]:
            self.asked.append(host)
            if not self.leads:
                raise socket.gaierror(socket.EAI_NONAME, "no such name")
            return [
                (
                    socket.AF_INET6 if ":" in text else socket.AF_INET,
                    socket.SOCK_STREAM,
                    6,
                    "",
                    (text, port, 0, 0) if ":" in text else (text, port),
                )
                for text in (self.leads.pop(0) if len(self.leads) > 1 else self.leads[0])
            ]

        def connect(sock: socket.socket, target: Any) -> None:
            self.connected_to.append(target[0])
            if target[0] != "127.0.0.1":
                raise ConnectionRefusedError
            real_connect(sock, target)

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        monkeypatch.setattr(socket.socket, "connect", connect)


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    return Net(monkeypatch)


def sent(url: str, *, allow_private: bool = False) -> Answer:
    return send(
        Parcel(
            url=url,
            body=b"{}",
            headers={},
            allow_private=allow_private,
            give_up_at=time.monotonic() + 60,
        )
    )


def test_a_name_that_leads_elsewhere_a_moment_later_gains_nothing(net: Net) -> None:
    net.leads = [[PUBLIC], ["127.0.0.1"]]

    answer = sent("https://rebind.example/")

    assert net.asked == ["rebind.example"]
    assert net.connected_to == [PUBLIC]
    assert answer.error == "no connection could be made"


def test_all_addresses_of_a_name_must_be_allowed(net: Net) -> None:
    net.leads = [[PUBLIC, "10.0.0.1"]]

    answer = sent("https://mixed.example/")

    assert net.connected_to == []
    assert answer.error == "nothing is sent there: its host leads to a private address"


def test_the_next_address_is_tried_where_one_is_down(net: Net) -> None:
    net.leads = [["2606:4700::1111", PUBLIC]]

    sent("https://two.example/")

    assert net.connected_to == ["2606:4700::1111", PUBLIC]


def test_a_name_that_nobody_knows_is_told(net: Net) -> None:
    assert sent("https://nobody.example/").error == (
        "nothing is sent there: its host cannot be found"
    )
    with pytest.raises(NotFoundName):
        addresses_of(place_of("https://nobody.example/", allow_private=False), allow_private=False)


@contextmanager
def listening(*, dripped: bytes = b"") -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, which answers drop by drop, and what each connection said first."""
    first: list[bytes] = []
    stopped = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError):
            while True:
                sock, _ = listener.accept()
                first.append(sock.recv(65536))
                for byte in dripped:
                    sock.sendall(bytes([byte]))
                    if stopped.wait(0.05):
                        break
                sock.close()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1], first
    finally:
        stopped.set()
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def test_host_and_tls_go_by_the_name_not_by_the_address(net: Net) -> None:
    net.leads = [["127.0.0.1"]]
    with listening() as (port, first):
        plain = sent(f"http://hooks.example:{port}/a", allow_private=True)
        secure = sent(f"https://hooks.example:{port}/a", allow_private=True)

    assert first[0].startswith(b"POST /a HTTP/1.1\r\nHost: hooks.example:")
    assert b"\x00\x00\x0dhooks.example" in first[1]  # server name indication
    assert plain.error == "the connection was lost before an answer came"
    assert secure.error == "no trusted TLS connection could be made"


def test_a_certificate_that_nobody_signed_is_not_trusted(net: Net, tmp_path: Any) -> None:
    net.leads = [["127.0.0.1"]]
    heard: list[str] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    context.sni_callback = lambda _sock, name, _context: heard.append(name)
    listener = socket.create_server(("127.0.0.1", 0))

    def accept() -> None:
        with suppress(OSError), context.wrap_socket(listener, server_side=True) as wrapped:
            wrapped.accept()

    thread = threading.Thread(target=accept, daemon=True)
    port = listener.getsockname()[1]
    thread.start()
    answer = sent(f"https://hooks.example:{port}/", allow_private=True)
    thread.join(5)

    assert heard == ["hooks.example"]
    assert answer.error == "no trusted TLS connection could be made"


def self_signed(directory: Any) -> str:
    """A certificate of hooks.example with its key, in one file."""
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415

    from cryptography import x509  # noqa: PLC0415
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "hooks.example")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    file = directory / "hooks.pem"
    file.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(file)


@pytest.mark.parametrize(
    ("scheme", "dripped"),
    [
        ("https", b"\x16\x03\x03\x40\x00" + bytes(0x4000)),  # a record of the TLS handshake
        ("http", b"HTTP/1.1 200 OK\r\nX-Slow: " + b"a" * 0x4000),
    ],
)
def test_what_drips_ends_in_time(
    net: Net, monkeypatch: pytest.MonkeyPatch, scheme: str, dripped: bytes
) -> None:
    monkeypatch.setattr("rewards_site.outward.sending.SECONDS_MAX", 0.4)
    net.leads = [["127.0.0.1"]]
    with listening(dripped=dripped) as (port, first):
        answer = sent(f"{scheme}://hooks.example:{port}/", allow_private=True)

    assert len(first) == 1
    assert answer.error == "no answer came within 0.4 seconds"
