"""What fails inside leaves nothing behind, and the transaction around it goes on."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from rewards_site.kernel.db import atomic, undone_on_error
from rewards_site.members.models import Member
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def make(customer_id: str) -> None:
    Member.objects.create(customer_id=customer_id, created_at=NOON)


def names() -> list[str]:
    return sorted(Member.objects.values_list("customer_id", flat=True))


def test_the_caller_goes_on_after_the_database_refused_something_inside() -> None:
    with atomic():
        make("ann")
        with pytest.raises(IntegrityError), undone_on_error():
            make("bob")
            make("ann")
        make("cem")

    assert names() == ["ann", "cem"]


def test_any_error_undoes_what_was_done_inside() -> None:
    with atomic():
        make("ann")
        with pytest.raises(KeyError), undone_on_error():
            make("bob")
            raise KeyError

    assert names() == ["ann"]


def test_one_in_the_other() -> None:
    with atomic():
        with undone_on_error():
            make("ann")
            with pytest.raises(IntegrityError), undone_on_error():
                make("ann")
        make("bob")

    assert names() == ["ann", "bob"]
