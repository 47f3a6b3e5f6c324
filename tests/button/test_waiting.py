"""What a thread holds while Button is waited for: one of a few places, and no database."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from django.db import connection
from pytest_django import Settings

from rewards_site.button.errors import ButtonBusy, OffersUnavailable
from rewards_site.button.identifiers import Shopper
from rewards_site.button.limits import Limits
from rewards_site.button.links import LinkProblem, LinkProblemKind, LinksClient
from rewards_site.button.offers import OffersClient
from rewards_site.button.waiting import places_count, waiting_for_button
from rewards_site.kernel.db import atomic
from tests.button.socket_server import Connection, serving
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase

ANN = Shopper(user_id="u-1")
PLACES = 32
PATIENT = Limits(connect_seconds=5, read_seconds=20, total_seconds=20, attempts_max=1)


@contextmanager
def taken(count: int) -> Iterator[None]:
    """So many other threads have a place each."""
    have_it, may_go = threading.Barrier(count + 1), threading.Event()

    def wait() -> None:
        with waiting_for_button():
            have_it.wait(20)
            may_go.wait(20)

    threads = [threading.Thread(target=wait) for _ in range(count)]
    for thread in threads:
        thread.start()
    have_it.wait(20)
    try:
        yield
    finally:
        may_go.set()
        for thread in threads:
            thread.join()


def test_half_of_the_threads_may_wait_and_one_of_one(settings: Settings) -> None:
    assert places_count() == 32  # as `serve` is started, and where nobody says
    for threads, places in ((64, 32), (7, 3), (2, 1), (1, 1)):
        settings.WEB_THREADS = threads
        assert places_count() == places


def test_who_comes_when_all_places_are_taken_is_refused_at_once(
    db: None, settings: Settings
) -> None:
    settings.WEB_THREADS = 4
    with taken(2), pytest.raises(ButtonBusy) as error, waiting_for_button():
        pass
    assert error.value.retry_after == 1

    with taken(1), waiting_for_button():
        pass  # they were given back


def test_a_thread_that_has_a_place_takes_no_other(db: None, settings: Settings) -> None:
    settings.WEB_THREADS = 2
    with waiting_for_button():
        with waiting_for_button():
            pass
        with ThreadPoolExecutor(1) as pool, pytest.raises(ButtonBusy):  # it is still taken
            pool.submit(waiting_for_button().__enter__).result()


def test_a_place_is_given_back_after_a_fault(db: None, settings: Settings) -> None:
    settings.WEB_THREADS = 2
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), waiting_for_button():
            raise ZeroDivisionError


@pytest.mark.timeout(60)
def test_links_and_offers_share_the_places(
    committed_db: CommittedDatabase, settings: Settings
) -> None:
    """Whatever waits for Button, half of the threads are left to webhooks."""
    settings.WEB_THREADS = 4
    with serving() as server, taken(2):
        offers = OffersClient(api_key="sk-1", base_url=server.url, limits=PATIENT)
        links = LinksClient(api_key="sk-1", base_url=server.url, limits=PATIENT)
        with pytest.raises(OffersUnavailable) as error:
            offers.offers_for(ANN)
        told = links.create_link(url="https://brand.example/", user="u", pub_ref="r")

    assert isinstance(error.value.__cause__, ButtonBusy)
    assert isinstance(told, LinkProblem)
    assert told.kind is LinkProblemKind.UNAVAILABLE
    assert server.requests == []


@pytest.mark.timeout(60)
def test_offers_beyond_the_places_are_refused_at_once(
    committed_db: CommittedDatabase,
) -> None:
    """Every place is taken by a Button that says nothing; the next member hears so at once."""
    may_answer = threading.Event()
    arrived = threading.Semaphore(0)

    def hold(connection: Connection) -> None:
        arrived.release()
        may_answer.wait(20)
        connection.reset()

    with serving(*[hold] * PLACES) as server:
        client = OffersClient(api_key="sk-1", base_url=server.url, limits=PATIENT)

        def ask(number: int) -> object:
            if number < PLACES:
                return client.offers_for(ANN)
            for _ in range(PLACES):
                arrived.acquire(timeout=20)
            try:
                return client.offers_for(ANN)
            finally:
                may_answer.set()

        results = at_once(PLACES + 1, ask)

    refused = results[PLACES]
    assert isinstance(refused, OffersUnavailable)
    assert refused.retry_after == 1
    assert isinstance(refused.__cause__, ButtonBusy)
    assert len(server.requests) == PLACES


def test_no_connection_is_held_meanwhile(committed_db: CommittedDatabase) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    held: list[bool] = []

    client = OffersClient(
        api_key="sk-1",
        base_url="http://127.0.0.1:9",
        limits=PATIENT,
        before_each=lambda: held.append(connection.connection is not None),
    )
    with pytest.raises(OffersUnavailable):
        client.offers_for(ANN)

    assert held == [connection.vendor != "postgresql"]  # SQLite has none to spare
    with connection.cursor() as cursor:
        cursor.execute("SELECT 2")  # taken again by itself


def test_never_inside_a_transaction(committed_db: CommittedDatabase) -> None:
    links = LinksClient(api_key="sk-1", base_url="http://127.0.0.1:9", limits=PATIENT)

    with pytest.raises(AssertionError, match="never asked inside a database"), atomic():
        links.create_link(url="https://brand.example/", user="u", pub_ref="r")

    told = links.create_link(url="https://brand.example/", user="u", pub_ref="r")
    assert isinstance(told, LinkProblem)
    assert told.kind is LinkProblemKind.UNAVAILABLE
