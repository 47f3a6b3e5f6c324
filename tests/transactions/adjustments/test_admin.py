"""The pages: a change is proposed on the member's page and approved among the proposals."""

from __future__ import annotations

import pytest
from django.test import Client

from rewards_site.approvals.models import Proposal
from rewards_site.kernel import clock
from rewards_site.members.models import Member
from tests.admin_world import make_staff, said
from tests.factories import MEMBER, balances, observe, tell
from tests.transactions.adjustments.giving import given
from transactions.adjustments.models import Adjustment, AdjustmentBudget

pytestmark = pytest.mark.django_db


def test_from_the_members_page_to_the_balance(client: Client) -> None:
    tell(observe("tx-1", status="validated"))
    member = Member.objects.get(customer_id=MEMBER)
    client.force_login(make_staff("Ops"))
    page = client.get(f"/admin/members/member/{member.pk}/change/").content.decode()
    assert "Change a balance" in page

    answer = client.post(
        "/admin/members/member/do/adjust/",
        {
            "id": member.pk,
            "kind": "correction",
            "amount": "-1.25",
            "currency": "usd",
            "reason": "Paid twice",
        },
    )

    proposal = Proposal.objects.get()
    [(level, text)] = said(answer)
    assert level == "warning"
    assert f"(proposal {proposal.pk}); nothing was changed" in text
    client.force_login(make_staff("Finance"))
    shown = client.get(f"/admin/approvals/proposal/do/approve/?id={proposal.pk}")
    panel = next(panel for panel in shown.context["panels"] if panel.title == "What changes")
    assert panel.rows[0][2:] == ["5.00 USD", "-1.25 USD", "3.75 USD"]
    client.post("/admin/approvals/proposal/do/approve/", {"id": proposal.pk, "reason": "Yes"})
    assert balances() == {"available": 375}
    row = Adjustment.objects.get()
    assert client.get(f"/admin/adjustments/adjustment/{row.pk}/change/").status_code == 200
    again = client.get(f"/admin/members/member/{member.pk}/change/").content.decode()
    assert "Paid twice / approved: Yes" in again


def test_an_amount_with_too_many_digits_is_said(client: Client) -> None:
    tell(observe("tx-1"))
    member = Member.objects.get(customer_id=MEMBER)
    client.force_login(make_staff("Ops"))

    answer = client.post(
        "/admin/members/member/do/adjust/",
        {"id": member.pk, "kind": "goodwill", "amount": "1.5", "currency": "JPY", "reason": "x"},
    )

    assert "JPY has 0 digits after the point." in answer.content.decode()
    assert not Proposal.objects.exists()


def test_finance_sets_a_budget(client: Client) -> None:
    finance = make_staff("Finance")
    client.force_login(finance)
    assert "Set a budget" in client.get("/admin/adjustments/adjustmentbudget/").content.decode()

    answer = client.post(
        "/admin/adjustments/adjustmentbudget/set/",
        {"currency": "usd", "amount": "500", "reason": "Agreed"},
        follow=True,
    )

    assert AdjustmentBudget.objects.get().month_minor == 50_000
    assert "500.00 USD" in answer.content.decode()
    given(125, by=make_staff("Ops"), second=finance, at=clock.now())
    assert "1.25 USD" in client.get("/admin/adjustments/adjustmentbudget/").content.decode()


@pytest.mark.parametrize("role", ["Ops", "Support", "Auditor", ""])
def test_nobody_else_sets_one(client: Client, role: str) -> None:
    client.force_login(make_staff(role))

    assert client.get("/admin/adjustments/adjustmentbudget/set/").status_code == 403
