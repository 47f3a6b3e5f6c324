"""The states, against a model of twenty lines; and a death at every statement."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from rewards_site.kernel import clock
from rewards_site.kernel.db import atomic
from rewards_site.notifications.models import Notice
from tests.factories import balances
from tests.members.calling import call
from tests.spending import differences
from tests.transactions.redemptions.asking import approved, ask, body, fund, requested, staff
from transactions.ledger.models import EntryGroup
from transactions.redemptions.models import Redemption, RedemptionStep
from transactions.redemptions.services import Move, cancel_redemption, move_redemptions
from transactions.redemptions.states import NEXT, OPEN, Cause, Status, Verdict, booking, decide

ALLOWED = {
    ("requested", "approved"),
    ("requested", "rejected"),
    ("requested", "cancelled"),
    ("approved", "paid"),
    ("approved", "rejected"),
    ("approved", "failed"),
    ("paid", "failed"),
}
"""As the contract has it."""


def test_every_pair_of_states_is_decided_as_the_contract_says() -> None:
    mine, other = Cause(1, "ref"), Cause(2, "ref")

    for now in Status:
        for to in Status:
            found = decide(now, to, cause=mine, cause_of_now=other)
            assert (found is Verdict.APPLIES) == ((now, to) in ALLOWED)
            again = decide(now, to, cause=mine, cause_of_now=mine)
            assert (again is Verdict.ALREADY) == (now is to)


@given(st.lists(st.sampled_from(list(Status)), max_size=8))
def test_along_any_way_the_money_is_where_the_state_says(wanted: list[Status]) -> None:
    now, where = Status.REQUESTED, {"available": -1, "redeeming": 1, "paid_out": 0}
    for to in wanted:
        if to not in NEXT[now]:
            continue
        booked = booking(now, to)
        if booked is not None:
            where[booked.debit] -= 1
            where[booked.credit] += 1
        now = to
        held, paid = int(now in OPEN), int(now is Status.PAID)
        assert where == {"available": -held - paid, "redeeming": held, "paid_out": paid}


@pytest.mark.django_db
def test_any_moves_of_three_redemptions_agree_with_a_model() -> None:
    """Each example inside a savepoint of its own: a machine cannot ask for a fixture."""

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.savepoint = atomic()
            self.savepoint.__enter__()
            fund(3000)
            self.rows = [requested(500 + number) for number in range(3)]
            self.model = {row.pk: ["requested"] for row in self.rows}

        @rule(
            which=st.sets(st.integers(0, 2), min_size=1),
            to=st.sampled_from([status for status in Status if status != Status.REQUESTED]),
        )
        def move(self, which: set[int], to: Status) -> None:
            actor = staff()
            moves = [Move(redemption_id=self.rows[one].pk, to=to) for one in sorted(which)]
            with atomic():
                done = move_redemptions(moves, actor_id=actor.pk, at=clock.now())
            for one in moves:
                steps = self.model[one.redemption_id]
                is_new = (steps[-1], to.value) in ALLOWED
                moved = done[one.redemption_id]
                assert moved.is_new == is_new
                assert bool(moved.refusal) == (not is_new and steps[-1] != to)
                if is_new:
                    steps.append(to.value)

        @invariant()
        def books_agree(self) -> None:
            where = {"available": 3000, "redeeming": 0, "paid_out": 0}
            for row in self.rows:
                last = self.model[row.pk][-1]
                kind = {"requested": "redeeming", "approved": "redeeming", "paid": "paid_out"}
                if last in kind:
                    where["available"] -= row.amount_minor
                    where[kind[last]] += row.amount_minor
            assert balances() == {kind: minor for kind, minor in where.items() if minor}
            steps = RedemptionStep.objects.order_by("redemption", "number")
            told: dict[int, list[str]] = {}
            for pk, status in steps.values_list("redemption", "status"):
                told.setdefault(pk, []).append(status)
            assert told == self.model

        def teardown(self) -> None:
            found = differences()
            connection.set_rollback(True)
            self.savepoint.__exit__(None, None, None)
            assert found == []

    machine: Any = Machine
    machine.TestCase.settings = settings(max_examples=6, stateful_step_count=6, deadline=None)
    machine.TestCase().runTest()


class KilledError(BaseException):
    """The process ends here."""


def dies_at(number: int) -> Callable[..., Any]:
    """An execute wrapper under which statement `number` is never sent."""
    count = 0

    def wrapper(execute: Callable[..., Any], *arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == number:
            raise KilledError
        return execute(*arguments)

    return wrapper


def killed_everywhere(work: Callable[[], Any]) -> int:
    """Have `work` die at its first statement, its second …, until it comes to its end."""
    for number in range(1, 200):
        try:
            with connection.execute_wrapper(dies_at(number)):
                work()
        except KilledError:
            continue
        return number - 1
    raise AssertionError("it never came to its end")


@pytest.mark.django_db
def test_killed_at_every_statement_nothing_is_half_done_and_all_can_be_done_again() -> None:
    fund(2000)
    actor = staff()

    deaths = killed_everywhere(lambda: ask(body(600), key="key-1"))

    assert deaths >= 10
    assert balances() == {"available": 1400, "redeeming": 600}
    row = Redemption.objects.get()
    killed_everywhere(lambda: approved(row, by=actor))

    def move(to: Status) -> None:
        with atomic():
            move_redemptions([Move(redemption_id=row.pk, to=to)], actor_id=actor.pk, at=clock.now())

    for to, left in ((Status.PAID, {"paid_out": 600}), (Status.FAILED, {})):
        assert killed_everywhere(lambda to=to: move(to)) >= 5  # type: ignore[misc]  # bound now
        assert balances() == {"available": 2000 - sum(left.values())} | left
    statuses = RedemptionStep.objects.order_by("number").values_list("status", flat=True)
    assert list(statuses) == ["requested", "approved", "paid", "failed"]
    assert EntryGroup.objects.filter(cause__startswith="redemption/").count() == 3
    assert differences() == []


@pytest.mark.django_db
def test_each_step_is_told_once_in_the_same_commit_and_in_the_activity() -> None:
    fund(1000)
    row = requested(600)
    for _ in range(2):
        cancel_redemption(redemption_id=row.pk, at=clock.now())

    told = Notice.objects.filter(kind__startswith="redemption.").order_by("pk")
    assert list(told.values_list("kind", flat=True)) == [
        "redemption.requested",
        "redemption.cancelled",
    ]
    items = call("activity/?limit=2").json()["results"]
    assert [(item["kind"], item["available_change"]) for item in items] == [
        ("redemption_returned", 600),
        ("redemption_requested", -600),
    ]
    assert {item["redemption"] for item in items} == {str(row.public_id)}
