"""`make demo`: members who miss a reward, and what became of it.

Purchases and orders as Button tells them; claims by the members' app, and by support for a member
on the telephone; decisions by the services that the admin calls. It may be started again.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from rewards_site.approvals.services import approve
from rewards_site.demo_people import People, staff
from rewards_site.demo_shopper import first_offers
from rewards_site.kernel import clock
from rewards_site.members.queries import find_member
from transactions.claims.answering import hand_over, note_brands_word
from transactions.claims.asking import Asked
from transactions.claims.filing import file_for_member
from transactions.claims.goodwill import propose_goodwill
from transactions.claims.models import Claim
from transactions.models import Transaction

_ON_THE_TELEPHONE = "On the telephone: has the store's e-mail with the order number."


def set_up(people: People) -> None:
    """What waits for people at first."""
    _asks_the_brand(
        _claim_by_telephone(
            people, "member-2", 0, "A-20419", "Their e-mail came, your reward did not."
        )
    )
    _claim_by_telephone(people, "member-6", 1, "7781-CA", "I paid by a gift card of theirs.")
    _goodwill(_claim_by_telephone(people, "member-3", 2, "", "The app crashed when I had paid."))
    _bought_before(people, "member-4")
    _order_arrives(people, "member-5")
    _known_already(people, "member-1")


def _asks_the_brand(claim: Claim) -> None:
    if claim.handed_at is not None or claim.answered_at is not None:
        return
    ops = staff("ops")
    hand_over(claim_id=claim.pk, actor=ops, reason="Asked by Button's support.", at=clock.now())
    note_brands_word(
        claim_id=claim.pk, actor=ops, reason="They look for it: by Friday.", at=clock.now()
    )


def _goodwill(claim: Claim) -> None:
    """Ops proposes, finance approves: the claim is answered by it."""
    if claim.answered_at is not None:
        return
    proposal = propose_goodwill(
        claim_id=claim.pk,
        currency="USD",
        amount_minor=500,
        actor=staff("ops"),
        reason="A good customer, and the fault was our app's.",
        at=clock.now(),
    )
    approve(proposal_id=proposal.pk, actor=staff("finance"), reason="Agreed.", at=clock.now())


def _bought_before(people: People, member: str) -> None:
    """The facts answer at once: bought before the tap."""
    if _claim_of(member) is None:
        click = _tap(people, member, 3)
        bought_at = clock.now() - timedelta(days=2)
        body = {"click_id": click["click_id"], "purchased_at": clock.wire_text(bought_at)}
        people.ask(member, "claims/", body)


def _order_arrives(people: People, member: str) -> None:
    """A claim that somebody would look into, had its order not come meanwhile."""
    if _claim_of(member) is not None:
        return
    click = _tap(people, member, 4)
    _file(member, click["click_id"], reference="", note="Nothing shows up in the app.")
    people.tell_button("purchases", {"link": click["link"], "offer_id": click["offer_id"]})


def _known_already(people: People, member: str) -> None:
    """The facts answer at once: the order is there, and says how it stands."""
    if _claim_of(member) is not None:
        return
    known = Transaction.objects.filter(member__customer_id=member, click__isnull=False)

    def tracked() -> str | None:
        found = known.order_by("-pk").values_list("click__public_id", flat=True).first()
        return str(found) if found else None

    click = _tap(people, member, 5)
    people.tell_button("purchases", {"link": click["link"], "offer_id": click["offer_id"]})
    body = {"click_id": people.wait_for(tracked), "note": "Where is my reward?"}
    people.ask(member, "claims/", body)


def _claim_by_telephone(
    people: People, member: str, place: int, reference: str, note: str
) -> Claim:
    """Support insists that it is looked into: the facts would say that it is too early."""
    known = _claim_of(member)
    if known is not None:
        return known
    click = _tap(people, member, place)
    return _file(member, click["click_id"], reference=reference, note=note)


def _file(member: str, click_id: str, *, reference: str, note: str) -> Claim:
    return file_for_member(
        customer_id=member,
        asked=Asked(
            click_id=click_id,
            order_reference=reference,
            order_total_minor=8_450,
            order_currency="USD",
            note=note,
        ),
        actor=staff("support"),
        reason=_ON_THE_TELEPHONE,
        is_insisted=True,
        at=clock.now(),
    ).claim


def _claim_of(member: str) -> Claim | None:
    row = find_member(member)
    return Claim.objects.filter(member=row).order_by("pk").first() if row is not None else None


def _tap(people: People, member: str, place: int) -> dict[str, Any]:
    """A tap on the first offer of a merchant, with its link; which merchant by `place`."""

    def tapped() -> dict[str, Any] | None:
        offers = first_offers(people.ask(member, "offers/"))
        if not offers:
            return None
        offer = offers[place % len(offers)]
        click = people.ask(member, "clicks/", {"offer_token": offer["token"], "url": None})
        return click | {"offer_id": offer["id"]} if click["link"] else None

    return people.wait_for(tapped)
