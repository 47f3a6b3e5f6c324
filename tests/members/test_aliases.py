"""A customer id that was given up still names its member: in tokens, and in what staff look up."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from rewards_site.approvals.models import Proposal
from rewards_site.kernel.db import atomic
from rewards_site.members.models import Member
from rewards_site.members.queries import find_member, member_ids, names_of
from rewards_site.members.services import ensure_members, lock_members, rename
from tests.admin_world import make_staff, said
from tests.factories import NOON, balances, observe, tell

pytestmark = pytest.mark.django_db
LIST = "/admin/members/member/"


def renamed() -> Member:
    one, other = make_staff(username="one"), make_staff(username="other")
    pk = ensure_members({"ann"}, at=NOON)["ann"]
    with atomic():
        row = lock_members({pk})[pk]
        rename(row, "anna", actor_id=one.pk, approver_id=other.pk, reason="Case 7.", at=NOON)
    return row


def test_both_ids_are_one_member() -> None:
    row = renamed()

    assert member_ids({"ann", "anna", "bob"}) == {"ann": row.pk, "anna": row.pk}
    assert ensure_members({"ann"}, at=NOON) == {"ann": row.pk}
    assert find_member("ann") == row
    assert names_of([row.pk]) == {row.pk: frozenset({"ann", "anna"})}


def test_two_people_merge_two_members_in_the_admin(client: Client) -> None:
    tell(observe("tx-1", publisher_customer_id="ann"))
    tell(observe("tx-2", publisher_customer_id="bob", status="validated"))
    ann = Member.objects.get(customer_id="ann")
    staff = [make_staff("Ops", username=name) for name in ("one", "other")]
    names = ["merge_member", "decide_proposal", "view_member", "view_proposal"]
    for user in staff:
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(staff[0])
    asked = client.get(f"{LIST}do/merge/", {"id": ann.pk})
    assert asked.context["panels"][-1].rows == [
        ["USD", "5.00 USD", "0.00 USD", "0.00 USD", "0.00 USD"]
    ]

    answer = client.post(
        f"{LIST}do/merge/", {"id": ann.pk, "customer_id": "bob", "reason": "One person."}
    )

    proposal = Proposal.objects.get()
    assert "5.00 USD pending; 1 order) into member" in proposal.summary
    assert "(5.00 USD available)" in proposal.summary
    assert said(answer)[0][0] == "warning"
    assert balances("ann") == {"pending": 500}

    client.force_login(staff[1])
    answer = client.post(
        "/admin/approvals/proposal/do/approve/", {"id": proposal.pk, "reason": "Checked."}
    )

    assert said(answer)[-1][1].endswith("approved. Merged: 1 order, 5.00 USD pending.")
    assert (balances("ann"), balances("bob")) == ({}, {"pending": 500, "available": 500})
    page = client.get(f"{LIST}{ann.pk}/change/").content.decode()
    assert "do/merge/" not in page
