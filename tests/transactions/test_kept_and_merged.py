"""What a member keeps of an order that was moved on, through merges and further moves."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict
from rewards_site.members.services import ensure_members
from tests.factories import NOON, balances, observe, tell
from tests.spending import differences, pay_out
from transactions.attribution import move_order
from transactions.merging.joining import merge_members
from transactions.models import Transaction
from transactions.moving import Actors
from transactions.opening.importing import Importer, import_sheet
from transactions.opening.reading import read_sheet

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _one_person_may_move(settings: Settings) -> None:
    settings.MOVE_APPROVAL_LIMITS = {"USD": 10**9}


def move(customer_id: str) -> None:
    actor, _ = User.objects.get_or_create(username="ann")
    move_order(
        transaction_id=Transaction.objects.get().pk,
        customer_id=customer_id,
        actor=actor,
        reason="theirs",
        at=NOON,
    )


def merge(source: str, target: str) -> None:
    ann, _ = User.objects.get_or_create(username="ann")
    bob, _ = User.objects.get_or_create(username="bob")
    ids = ensure_members({source, target}, at=NOON)
    with atomic():
        merge_members(
            ids[source],
            ids[target],
            actors=Actors(actor_id=ann.pk, approver_id=bob.pk, reason="one person"),
            at=NOON,
        )


def earn_500_and_spend_300() -> None:
    tell(observe(status="validated", amount_minor=1000, publisher_customer_id="A"))
    pay_out("A", 300)


@pytest.mark.parametrize("steps", [["B"], ["X", "B"]], ids=["one merge", "two merges"])
def test_what_a_person_spent_of_an_order_is_not_given_to_them_again(steps: list[str]) -> None:
    earn_500_and_spend_300()
    move("Y")
    for source, target in zip(["A", *steps], steps, strict=False):
        merge(source, target)
    before = balances("B").get("available", 0)

    move("B")

    assert balances("B")["available"] - before == 200
    assert differences() == []


def test_an_order_that_came_back_by_a_merge_can_be_moved_on() -> None:
    earn_500_and_spend_300()
    move("B")
    merge("A", "B")
    pay_out("B", balances("B")["available"] - 100)

    move("C")

    assert balances("C") == {"available": 500}
    assert "available" not in balances("B")
    assert differences() == []


def test_the_same_file_under_another_name_is_not_booked_a_second_time() -> None:
    text = b"customer_id,currency,available\nA,USD,1000\n"

    def load(name: str) -> None:
        sheet = read_sheet(text, may_be_pending=False)
        import_sheet(sheet, name=name, file_name="f.csv", by=Importer(imported_by="x"), at=NOON)

    load("cutover")
    with pytest.raises(Conflict, match="imported as «cutover»"):
        load("cut-over")
    load("cutover")

    assert balances("A") == {"available": 1000}
