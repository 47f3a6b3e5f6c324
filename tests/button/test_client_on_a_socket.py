"""What only a real socket shows: silence, slowness, half an answer, a cut connection."""

import gzip
import json
import os
import threading
from collections.abc import Callable

import pytest

from rewards_site.button.client import ButtonClient, Limits
from rewards_site.button.errors import ButtonError, ButtonUnavailable
from rewards_site.button.schemas import ButtonAccountRecord
from tests.button.client_support import Waits
from tests.button.socket_server import Connection, serving

BODY = json.dumps(
    {
        "meta": {"status": "ok"},
        "objects": [{"id": "acc-1", "name": "", "currency": "USD", "organization": "org-1"}],
    }
).encode()
RECORD = ButtonAccountRecord(account_id="acc-1", name="", currency="USD", organization="org-1")
LIMITS = Limits(connect_seconds=1, read_seconds=0.3, total_seconds=1.2, attempts_max=2)


def head(*, length: int | None = len(BODY), more: bytes = b"") -> bytes:
    told = b"" if length is None else b"Content-Length: %d\r\n" % length
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n" + told + more + b"\r\n"


def client_of(url: str, *, limits: Limits = LIMITS) -> ButtonClient:
    return ButtonClient(api_key="sk-XXX", base_url=url, sleep=Waits(), limits=limits)


def good(connection: Connection) -> None:
    connection.send(head(more=b"Connection: close\r\n"), BODY)


def silent(connection: Connection) -> None:
    connection.say_nothing()


def silent_after_half_a_body(connection: Connection) -> None:
    connection.send(head(), BODY[:40])
    connection.say_nothing()


def cut_in_the_body(connection: Connection) -> None:
    connection.send(head(), BODY[:40])


def cut_in_a_chunk(connection: Connection) -> None:
    connection.send(head(length=None, more=b"Transfer-Encoding: chunked\r\n"))
    connection.send(b"%x\r\n" % len(BODY), BODY[:40])


def cut_without_any_length(connection: Connection) -> None:
    connection.send(head(length=None, more=b"Connection: close\r\n"), BODY[:40])


def reset_before_the_answer(connection: Connection) -> None:
    connection.reset()


def reset_in_the_body(connection: Connection) -> None:
    connection.send(head(), BODY[:40])
    connection.reset()


def closed_at_once(connection: Connection) -> None:
    del connection


def no_http(connection: Connection) -> None:
    connection.send(b"220 smtp.example ESMTP\r\n")


def broken_gzip(connection: Connection) -> None:
    more = b"Content-Encoding: gzip\r\nConnection: close\r\n"
    connection.send(head(length=8, more=more), b"not gzip")


FAULTS = [
    silent,
    silent_after_half_a_body,
    cut_in_the_body,
    cut_in_a_chunk,
    cut_without_any_length,
    reset_before_the_answer,
    reset_in_the_body,
    closed_at_once,
    no_http,
    broken_gzip,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_after_one_fault_the_second_answer_counts(fault: Callable[[Connection], None]) -> None:
    with serving(fault, good) as server:
        page = client_of(server.url).accounts()

    assert page.accounts == [RECORD]
    assert [request.partition("\r\n")[0] for request in server.requests] == [
        "GET /v1/affiliation/accounts HTTP/1.1"
    ] * 2
    assert "Authorization: Basic c2stWFhYOg==" in server.requests[1]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_a_fault_that_stays_is_told_in_words(fault: Callable[[Connection], None]) -> None:
    with serving(fault, fault) as server, pytest.raises(ButtonUnavailable) as error:
        client_of(server.url).accounts()

    assert str(error.value).startswith("Button could not be used (attempts: 2): ")
    assert "127.0.0.1" not in str(error.value)


def drip_the_head(connection: Connection) -> None:
    connection.drip(head() + BODY, every_seconds=0.1)


def drip_the_body(connection: Connection) -> None:
    connection.send(head())
    connection.drip(BODY, every_seconds=0.1)


def drip_chunks(connection: Connection) -> None:
    connection.send(head(length=None, more=b"Transfer-Encoding: chunked\r\n"))
    connection.drip(b"".join(b"1\r\n%c\r\n" % byte for byte in BODY), every_seconds=0.1)


def drip_one_chunk(connection: Connection) -> None:
    connection.send(head(length=None, more=b"Transfer-Encoding: chunked\r\n"))
    connection.send(b"%x\r\n" % len(BODY))
    connection.drip(BODY, every_seconds=0.1)


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "slow", [drip_the_head, drip_the_body, drip_chunks, drip_one_chunk], ids=lambda f: f.__name__
)
def test_a_byte_now_and_then_does_not_outlive_the_deadline(
    slow: Callable[[Connection], None],
) -> None:
    """Each byte is in time for the read time-out; all of them would take ten seconds and more."""
    limits = Limits(read_seconds=10, total_seconds=1)
    with serving(slow, good) as server, pytest.raises(ButtonUnavailable) as error:
        client_of(server.url, limits=limits).accounts()

    assert str(error.value) == (
        "Button could not be used (attempts: 1): no complete answer came in time."
    )
    assert len(server.requests) == 1


