"""The queue, the page with the evidence, the verbs, and filing for a member."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from rewards_site.approvals.models import Proposal
from rewards_site.kernel import clock
from tests.admin_world import make_staff, said
from tests.factories import MEMBER, MERCHANT, NOON, balances, observe, tell
from tests.transactions.claims.claiming import LATER, filed, order_of, tap
from transactions.claims.health import claims_are_old
from transactions.claims.models import Claim

pytestmark = pytest.mark.django_db

LIST = "/admin/claims/claim/"


def panels_of(client: Client, claim: Claim) -> dict[str, list[list[str]]]:
    page = client.get(f"{LIST}{claim.pk}/change/")
    assert page.status_code == 200
    return {
        panel.title: [[str(cell) for cell in row] for row in panel.rows]
        for panel in page.context["panels"]
    }


def test_the_queue_shows_the_oldest_first_with_what_is_at_risk(client: Client) -> None:
    old = filed(tap(), order_total_minor=8000, order_currency="USD")
    filed(tap(), at=LATER + timedelta(hours=1))
    filed(tap(), at=NOON)  # too early: nothing to do
    client.force_login(make_staff("Ops"))

    [card] = [
        card
        for card in client.get("/admin/").context["waiting"]
        if card.title == "Claims to answer"
    ]
    page = client.get(card.url)

    assert card.count == 2
    [panel] = page.context["panels"]
    assert len(panel.rows) == 2
    assert f"/claim/{old.pk}/" in panel.rows[0][0]
    assert panel.rows[0][5] == "6.40 USD"
    listed = client.get(f"{LIST}?queue=ours").context["cl"].result_list
    assert len(list(listed)) == 2


def test_all_evidence_stands_on_one_page(client: Client) -> None:
    click = tap()
    claim = filed(click, note="<script>alert(1)</script>", order_reference="A-1")
    tell(
        observe("tx-7", purchased_at=NOON),
        observe("tx-8", publisher_customer_id=None, purchased_at=NOON),
        observe("tx-9", publisher_customer_id="another"),
    )
    filed(tap("another"), customer_id="another")
    client.force_login(make_staff("Ops"))

    found = panels_of(client, claim)
    text = client.get(f"{LIST}{claim.pk}/change/").content.decode()

    assert "<script>alert(1)" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert found["What happened"][0][1] == "filed"
    assert "8 % back" in found["The tap"][0]
    [order] = found["The member's orders at this brand around then"]
    assert "btnorder-7" in order[0]
    [nobodys] = found["Orders of this brand that name nobody"]
    assert "btnorder-8" in nobodys[0]
    [similar] = found["Other claims of the member, or about the brand"]
    assert similar[3] == "another"
    assert found["How long this brand's orders take to be told"][0][:2] == [
        "48 hours",
        "by default: nothing is known of the brand",
    ]


def test_goodwill_from_the_claims_page_by_two_people(client: Client) -> None:
    claim = filed(tap(), order_total_minor=8000, order_currency="USD")
    client.force_login(make_staff("Ops"))
    form = client.get(f"{LIST}do/goodwill/?id={claim.pk}").context["form"]
    assert (str(form.initial["amount"]), form.initial["currency"]) == ("6.40", "USD")

    answer = client.post(
        f"{LIST}do/goodwill/",
        {"id": claim.pk, "amount": "6.40", "currency": "USD", "reason": "Receipt"},
    )

    proposal = Proposal.objects.get()
    assert f"(proposal {proposal.pk}); nothing was given yet" in said(answer)[0][1]
    client.force_login(make_staff("Finance"))
    shown = client.get(f"/admin/approvals/proposal/do/approve/?id={proposal.pk}")
    assert [panel.title for panel in shown.context["panels"]][1:3] == ["The claim", "What changes"]
    client.post("/admin/approvals/proposal/do/approve/", {"id": proposal.pk, "reason": "Fair"})
    assert balances() == {"available": 640}
    claim.refresh_from_db()
    assert claim.answer == "goodwill"


def test_verbs_are_offered_where_they_can_be_done(client: Client) -> None:
    claim = filed(tap())
    client.force_login(make_staff("Ops"))

    def offered() -> list[str]:
        page = client.get(f"{LIST}{claim.pk}/change/")
        return [verb["label"] for verb in page.context["verbs"]]

    assert offered() == ["Answer: no reward", "Mark as handed to the brand", "Propose goodwill"]
    client.post(f"{LIST}do/ask-brand/", {"id": claim.pk, "reason": "By mail"})
    assert offered() == ["Answer: no reward", "Keep what the brand said", "Propose goodwill"]
    client.post(
        f"{LIST}do/reject/", {"id": claim.pk, "answer": "brand_denied", "reason": "They say no"}
    )
    assert offered() == []
    client.force_login(make_staff("Support"))
    assert offered() == []
    assert client.get(f"{LIST}do/reject/?id={claim.pk}").status_code == 403


def test_support_files_for_a_member_and_insists(client: Client) -> None:
    click = tap()
    tell(order_of(click))
    told = filed(click)
    assert told.verdict == "already_tracked"
    support = make_staff("Support")
    client.force_login(support)
    body = {
        "customer_id": MEMBER,
        "click_id": str(click.public_id),
        "amount": "79.90",
        "currency": "USD",
        "reason": "Calls: it is another order",
    }

    same = client.post(f"{LIST}file/", body, follow=True)
    client.post(f"{LIST}file/", body | {"is_insisted": "on"})

    assert "It was filed before." in same.content.decode()
    claim = Claim.objects.exclude(pk=told.pk).get()
    assert (claim.status, claim.opened_by) == ("open", support)
    assert claim.evidence["facts_said"] == "already_tracked"
    assert claim.order_total_minor == 7990
    step = claim.steps.get()
    assert (step.actor, step.reason) == (support, "Calls: it is another order")
    client.force_login(make_staff("Auditor"))
    assert client.get(f"{LIST}file/").status_code == 403


def test_claims_by_brand(client: Client) -> None:
    now = clock.now()
    click, open_click = tap(at=now - timedelta(days=40)), tap(at=now - timedelta(days=40))
    filed(click, at=now - timedelta(days=35))
    filed(open_click, at=now - timedelta(days=34), order_total_minor=1000, order_currency="USD")
    tell(order_of(click, merchant_name="Northwind"))
    filed(tap(at=now), at=now)
    client.force_login(make_staff("Finance"))

    page = client.get(f"{LIST}brands/")

    [panel] = page.context["panels"]
    [row] = panel.rows
    assert "Northwind" in row[0]
    assert f"merchant__merchant_id={MERCHANT}" in row[0]
    assert row[1:9] == [3, 1, 1, 1, 1, "34 days", 1, "1 (100 %)"]
    assert row[10] == "0.80 USD"


def test_open_claims_of_a_week_are_an_alarm() -> None:
    filed(tap())

    assert claims_are_old(LATER + timedelta(days=7)) == ""
    assert claims_are_old(LATER + timedelta(days=7, seconds=1)) == (
        "1 claim is open for more than 7 days: answer them («Claims», oldest first)"
    )
