"""Orders of clicks told at once by everybody, while members, rules and budgets change."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import User

from offers.clicks.listing import Listed
from offers.clicks.models import Click
from offers.clicks.offer_token import Shown
from offers.clicks.services import mint, record_click
from offers.menu import TermsBook
from offers.rules.default import default_terms
from offers.rules.store import rules_for_clicks
from rewards_site.kernel.db import retry_deadlocks
from rewards_site.members.models import Member
from rewards_site.members.services import ensure_member
from tests.accounts_sync.inbox.deliveries import deliver, wire_event
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.concurrency.test_merging import merge_at_last
from tests.factories import MERCHANT, NOON, balances, house, observe, tell
from tests.offers.rules.making import TWICE, published
from tests.properties.promised import Promise
from tests.properties.telling import publish
from tests.transactions.tapping import EIGHTY, tap
from transactions.ledger.chart import AccountKind
from transactions.models import Transaction
from transactions.moving import Actors
from transactions.told import Channel

pytestmark = pytest.mark.usefixtures("committed_db")

SENDERS = 8
ORDERS = 6
TAPS = 8
BEFORE = NOON - timedelta(hours=3)


def send(hook_id: str, **words: object) -> str:
    """As Button does: again, as long as a lock is not had. What the last answer says."""
    while True:
        answer = deliver(wire_event(hook_id, **words))  # type: ignore[arg-type]  # tx_id is text
        if answer.status_code != 503:
            assert answer.status_code == 200, answer.content
            said: str = answer.json()["status"]  # type: ignore[attr-defined]  # the test client's
            return said


def tap_now(customer_id: str, *, minutes: int) -> Click:
    """By what is offered at this moment, as live offers have it."""
    at = NOON - timedelta(hours=1) + timedelta(minutes=minutes)
    terms = TermsBook(rules_for_clicks(at), at=at, default=default_terms()).of(MERCHANT).terms
    return tap(customer_id, terms=terms, at=at)


def test_one_clicks_orders_by_eight_webhooks_and_a_sync_while_all_else_changes() -> None:
    """Ann is merged into bob, rules are published, and the promotion's budget runs out."""
    published("Twice", TWICE, budget_minor=ORDERS * 2000, at=BEFORE)
    [first, *rest] = [tap_now(name, minutes=0) for name in ["ann", "ann", "bob"]]
    assert {click.terms["share_bps"] for click in (first, *rest)} == {20_000}
    refs = [click.pub_ref for click in (first, first, first, *rest, first)]
    staff = [User.objects.create_user(name) for name in ("one", "other")]
    actors = Actors(actor_id=staff[0].pk, approver_id=staff[1].pk, reason="One.")
    ann, bob = (Member.objects.get(customer_id=name).pk for name in ("ann", "bob"))
    told = [(number, status) for number in range(ORDERS) for status in ("pending", "validated")]

    def hooks(number: int) -> set[str]:
        return {
            send(
                f"hook-{order}-{status}",
                tx_id=f"tx-{order}",
                status=status,
                pub_ref=refs[order],
                publisher_customer_id=None,
                modified_date=f"2026-11-2{0 + (status == 'validated')}T12:00:00.114Z",
            )
            for order, status in random.Random(number).sample(told, len(told))
        }

    def rows() -> set[str]:
        page = [
            observe(f"tx-{n}", channel=Channel.SYNC, pub_ref=ref, publisher_customer_id=None)
            for n, ref in enumerate(refs)
        ]
        kinds = set()
        for _ in range(4):
            kinds |= {str(outcome.kind) for outcome in retry_deadlocks(partial(tell, *page))}
        return kinds

    def rules() -> set[str]:
        """Other rules, weaker than the promotion, which hold when its budget is used up."""
        for number in range(4):
            at = BEFORE + timedelta(minutes=number + 1)
            publish("Weak", Promise(share_bps=100 * number, priority=-1), at=at)
        return set()

    shares: list[int] = []

    def taps() -> set[str]:
        for number in range(TAPS):
            click = retry_deadlocks(partial(tap_now, "bob", minutes=number))
            shares.append(click.terms["share_bps"])
        return set()

    def merging() -> set[str]:
        merge_at_last(ann, bob, actors)
        return set()

    work: list[Callable[[], set[str]]] = [rows, rules, taps, merging]
    work += [partial(hooks, number) for number in range(SENDERS)]
    said = set.union(*all_returned(at_once(len(work), lambda number: work[number]())))

    assert said <= {"processed", "ignored", "duplicate", "applied"}
    assert balances("bob") == {"available": ORDERS * 2000}
    assert balances("ann") == {}
    assert house(AccountKind.MARGIN_EARNED) == ORDERS * 1000
    assert shares == sorted(shares, key=lambda share: share != 20_000)  # once over, it stays over
    assert tap_now("bob", minutes=TAPS).terms["share_bps"] == 300
    books_are_right()
    assert deadlock_count() == 0


