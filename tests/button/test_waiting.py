"""What a thread holds while Button is waited for: one of a few places, and no database."""

from __future__ import annotations

import threading

import pytest
from django.db import connection

from rewards_site.button.errors import ButtonBusy, OffersUnavailable
from rewards_site.button.identifiers import Shopper
from rewards_site.button.limits import Limits
from rewards_site.button.links import LinkProblem, LinkProblemKind, LinksClient
from rewards_site.button.offers import OffersClient
from rewards_site.button.waiting import CALLS_MAX, waiting_for_button
from rewards_site.kernel.db import atomic
from tests.button.socket_server import Connection, serving
from tests.concurrency.crowd import at_once
from tests.conftest import CommittedDatabase

ANN = Shopper(user_id="u-1")
PATIENT = Limits(connect_seconds=5, read_seconds=20, total_seconds=20, attempts_max=1)


def test_who_comes_when_all_places_are_taken_is_refused_at_once(db: None) -> None:
    with waiting_for_button("tests", calls_max=2), waiting_for_button("tests", calls_max=2):
        with (
            pytest.raises(ButtonBusy) as error,
            waiting_for_button("tests", calls_max=2),
        ):
            pass
        with waiting_for_button("others", calls_max=2):
            pass  # another kind has places of its own
    assert error.value.retry_after == 1

    with waiting_for_button("tests", calls_max=2), waiting_for_button("tests", calls_max=2):
        pass  # they were given back


def test_a_place_is_given_back_after_a_fault(db: None) -> None:
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), waiting_for_button("faults", calls_max=1):
            raise ZeroDivisionError


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

    with serving(*[hold] * CALLS_MAX) as server:
        client = OffersClient(api_key="sk-1", base_url=server.url, limits=PATIENT)

        def ask(number: int) -> object:
            if number < CALLS_MAX:
                return client.offers_for(ANN)
            for _ in range(CALLS_MAX):
                arrived.acquire(timeout=20)
            try:
                return client.offers_for(ANN)
            finally:
                may_answer.set()

        results = at_once(CALLS_MAX + 1, ask)

    refused = results[CALLS_MAX]
    assert isinstance(refused, OffersUnavailable)
    assert refused.retry_after == 1
    assert isinstance(refused.__cause__, ButtonBusy)
    assert len(server.requests) == CALLS_MAX


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
