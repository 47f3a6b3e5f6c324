"""The report, verify_ledger, merges and erasure: what is on record, and what is forgotten."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError

from rewards_site.approvals.services import approve
from rewards_site.kernel import clock
from rewards_site.kernel.clock import wire_text
from rewards_site.kernel.db import atomic
from rewards_site.kernel.errors import Conflict, NotFound, Refused
from rewards_site.members.erasing import erase
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_member
from tests.admin_world import make_staff
from tests.factories import MEMBER, balances
from tests.members.calling import call, read
from tests.reports.reading import export, rows
from tests.spending import differences
from tests.transactions.redemptions.asking import approved, ask, body, fund, requested, staff
from transactions.merging.joining import merge_members
from transactions.moving import Actors
from transactions.redemptions import destinations
from transactions.redemptions.approving import approve_redemption
from transactions.redemptions.limiting import Setting, set_limits
from transactions.redemptions.models import DestinationReveal, Redemption, RedemptionKey
from transactions.redemptions.revealing import reveal_destination
from transactions.redemptions.services import (
    cancel_redemption,
    fail_redemptions,
    pay_redemptions,
    reject_redemption,
)

pytestmark = pytest.mark.django_db

COLUMNS = [
    *("redemption_id", "member_id", "currency", "amount", "method", "status", "requested_at"),
    *("approved_at", "finished_at", "batch"),
]


def paid(row: Redemption) -> None:
    approved(row)
    pay_redemptions(
        references={row.pk: "b"}, actor_id=staff("fin").pk, reason="Sent.", at=clock.now()
    )


def test_the_report_tells_how_it_stood_at_any_instant_by_the_same_bytes_for_ever() -> None:
    fund(3000)
    row = requested(600)
    approved(row)
    steps = list(row.steps.order_by("number"))
    before = {step.status: export("redemptions", as_of=step.at) for step in steps}
    pay_redemptions(
        references={row.pk: "b"}, actor_id=staff("fin").pk, reason="Sent.", at=clock.now()
    )
    fail_redemptions(
        references={row.pk: "b"}, actor_id=staff("fin").pk, reason="Back.", at=clock.now()
    )
    requested(700)

    steps = list(row.steps.order_by("number"))
    assert {step.status: export("redemptions", as_of=step.at) for step in steps[:2]} == before
    told = [rows("redemptions", as_of=step.at) for step in steps]
    assert [len(lines) for lines in told] == [1, 1, 1, 1]
    assert [line["status"] for [line] in told] == ["requested", "approved", "paid", "failed"]
    times = [wire_text(step.at) for step in steps]
    assert [line["approved_at"] for [line] in told] == ["", times[1], times[1], times[1]]
    assert [line["finished_at"] for [line] in told] == ["", "", times[2], times[3]]
    assert list(told[0][0]) == COLUMNS
    assert told[0][0] == {
        "redemption_id": str(row.public_id),
        "member_id": str(row.member.public_id),
        "currency": "USD",
        "amount": "600",
        "method": "manual",
        "status": "requested",
        "requested_at": times[0],
        "approved_at": "",
        "finished_at": "",
        "batch": "",
    }
    assert len(rows("redemptions")) == 2
    assert rows("redemptions", currency="EUR") == []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (
            "UPDATE redemptions_redemption SET status = 'rejected', finished_at = requested_at",
            "its steps say",
        ),
        ("UPDATE redemptions_redemption SET amount_minor = 599", "should be"),
        ("UPDATE redemptions_redemption SET amount_minor = 599", "the redemptions come to 599"),
        ("UPDATE redemptions_redemptionstep SET number = 3 WHERE number = 2", "says 2 steps"),
        (
            "UPDATE redemptions_redemptionstep SET status = 'paid' WHERE status = 'rejected'",
            "went from requested to paid",
        ),
        ("DELETE FROM redemptions_redemptionstep WHERE number = 2", "no revision caused it"),
        (
            "UPDATE redemptions_redemptionstep SET at = '2020-01-01 00:00:00' WHERE number = 2",
            "and not after",
        ),
        (
            "UPDATE ledger_entrygroup SET kind = 'expiry' WHERE kind = 'redemption'",
            "its group is redemption/",
        ),
    ],
)
def test_verify_finds_what_does_not_agree(
    damage: str, words: str, corrupt: Callable[[str], None]
) -> None:
    fund(2000)
    requested(600)
    if "redemptionstep" in damage:
        row = Redemption.objects.get()
        reject_redemption(redemption_id=row.pk, actor_id=staff().pk, reason="Odd.", at=clock.now())
    assert differences() == []

    corrupt(damage)

    assert [text for text in differences() if words in text] != []


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("SET approver_id = NULL", "was approved by users {one}, None; its proposal says {both}"),
        ("SET actor_id = {third}", "was approved by users {third}, {other}; its proposal says"),
    ],
)
def test_verify_finds_an_approval_by_others_than_the_two_of_the_proposal(
    damage: str, words: str, corrupt: Callable[[str], None]
) -> None:
    told = Setting(second_person_minor=500)
    set_limits(currency="USD", setting=told, actor=staff(), reason="Care.", at=clock.now())
    fund(2000)
    row = requested(600)
    one, other = make_staff("Ops", username="one"), make_staff("Ops", username="other")
    proposal = approve_redemption(
        redemption_id=row.pk, actor=one, reason="Known.", at=clock.now()
    ).proposal
    assert proposal is not None
    approve(proposal_id=proposal.pk, actor=other, reason="Known.", at=clock.now())
    alone = requested(500)
    approved(alone)
    assert differences() == []

    names = {"one": one.pk, "other": other.pk, "third": staff("third").pk}
    both = f"{one.pk}, {other.pk}"
    where = f"WHERE status = 'approved' AND redemption_id = {row.pk}"
    corrupt(f"UPDATE redemptions_redemptionstep {damage.format(**names)} {where}")

    assert [text for text in differences() if words.format(**names, both=both) in text] != []


def test_verify_finds_a_second_person_whom_no_proposal_names(
    corrupt: Callable[[str], None],
) -> None:
    fund(2000)
    approved(requested(600))

    corrupt(
        f"UPDATE redemptions_redemptionstep SET approver_id = {staff('other').pk} "
        "WHERE status = 'approved'"
    )

    assert [text for text in differences() if "by two people, and no proposal" in text] != []


def merge(source: str, target: str) -> None:
    ids = [ensure_member(name, at=clock.now()).pk for name in (source, target)]
    actors = Actors(actor_id=staff().pk, approver_id=staff("other").pk, reason="One person.")
    with atomic():
        merge_members(*ids, actors=actors, at=clock.now())


def test_a_merge_waits_for_open_redemptions_and_says_which() -> None:
    fund(2000)
    row = requested(600)

    with pytest.raises(Refused) as refusal:
        merge(MEMBER, "u-2")

    assert str(refusal.value) == (
        f"A payout of {MEMBER} is under way: redemption {row.public_id}. Have it paid, rejected "
        "or cancelled first, then merge them."
    )
    assert balances() == {"available": 1400, "redeeming": 600}
    cancel_redemption(redemption_id=row.pk, at=clock.now())
    merge(MEMBER, "u-2")
    assert balances("u-2") == {"available": 2000}


def test_after_a_merge_both_tokens_redeem_from_the_one_balance_and_read_all() -> None:
    fund(2000)
    fund(1000, customer_id="u-2")
    mine = requested(600)
    paid(mine)
    merge(MEMBER, "u-2")

    assert balances("u-2") == {"available": 2400, "paid_out": 600}
    assert ask(body(2400), customer_id=MEMBER).status_code == 201
    for name in (MEMBER, "u-2"):
        amounts = [one["amount"] for one in read("redemptions/", customer_id=name)["results"]]
        assert amounts == [2400, 600]
    fail_redemptions(
        references={mine.pk: "b"}, actor_id=staff("fin").pk, reason="Back.", at=clock.now()
    )
    assert balances("u-2") == {"available": 600, "redeeming": 2400}
    assert balances(MEMBER) == {}
    assert differences() == []


def test_a_destination_is_read_with_a_reason_and_a_trace() -> None:
    fund(2000)
    row = requested(600, destination="Jane Doe, Springfield")

    told = reveal_destination(
        redemption_id=row.pk, actor=staff("fin"), reason="To pay it.", at=clock.now()
    )

    assert told == "Jane Doe, Springfield"
    trace = DestinationReveal.objects.get()
    assert (trace.redemption, trace.actor.username, trace.reason) == (row, "fin", "To pay it.")


def test_forgotten_the_destination_and_the_answers_are_gone_and_the_books_are_the_same() -> None:
    fund(3000)
    ask(body(600, destination="Jane Doe, Springfield"), key=f"{MEMBER}:cash-out:1")
    ask(body(10), key=f"{MEMBER}:cash-out:2")
    row = Redemption.objects.get()
    reject_redemption(
        redemption_id=row.pk,
        actor_id=staff().pk,
        reason=f"{MEMBER} asked for it.",
        at=clock.now(),
    )
    before = export("redemptions", as_of=clock.now())

    erase(MEMBER, erased_by="tests", at=clock.now())

    row.refresh_from_db()
    gone = (row.destination_sealed, row.destination_masked, row.destination_digest)
    assert gone == ("", "erased", "")
    for key, status in zip(RedemptionKey.objects.order_by("pk"), (201, 422), strict=True):
        assert (key.answer, key.body_digest, key.answer_status) == ("", "", status)
        assert key.key == f"§erased-{key.pk}"
    assert MEMBER not in row.steps.get(number=2).reason
    with pytest.raises(NotFound, match="erased"):
        destinations.opened(row)
    assert call("redemptions/").json()["results"] == []
    assert "u-" not in before
    assert len(rows("redemptions")) == 1
    assert differences() == []


def test_nobody_is_forgotten_while_a_payout_to_them_is_approved() -> None:
    fund(3000)
    row = requested(600)
    approved(row)

    with pytest.raises(Conflict, match=f"is approved .redemption {row.public_id}"):
        erase(MEMBER, erased_by="tests", at=clock.now())

    row.refresh_from_db()
    assert row.destination_sealed != ""
    assert Member.objects.filter(customer_id=MEMBER).exists()


def test_what_is_erased_by_that_command_is_erased_by_nobody_else() -> None:
    fund(2000)
    row = requested(600)
    ask(body(600), key="key-1")
    key_id = RedemptionKey.objects.get().pk

    for model, pk, change in (
        (Redemption, row.pk, {"destination_sealed": "", "destination_digest": ""}),
        (Redemption, row.pk, {"destination_masked": "erased"}),
        (RedemptionKey, key_id, {"key": "key-2"}),
        (
            RedemptionKey,
            key_id,
            {"key": f"§erased-{key_id}", "answer": "", "body_digest": ""},
        ),
    ):
        with pytest.raises(IntegrityError, match="append-only"), atomic():
            model._default_manager.filter(pk=pk).update(**change)