def test_what_was_tapped_before_the_budget_ran_out_is_paid_by_it() -> None:
    """Taps and orders at once: each order goes by what its own tap was promised, no other."""
    published("Twice", TWICE, budget_minor=5000, at=BEFORE)

    def shop(number: int) -> dict[str, int]:
        name, promised = f"member-{number}", 0
        for turn in range(4):
            click = retry_deadlocks(partial(tap_now, name, minutes=number * 4 + turn))
            promised += 1000 * click.terms["share_bps"] // 10_000
            words = {"pub_ref": click.pub_ref, "publisher_customer_id": None}
            assert send(f"hook-{number}-{turn}", tx_id=f"tx-{number}-{turn}", **words) == (
                "processed"
            )
        return {"pending": promised}

    promised = all_returned(at_once(SENDERS, shop))

    assert [balances(f"member-{number}") for number in range(SENDERS)] == promised
    by_promotion = Transaction.objects.exclude(promotion="").count()
    assert 3 <= by_promotion <= 3 + SENDERS  # a tap is not told of what is booked at that moment
    assert Transaction.objects.filter(promotion="", reward_minor=500).count() == 32 - by_promotion
    books_are_right()


def test_a_click_that_is_recorded_while_its_order_arrives() -> None:
    """Not in truth: nobody has the link before the commit. Whoever is first, one more word of
    Button's brings the order to its member by the terms of the click.
    """
    member = ensure_member("ann", at=BEFORE)
    shown = Shown(
        member_public_id=member.public_id,
        merchant_id=MERCHANT,
        offer_id="offer-1",
        listed=Listed(value="10"),
        terms=EIGHTY.as_json(),
        reward={"type": "percent", "value": "8", "currency": None},
        shown_at=BEFORE,
    )
    minted = [mint(shown) for _ in range(SENDERS)]

    def order(number: int, *, hook: str = "first", at: str = "2026-11-20T12:00:00.114Z") -> str:
        return send(
            f"hook-{number}-{hook}",
            tx_id=f"tx-{number}",
            pub_ref=minted[number].pub_ref,
            publisher_customer_id=None,
            modified_date=at,
        )

    def work(number: int) -> None:
        if number < SENDERS:
            record_click(shown=shown, member=member, at=BEFORE, minted=minted[number])
        else:
            assert order(number - SENDERS) == "processed"

    all_returned(at_once(2 * SENDERS, work))

    in_time = Transaction.objects.exclude(click=None).count()
    assert balances("ann") == ({"pending": 800 * in_time} if in_time else {})
    assert house(AccountKind.UNATTRIBUTED_PENDING) == -500 * (SENDERS - in_time)
    books_are_right()
    for number in range(SENDERS):
        assert order(number, hook="second", at="2026-11-20T13:00:00Z") in ("processed", "ignored")
    assert balances("ann") == {"pending": 800 * SENDERS}
    books_are_right()