def test_a_slow_answer_within_the_deadline_is_good() -> None:
    def slow(connection: Connection) -> None:
        connection.drip(head(more=b"Connection: close\r\n") + BODY, every_seconds=0.001)

    with serving(slow) as server:
        page = client_of(server.url, limits=Limits(attempts_max=1)).accounts()

    assert page.accounts == [RECORD]


def test_nobody_listens() -> None:
    with serving() as server:
        url = server.url

    with pytest.raises(ButtonUnavailable, match=r"the connection failed \(NewConnectionError\)"):
        client_of(url).accounts()


def test_a_connection_is_used_again() -> None:
    def twice(connection: Connection) -> None:
        connection.send(head(), BODY)
        connection.read_request()
        connection.send(head(), BODY)

    with serving(twice) as server:
        assert client_of(server.url).accounts().accounts == [RECORD]
        assert client_of(server.url).accounts().accounts == [RECORD]

    assert len(server.requests) == 1  # connections


def test_a_kept_connection_that_was_closed_meanwhile_costs_nothing() -> None:
    closed = threading.Event()

    def close_later(connection: Connection) -> None:
        connection.send(head(), BODY)
        connection.reset()
        closed.set()

    with serving(close_later, good) as server:
        client = client_of(server.url)
        assert client.accounts().accounts == [RECORD]
        assert closed.wait(5)
        assert client.accounts().accounts == [RECORD]


def test_a_packed_answer_is_unpacked_and_its_unpacked_size_counts() -> None:
    packed = gzip.compress(BODY + b" " * 5_000_000)

    def answer(connection: Connection) -> None:
        connection.send(
            head(length=len(packed), more=b"Content-Encoding: gzip\r\nConnection: close\r\n"),
            packed,
        )

    with serving(answer, answer) as server:
        assert client_of(server.url).accounts().accounts == [RECORD]
        with pytest.raises(ButtonError, match="larger than 1000000 bytes"):
            client_of(server.url, limits=Limits(body_bytes_max=1_000_000)).accounts()


def test_an_endless_answer_is_cut_off() -> None:
    def endless(connection: Connection) -> None:
        connection.send(head(length=None, more=b"Connection: close\r\n"))
        while True:
            connection.send(b"[" * 65536)

    with serving(endless) as server, pytest.raises(ButtonError, match="larger than 1000000 bytes"):
        client_of(server.url, limits=Limits(body_bytes_max=1_000_000)).accounts()


def test_a_proxy_of_the_environment_never_sees_the_key_in_clear(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving(good) as proxy, serving(good) as server:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)

        assert client_of(server.url).accounts().accounts == [RECORD]

    assert (len(server.requests), len(proxy.requests)) == (1, 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_makes_connections_of_its_own() -> None:
    def twice(connection: Connection) -> None:
        connection.send(head(), BODY)
        connection.read_request()
        connection.send(head(), BODY)

    with serving(twice, good) as server:
        assert client_of(server.url).accounts().accounts == [RECORD]
        child = os.fork()
        if child == 0:
            try:
                client_of(server.url).accounts()
            except BaseException:  # whatever it is, no second pytest may go on
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert len(server.requests) == 2  # connections
        assert client_of(server.url).accounts().accounts == [RECORD]
        assert len(server.requests) == 2  # the parent's own was still whole
