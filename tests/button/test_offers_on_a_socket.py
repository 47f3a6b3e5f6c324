"""Offers and links over real sockets: the sandbox with its faults, and a Button that misbehaves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest

from rewards_site.button.errors import OffersRateLimited, OffersUnavailable
from rewards_site.button.identifiers import Shopper
from rewards_site.button.limits import Limits
from rewards_site.button.links import AttributedLink, LinkProblem, LinkProblemKind, LinksClient
from rewards_site.button.offers import OffersClient
from rewards_site.button.sandbox import catalog
from rewards_site.button.sandbox.running import running_sandbox
from rewards_site.button.sandbox.world import DEFAULT_API_KEY
from tests.button.client_support import Waits
from tests.button.sandbox.caller import Caller
from tests.button.socket_server import Connection, serving

pytestmark = pytest.mark.django_db  # only to give the connection back

ANN = Shopper(user_id="u-1")
QUICK = Limits(connect_seconds=1, read_seconds=0.3, total_seconds=1, attempts_max=2)
BODY = json.dumps({"meta": {"status": "ok"}, "object": {"merchant_offers": []}}).encode()
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


@pytest.fixture
def caller() -> Iterator[Caller]:
    with running_sandbox(seed=7, api_keys=(DEFAULT_API_KEY,)) as sandbox:
        yield Caller(sandbox)


def offers_at(url: str, *, limits: Limits = QUICK) -> OffersClient:
    return OffersClient(api_key=DEFAULT_API_KEY, base_url=url, sleep=Waits(), limits=limits)


def test_the_sandbox_is_read_without_a_flag(caller: Caller) -> None:
    answer = offers_at(caller.url).offers_for(ANN)

    assert [one.merchant_id for one in answer.merchants] == [one.id for one in catalog.BRANDS]
    assert answer.flags == ()
    assert any(one.exclusions for one in answer.merchants)
    for merchant in answer.merchants:
        ranks = [one.rank for one in merchant.offers if one.rank is not None]
        assert len(ranks) == len(merchant.offers)
        assert ranks == sorted(ranks)


def test_one_brand_of_the_sandbox(caller: Caller) -> None:
    wanted = catalog.BRANDS[2].id

    answer = offers_at(caller.url).offers_for(ANN, merchant_id=wanted)

    assert [one.merchant_id for one in answer.merchants] == [wanted]
    assert offers_at(caller.url).offers_for(ANN, merchant_id="org-unknown").merchants == ()


def test_the_sandbox_of_2019(caller: Caller) -> None:
    caller.control("api", offers_shape="2019")

    answer = offers_at(caller.url).offers_for(ANN)

    ranks = {one.rank for merchant in answer.merchants for one in merchant.offers}
    assert (len(answer.merchants), ranks, answer.flags) == (len(catalog.BRANDS), {None}, ())


@pytest.mark.parametrize("kind", ["500", "html", "empty", "drop", "cut", "429-bare"])
def test_a_fault_of_the_sandbox_is_survived_once_and_told_twice(caller: Caller, kind: str) -> None:
    client = offers_at(caller.url)
    caller.control("faults", kind=kind, path="/v1/offers")
    assert len(client.offers_for(ANN).merchants) == len(catalog.BRANDS)

    caller.control("faults", kind=kind, path="/v1/offers", count=2)
    with pytest.raises(OffersUnavailable) as error:
        client.offers_for(ANN)
    assert error.value.retry_after == 5
    assert len(client.offers_for(ANN).merchants) == len(catalog.BRANDS)


def test_over_the_sandboxs_limit(caller: Caller) -> None:
    caller.control("api", offers_per_minute=1)
    client = offers_at(caller.url)
    client.offers_for(ANN)

    with pytest.raises(OffersRateLimited):
        client.offers_for(ANN)


def test_a_key_that_is_none(caller: Caller) -> None:
    client = OffersClient(api_key="sk-wrong", base_url=caller.url)

    with pytest.raises(OffersUnavailable) as error:
        client.offers_for(ANN)
    assert error.value.retry_after == 60


def test_links_of_the_sandbox(caller: Caller) -> None:
    client = LinksClient(api_key=DEFAULT_API_KEY, base_url=caller.url, limits=QUICK)

    def create(url: str) -> AttributedLink | LinkProblem:
        return client.create_link(url=url, user="u-1", pub_ref="c-1_~.")

    made = create("https://www.fernhill-outfitters.example/p/1?a=b&c=ü")
    pending = create("https://quayside-cycles.example/")
    nobody = create("https://nobody.example/")

    assert isinstance(made, AttributedLink)
    assert made.merchant_id == catalog.BRANDS[0].id
    query = parse_qs(urlsplit(made.link).query)
    assert (query["btn_pub_user"], query["btn_pub_ref"]) == (["u-1"], ["c-1_~."])
    assert isinstance(pending, LinkProblem)
    assert pending.kind is LinkProblemKind.NOT_APPROVED
    assert isinstance(nobody, LinkProblem)
    assert nobody.kind is LinkProblemKind.NOT_SUPPORTED


def answer(connection: Connection) -> None:
    connection.send(HEAD % len(BODY), BODY)


def test_fifty_calls_share_one_connection() -> None:
    def fifty(connection: Connection) -> None:
        for _ in range(49):
            answer(connection)
            connection.read_request()
        answer(connection)

    with serving(fifty) as server:
        for _ in range(50):
            offers_at(server.url).offers_for(ANN)

    assert len(server.requests) == 1  # connections


def test_offers_and_links_have_connections_of_their_own() -> None:
    with serving(answer, answer) as server:
        offers_at(server.url).offers_for(ANN)
        links = LinksClient(api_key="sk-1", base_url=server.url, limits=QUICK)
        links.create_link(url="https://brand.example/", user="u", pub_ref="r")

        assert [text.split(" ")[1] for text in server.requests] == ["/v1/offers", "/v1/links"]


@pytest.mark.timeout(20)
def test_a_byte_now_and_then_does_not_outlive_the_deadline() -> None:
    def drip(connection: Connection) -> None:
        connection.drip(HEAD % len(BODY) + BODY, every_seconds=0.1)

    limits = Limits(read_seconds=10, total_seconds=1, attempts_max=2)
    with serving(drip, answer) as server, pytest.raises(OffersUnavailable):
        offers_at(server.url, limits=limits).offers_for(ANN)

    assert len(server.requests) == 1


def test_an_endless_answer_is_cut_off() -> None:
    done = threading.Event()

    def endless(connection: Connection) -> None:
        try:
            connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
            while True:
                connection.send(b"[" * 65536)
        finally:
            done.set()

    limits = Limits(body_bytes_max=1_000_000, total_seconds=5, attempts_max=1)
    with serving(endless) as server:
        with pytest.raises(OffersUnavailable):
            offers_at(server.url, limits=limits).offers_for(ANN)
        assert done.wait(5)
