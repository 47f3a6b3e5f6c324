"""Somebody who decides; and after every test the books are what Button and staff said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User

from tests.spending import differences


@pytest.fixture(autouse=True)
def books_agree() -> Iterator[None]:
    yield
    assert differences() == []


@pytest.fixture
def ops() -> User:
    return User.objects.create(username="ops")
