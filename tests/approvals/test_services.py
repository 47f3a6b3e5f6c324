"""Two people: one proposes, another decides. What is carried out is registered by rooms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import DatabaseError, IntegrityError

from rewards_site.approvals import registry, services
from rewards_site.approvals.models import Proposal, ProposalStatus
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, InvalidInput, NotFound, Refused
from tests.admin_world import make_staff
from tests.factories import NOON

pytestmark = pytest.mark.django_db

DONE: list[tuple[Mapping[str, Any], str, str, str]] = []


def carry_out(
    payload: Mapping[str, Any], *, proposed_by: User, approved_by: User, reason: str, at: object
) -> str:
    if payload.get("is_impossible"):
        raise Conflict("It cannot be done any more.")
    DONE.append((payload, proposed_by.username, approved_by.username, reason))
    return "Painted."


@pytest.fixture(autouse=True)
def _kind() -> Iterator[None]:
    DONE.clear()
    registry.register(
        "paint",
        label="paint something",
        permission="transactions.attribute_transaction",
        execute=carry_out,
    )
    yield
    registry.unregister("paint")


def someone(name: str, *codenames: str) -> User:
    user = make_staff(username=name)
    for codename in codenames or ("attribute_transaction",):
        user.user_permissions.add(Permission.objects.get(codename=codename))
    return User.objects.get(pk=user.pk)


def proposed(actor: User, *, subject: str = "door", **payload: Any) -> Proposal:
    return services.propose(
        kind="paint",
        subject=subject,
        payload=payload or {"colour": 7},
        summary="Paint the door",
        actor=actor,
        reason="It is grey",
        at=NOON,
    )


def test_what_one_person_proposes_another_approves_and_then_it_is_done() -> None:
    ann, bob = someone("ann"), someone("bob")
    row = proposed(ann)
    assert DONE == []

    done = services.approve(proposal_id=row.pk, actor=bob, reason="Agreed", at=NOON)

    assert (done.status, done.result, done.decided_by) == ("approved", "Painted.", bob)
    assert DONE == [({"colour": 7}, "ann", "bob", "It is grey / approved: Agreed")]


def test_nobody_approves_or_rejects_their_own_proposal_superusers_included() -> None:
    root = User.objects.create_superuser("root")
    row = proposed(root)

    for decide in (services.approve, services.reject):
        with pytest.raises(Refused, match="another person"):
            decide(proposal_id=row.pk, actor=root, reason="Mine", at=NOON)

    assert DONE == []
    assert Proposal.objects.get().status == ProposalStatus.OPEN


def test_the_database_itself_refuses_an_approval_by_the_proposer() -> None:
    ann = someone("ann")
    row = proposed(ann)

    with pytest.raises(IntegrityError, match="proposal_decided_by_another_person"), atomic():
        Proposal.objects.filter(pk=row.pk).update(
            status=ProposalStatus.APPROVED, decided_by=ann, decided_at=NOON
        )


def test_what_was_proposed_cannot_be_changed_or_deleted_by_sql() -> None:
    row = proposed(someone("ann"))

    with pytest.raises(DatabaseError, match="append-only"), atomic():
        Proposal.objects.filter(pk=row.pk).update(payload={"colour": 8})
    with pytest.raises(DatabaseError, match="append-only"), atomic():
        Proposal.objects.filter(pk=row.pk)._raw_delete("default")


def test_approving_twice_does_it_once() -> None:
    ann, bob = someone("ann"), someone("bob")
    row = proposed(ann)

    for _ in range(2):
        services.approve(proposal_id=row.pk, actor=bob, reason="Agreed", at=NOON)

    assert len(DONE) == 1
    with pytest.raises(Conflict, match="approved already"):
        services.approve(proposal_id=row.pk, actor=someone("cid"), reason="Me too", at=NOON)


def test_an_approval_that_cannot_be_carried_out_decides_nothing() -> None:
    row = proposed(someone("ann"), is_impossible=True)

    with pytest.raises(Conflict, match="any more"):
        services.approve(proposal_id=row.pk, actor=someone("bob"), reason="Agreed", at=NOON)

    row.refresh_from_db()
    assert (row.status, row.decided_by, row.result) == ("open", None, "")


def test_who_approves_needs_the_permission_of_the_kind() -> None:
    row = proposed(someone("ann"))
    guest = someone("guest", "view_member")

    with pytest.raises(Refused, match="paint something"):
        services.approve(proposal_id=row.pk, actor=guest, reason="Agreed", at=NOON)

    assert DONE == []


def test_of_one_subject_one_proposal_is_open_and_the_same_again_is_the_same() -> None:
    ann, bob = someone("ann"), someone("bob")
    first = proposed(ann)

    assert proposed(ann).pk == first.pk
    with pytest.raises(Conflict, match=f"Proposal {first.pk}"):
        proposed(bob, colour=8)
    services.reject(proposal_id=first.pk, actor=bob, reason="No", at=NOON)

    assert proposed(bob, colour=8).pk != first.pk


def test_only_who_proposed_it_withdraws_it() -> None:
    ann, bob = someone("ann"), someone("bob")
    row = proposed(ann)

    with pytest.raises(Refused, match="reject it instead"):
        services.withdraw(proposal_id=row.pk, actor=bob, reason="No", at=NOON)
    services.withdraw(proposal_id=row.pk, actor=ann, reason="Changed my mind", at=NOON)

    with pytest.raises(Conflict, match="withdrawn already"):
        services.approve(proposal_id=row.pk, actor=bob, reason="Agreed", at=NOON)
    assert DONE == []


def test_every_decision_needs_a_reason_and_a_proposal() -> None:
    ann, bob = someone("ann"), someone("bob")
    row = proposed(ann)

    with pytest.raises(InvalidInput):
        services.approve(proposal_id=row.pk, actor=bob, reason="  ", at=NOON)
    with pytest.raises(NotFound):
        services.approve(proposal_id=row.pk + 1, actor=bob, reason="Agreed", at=NOON)


def test_who_may_not_carry_it_out_may_not_reject_it_either() -> None:
    row = proposed(someone("ann"))

    with pytest.raises(Refused, match="paint something"):
        services.reject(
            proposal_id=row.pk, actor=someone("guest", "view_member"), reason="No", at=NOON
        )

    row.refresh_from_db()
    assert row.status == ProposalStatus.OPEN
