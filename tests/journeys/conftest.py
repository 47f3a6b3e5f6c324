"""The whole product in processes of its own, against a Button on a socket."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import CommittedDatabase
from tests.journeys.button import Button, served
from tests.journeys.processes import API_KEY, Product
from tests.life_cycles import Story

Begin = Callable[..., tuple[Product, Button]]


@pytest.fixture
def begin(committed_db: CommittedDatabase, tmp_path: Path) -> Iterator[Begin]:
    """Puts a Button with these stories on a socket, and the product beside it, not started yet."""
    with ExitStack() as stack:

        def start(
            told: list[Story], *, at: datetime, page_rows_max: int = 500
        ) -> tuple[Product, Button]:
            button = Button(told, at=at, api_key=API_KEY, page_rows_max=page_rows_max)
            stack.enter_context(served(button))
            product = Product(database_url=committed_db.url, button_url=button.url, home=tmp_path)
            stack.callback(product.end)
            stack.callback(lambda: print(product.logs()))
            return product, button

        yield start
