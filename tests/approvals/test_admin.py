"""Each reader is offered what they may decide, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from rewards_site.approvals import registry, services
from rewards_site.approvals.models import Proposal
from tests.admin_world import make_staff, said
from tests.factories import NOON

pytestmark = pytest.mark.django_db

LIST = "/admin/approvals/proposal/"
KINDS = {"paint": "transactions.move_transaction", "sell": "reports.export_report"}


@pytest.fixture(autouse=True)
def _kinds() -> Iterator[None]:
    for kind, permission in KINDS.items():
        registry.register(
            kind,
            label=f"{kind} something",
            permission=permission,
            execute=lambda _payload, **_people: "Done.",
        )
    yield
    for kind in KINDS:
        registry.unregister(kind)


def proposed(actor: User, kind: str, subject: str = "door") -> Proposal:
    return services.propose(
        kind=kind,
        subject=subject,
        payload={"colour": 7},
        summary=f"{kind} the {subject}",
        actor=actor,
        reason="It is grey",
        at=NOON,
    )


def offered(client: Client, row: Proposal) -> list[str]:
    """The buttons on the proposal's page."""
    page = client.get(f"{LIST}{row.pk}/change/")
    return [verb["label"] for verb in page.context["verbs"]]


def waiting(client: Client) -> int | None:
    """The figure on the landing page; None where there is no such card."""
    context = client.get("/admin/").context
    cards = [*context["waiting"], *context["quiet"]]
    found = [card.count for card in cards if card.title == "Waiting for a second person"]
    return found[0] if found else None


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


DECIDE = ["Approve and carry out", "Reject"]


def test_a_proposal_is_offered_to_who_may_decide_its_kind() -> None:
    ops, finance = make_staff("Ops"), make_staff("Finance")
    ann = make_staff("Ops", username="ann")
    paint, sell = proposed(ann, "paint"), proposed(ann, "sell")

    assert offered(logged_in(ops), paint) == DECIDE
    assert offered(logged_in(ops), sell) == []
    assert offered(logged_in(finance), paint) == []
    assert offered(logged_in(finance), sell) == DECIDE


def test_one_s_own_proposal_is_offered_to_be_withdrawn_and_to_nobody_else() -> None:
    ann, bob = (make_staff("Ops", username=name) for name in ("ann", "bob"))
    row = proposed(ann, "paint")
    proposed(bob, "paint", "wall")

    assert offered(logged_in(ann), row) == ["Withdraw"]
    assert offered(logged_in(bob), row) == DECIDE
    services.withdraw(proposal_id=row.pk, actor=ann, reason="Changed my mind", at=NOON)
    assert offered(logged_in(ann), row) == offered(logged_in(bob), row) == []


def test_who_only_proposes_can_take_it_back() -> None:
    clerk = make_staff(username="clerk")
    clerk.user_permissions.add(Permission.objects.get(codename="view_proposal"))
    row = proposed(clerk, "paint")
    client = logged_in(User.objects.get(pk=clerk.pk))

    assert offered(client, row) == ["Withdraw"]
    answer = client.post(f"{LIST}do/withdraw/", {"id": row.pk, "reason": "Changed my mind"})

    assert said(answer) == [("success", f"{row}: withdrawn; nothing was changed.")]
    row.refresh_from_db()
    assert row.status == "withdrawn"


def test_the_landing_page_counts_what_the_reader_may_decide() -> None:
    ops, finance, auditor = (make_staff(role) for role in ("Ops", "Finance", "Auditor"))
    ann = make_staff("Ops", username="ann")
    for subject in ("door", "wall"):
        proposed(ann, "paint", subject)
    proposed(ops, "paint", "roof")
    proposed(ann, "sell")

    assert waiting(logged_in(ops)) == 2
    assert waiting(logged_in(ann)) == 1
    assert waiting(logged_in(finance)) == 1
    assert waiting(logged_in(auditor)) is None


def test_who_may_decide_no_kind_at_all_has_no_card_and_no_verbs() -> None:
    somebody, ann = make_staff(), make_staff("Ops", username="ann")
    somebody.user_permissions.add(
        *Permission.objects.filter(codename__in=["view_proposal", "decide_proposal"])
    )
    row = proposed(ann, "paint")
    client = logged_in(somebody)

    assert waiting(client) is None
    assert offered(client, row) == []
    actions = client.get(LIST).context["action_form"]
    assert actions is None or [name for name, _ in actions.fields["action"].choices] == [""]


def test_the_card_leads_to_the_list_of_what_it_counts() -> None:
    ops, ann = make_staff("Ops"), make_staff("Ops", username="ann")
    mine = proposed(ann, "paint")
    proposed(ops, "paint", "roof")
    proposed(ann, "sell")
    client = logged_in(ops)

    (card,) = [
        card
        for card in client.get("/admin/").context["waiting"]
        if card.title == "Waiting for a second person"
    ]
    page = client.get(card.url)

    assert list(page.context["cl"].result_list) == [mine]
    assert len(client.get(LIST).context["cl"].result_list) == 3


def test_an_address_typed_by_hand_decides_nothing_that_is_not_one_s_own() -> None:
    finance, ann = make_staff("Finance"), make_staff("Ops", username="ann")
    paint = proposed(ann, "paint")

    for verb, client in (
        *((verb, logged_in(finance)) for verb in ("approve", "reject", "withdraw")),
        ("approve", logged_in(ann)),
    ):
        page = client.post(f"{LIST}do/{verb}/", {"id": paint.pk, "reason": "Because"})
        assert page.status_code == 200
        assert [str(row) for row, _ in page.context["objections"]] == [str(paint)]

    paint.refresh_from_db()
    assert paint.status == "open"


def test_what_nobody_carries_out_any_more_can_only_be_rejected() -> None:
    ops, ann = make_staff("Ops"), make_staff("Ops", username="ann")
    row = proposed(ann, "paint")
    registry.unregister("paint")

    assert offered(logged_in(ops), row) == ["Reject"]
