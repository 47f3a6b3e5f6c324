"""What finance limits: cooling-off, velocity, a second person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError

from rewards_site.approvals.services import approve, reject
from rewards_site.kernel import clock
from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, Refused
from tests.factories import NOON, balances
from tests.members.calling import problem_of, read
from tests.spending import differences
from tests.transactions.redemptions.asking import approved, ask, body, fund, requested, staff
from transactions.redemptions.approving import approve_redemption
from transactions.redemptions.limiting import Setting, set_limits
from transactions.redemptions.limits import Past, TooFast, Velocity, held_until, too_fast
from transactions.redemptions.models import Redemption, RedemptionLimits
from transactions.redemptions.services import cancel_redemption

OTHER = "GB29 NWBK 6016 1331 9268 19"
DAY = timedelta(days=1)


def limit(currency: str = "USD", **told: int | None) -> RedemptionLimits:
    return set_limits(
        currency=currency,
        setting=Setting(**told),
        actor=staff(),
        reason="We saw odd payouts.",
        at=clock.now(),
    )


def past(*told: tuple[float, int]) -> list[Past]:
    """(days before noon, amount) of each."""
    return [Past(NOON - days * DAY, amount) for days, amount in told]


@pytest.mark.parametrize(
    ("limited", "before", "amount", "until"),
    [
        (Velocity(days=7, count=2, sum_minor=None), past((1, 5)), 5, "goes"),
        (Velocity(days=7, count=2, sum_minor=None), past((1, 5), (2, 5)), 5, NOON + 5 * DAY),
        (Velocity(days=7, count=1, sum_minor=None), past((1, 5), (2, 5)), 5, NOON + 6 * DAY),
        (Velocity(days=7, count=2, sum_minor=None), past((1, 5), (7, 5)), 5, "goes"),
        (Velocity(days=7, count=None, sum_minor=100), past((1, 95)), 5, "goes"),
        (Velocity(days=7, count=None, sum_minor=100), past((1, 60), (3, 36)), 5, NOON + 4 * DAY),
        (Velocity(days=7, count=None, sum_minor=100), past((3, 36), (1, 60)), 41, NOON + 6 * DAY),
        (Velocity(days=7, count=None, sum_minor=100), past(), 101, None),
        (Velocity(days=7, count=2, sum_minor=100), past((1, 1), (2, 99)), 2, NOON + 5 * DAY),
    ],
)
def test_velocity_and_when_it_can_go_again(
    limited: Velocity, before: list[Past], amount: int, until: Any
) -> None:
    found = too_fast(limited, before, amount_minor=amount, at=NOON)

    assert found == (None if until == "goes" else TooFast(until))
    if found is not None and found.until is not None:
        later: dict[str, Any] = {"amount_minor": amount, "at": found.until}
        assert too_fast(limited, before, **later) is None
        a_moment_before = later | {"at": found.until - timedelta(microseconds=1)}
        assert too_fast(limited, before, **a_moment_before) == found


@pytest.mark.parametrize(
    ("uses", "named", "hours", "until"),
    [
        ([], ["b"], 24, None),
        ([("a", NOON - 9 * DAY)], ["a"], 24, None),
        ([("a", NOON - 9 * DAY)], ["b"], 24, NOON + DAY),
        ([("a", NOON - 9 * DAY)], ["b"], 0, None),
        ([("a", NOON - 9 * DAY), ("b", NOON - DAY / 2)], ["b"], 24, NOON + DAY / 2),
        ([("a", NOON - 9 * DAY), ("b", NOON - DAY)], ["b"], 24, None),
        ([("a", NOON - 9 * DAY), ("b", NOON - 2 * DAY)], ["a"], 72, None),
        ([("a", NOON - 9 * DAY)], ["new key's a", "a"], 24, None),
    ],
)
def test_how_long_a_destination_is_too_new(
    uses: Any, named: list[str], hours: int, until: Any
) -> None:
    assert held_until(uses, named, hours=hours, at=NOON) == until


@pytest.mark.django_db
def test_a_new_destination_is_held_and_the_member_sees_how_long() -> None:
    limit(cooling_off_hours=48)
    fund(5000)

    first = ask(body(500)).json()
    changed = ask(body(500, destination=OTHER)).json()
    again = ask(body(500, destination=OTHER.replace(" ", "").lower())).json()
    old = ask(body(500)).json()

    assert (first["held_until"], old["held_until"]) == (None, None)
    held = Redemption.objects.get(public_id=changed["id"])
    assert held.held_until is not None
    left = held.held_until - clock.now()
    assert timedelta(hours=47, minutes=59) < left <= timedelta(hours=48)
    second = Redemption.objects.get(public_id=again["id"]).held_until
    assert second is not None
    assert abs(second - held.held_until) < timedelta(seconds=5)
    assert read(f"redemptions/{changed['id']}/")["held_until"] == changed["held_until"]
    with pytest.raises(Conflict) as refusal:
        approved(held)
    assert str(refusal.value) == (
        f"Its destination is new: it can be approved from {wire_text(held.held_until)} on."
    )
    later = approve_redemption(
        redemption_id=held.pk, actor=staff(), reason="Waited.", at=held.held_until
    )
    assert later.moved is not None
    assert later.moved.status == "approved"


@pytest.mark.django_db
def test_too_often_is_refused_until_a_time_and_says_nothing_of_the_limit() -> None:
    limit(member_days=7, member_count=2)
    fund(5000)
    first, _second = requested(500), requested(500)

    problem = problem_of(ask(body(500)), status=422)

    assert problem["type"] == "/problems/too-soon"
    until = wire_text(first.requested_at + timedelta(days=7))
    assert problem["detail"] == (
        f"Too much was redeemed in a short time. This can be asked for again from {until} on."
    )
    assert balances() == {"available": 4000, "redeeming": 1000}
    cancel_redemption(redemption_id=first.pk, at=clock.now())
    assert ask(body(500)).status_code == 201


@pytest.mark.django_db
def test_a_destination_is_counted_over_all_members_who_name_it() -> None:
    limit(destination_days=7, destination_sum_minor=1200)
    for name in ("u-1", "u-2", "u-3"):
        fund(2000, customer_id=name)
    requested(600, customer_id="u-1")
    requested(600, customer_id="u-2", destination="de89370400440532013000")

    assert problem_of(ask(body(500), customer_id="u-3"), status=422)["type"].endswith("too-soon")
    too_much = problem_of(ask(body(1201, destination=OTHER), customer_id="u-3"), status=422)
    assert too_much["detail"] == "This is more than can be redeemed at once. Ask for less."
    assert ask(body(1200, destination=OTHER), customer_id="u-3").status_code == 201


@pytest.mark.django_db
def test_limits_are_of_one_currency() -> None:
    limit(member_days=7, member_count=1)
    fund(2000)
    fund(2000, currency="EUR")
    requested(500)

    assert ask(body(500, currency="EUR")).status_code == 201


def approver(name: str) -> User:
    user = staff(name)
    codenames = ["approve_redemption", "decide_proposal"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


@pytest.mark.django_db
def test_above_the_limit_one_person_proposes_and_another_approves() -> None:
    limit(second_person_minor=1000)
    fund(5000)
    small, large = requested(1000), requested(1001)
    one, other = approver("one"), approver("other")
    told: dict[str, Any] = {"reason": "Known for years.", "at": clock.now()}

    assert approve_redemption(redemption_id=small.pk, actor=one, **told).moved is not None
    first, again = (
        approve_redemption(redemption_id=large.pk, actor=one, **told).proposal for _ in range(2)
    )

    assert first is not None
    assert first == again
    assert first.summary == f"Approve redemption {large.public_id}: 10.01 USD by manual"
    assert Redemption.objects.get(pk=large.pk).status == "requested"
    with pytest.raises(Refused, match="You proposed it yourself"):
        approve(proposal_id=first.pk, actor=one, **told)
    approve(proposal_id=first.pk, actor=other, **told)
    step = large.steps.get(number=2)
    assert (step.status, step.actor, step.approver) == ("approved", one, other)
    assert differences() == []


@pytest.mark.django_db
def test_a_proposal_of_what_one_person_approved_since_is_nobodys_approval() -> None:
    limit(second_person_minor=0)
    fund(5000)
    row = requested(600)
    told: dict[str, Any] = {"reason": "Known.", "at": clock.now()}
    one = approver("one")
    proposal = approve_redemption(redemption_id=row.pk, actor=one, **told).proposal
    assert proposal is not None
    limit()
    approve_redemption(redemption_id=row.pk, actor=one, **told)

    with pytest.raises(Conflict, match="approved already, by one person"):
        approve(proposal_id=proposal.pk, actor=approver("other"), **told)

    assert row.steps.get(number=2).approver is None
    assert differences() == []


@pytest.mark.django_db
def test_a_proposal_of_what_was_cancelled_since_cannot_be_carried_out() -> None:
    limit(second_person_minor=0)
    fund(5000)
    row = requested(600)
    told: dict[str, Any] = {"reason": "Known.", "at": clock.now()}
    proposal = approve_redemption(redemption_id=row.pk, actor=approver("one"), **told).proposal
    assert proposal is not None
    cancel_redemption(redemption_id=row.pk, at=clock.now())

    with pytest.raises(Conflict, match="It is cancelled: it cannot become approved"):
        approve(proposal_id=proposal.pk, actor=approver("other"), **told)
    assert reject(proposal_id=proposal.pk, actor=approver("other"), **told).status == "rejected"
    assert balances() == {"available": 5000}


@pytest.mark.django_db
def test_each_setting_stays_on_record_and_the_last_holds() -> None:
    limit(member_days=7, member_count=1)
    with pytest.raises(Conflict, match="The limits of USD are so already"):
        limit(member_days=7, member_count=1)
    limit()

    rows = RedemptionLimits.objects.order_by("number")
    assert [(row.number, row.member_count) for row in rows] == [(1, 1), (2, None)]
    fund(2000)
    requested(500)
    assert ask(body(500)).status_code == 201
    with pytest.raises(IntegrityError, match="append-only"), atomic():
        rows.update(member_count=9)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"member_days": 7}, "member_days"),
        ({"destination_count": 7}, "destination_days"),
        ({"cooling_off_hours": 0}, "cooling_off_hours"),
        ({"member_days": 0, "member_count": 1}, "member_days"),
        ({"second_person_minor": -1}, "second_person_minor"),
        ({"currency": "usd"}, "currency"),
    ],
)
def test_limits_that_make_no_sense_are_refused(told: Any, field: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        limit(**told)

    assert list(refusal.value.fields) == [field]
    assert not RedemptionLimits.objects.exists()
