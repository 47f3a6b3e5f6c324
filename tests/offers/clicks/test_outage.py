"""A tap holds nothing while Button answers, and gives nothing away that is not recorded."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from django.db import connection
from responses import RequestsMock

from offers.clicks import offer_token
from offers.clicks.models import Click
from rewards_site.kernel.db import in_transaction
from tests.conftest import CommittedDatabase
from tests.members.calling import call, problem_of
from tests.offers.brands import listed, read_catalog, wire_brand
from tests.offers.clicks.tapping import shown_to

LINKS = "https://api.usebutton.com/v1/links"
LINK = "https://r.bttn.io?btn_ref=org-1"
ANSWER = {"meta": {"status": "ok"}, "object": {"links": {"universal": LINK}}}


def tap() -> Any:
    text = offer_token.seal(shown_to(at=datetime.now(tz=UTC)))
    connection.close()
    return call("clicks/", method="POST", body={"offer_token": text})


@pytest.fixture
def catalogue(committed_db: CommittedDatabase, button: RequestsMock) -> None:
    listed(button, wire_brand())
    read_catalog()


def test_nothing_of_the_database_is_held_while_button_answers(
    catalogue: None, button: RequestsMock
) -> None:
    held: list[tuple[bool, bool, int]] = []

    def answer(_request: object) -> tuple[int, dict[str, str], str]:
        is_open = connection.connection is not None and connection.vendor == "postgresql"
        held.append((in_transaction(), is_open, Click.objects.count()))
        return 200, {"Content-Type": "application/json"}, json.dumps(ANSWER)

    button.add_callback("POST", LINKS, callback=answer)

    assert tap().json()["link"] == LINK
    assert held == [(False, False, 0)]
    assert Click.objects.count() == 1


@pytest.mark.postgres
def test_a_click_that_cannot_be_recorded_gives_no_link(
    catalogue: None, committed_db: CommittedDatabase, button: RequestsMock
) -> None:
    button.post(LINKS, json=ANSWER)
    with psycopg.connect(committed_db.url) as other:
        other.execute("LOCK TABLE clicks_click")
        answer = tap()

    problem_of(answer, status=503)
    assert answer.headers["Retry-After"] == "5"
    assert LINK not in answer.content.decode()
    assert not Click.objects.exists()
