"""Staff accept, overrule or reject what could not be applied, whichever way it came."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from pytest_django import Settings

from accounts_sync.accounts import sync_accounts
from accounts_sync.decisions import accept, keep_ours, preview_decision, reject, reopen
from accounts_sync.deferred import replay_rows
from accounts_sync.deferred_items import ItemRef, Source
from accounts_sync.inbox.models import DeferredDecision, WebhookEvent
from accounts_sync.inbox.replay import replay_deferred
from accounts_sync.models import DeferredRow, DeferredStatus
from accounts_sync.pull import pull_transactions
from rewards_site.approvals.models import Proposal
from rewards_site.approvals.services import approve
from rewards_site.kernel.errors import Conflict, Refused
from tests.accounts_sync.inbox.deliveries import answered, deliver, status_of, wire_event
from tests.accounts_sync.world import World, client, wire_row
from tests.factories import ACCOUNT, MEMBER, NOON, balances, house
from tests.spending import differences, spend
from transactions.ledger.chart import AccountKind
from transactions.ledger.models import Entry
from transactions.models import Transaction, TransactionRevision
from transactions.told import OutcomeKind, Ruling

pytestmark = pytest.mark.django_db

OTHER = "u-other"
BRAND = "org-other"


@pytest.fixture(autouse=True)
def books_agree() -> object:
    yield
    assert differences() == []


@pytest.fixture
def ops() -> User:
    return User.objects.create(username="ops")


def told(hook_id: str, *, minutes: int = 0, **changes: Any) -> Any:
    at = f"2026-11-20T12:{minutes:02}:00Z"
    return answered(deliver(wire_event(hook_id, **({"modified_date": at} | changes))))


def event(hook_id: str) -> ItemRef:
    return ItemRef(Source.EVENT, WebhookEvent.objects.get(hook_id=hook_id).pk)


def row(tx_id: str = "tx-1") -> ItemRef:
    return ItemRef(Source.ROW, DeferredRow.objects.get(tx_id=tx_id).pk)


def last_revision() -> TransactionRevision:
    return TransactionRevision.objects.latest("number")


class TestAccept:
    def test_a_member_change_moves_the_order_with_all_else_that_was_said(self, ops: User) -> None:
        told("hook-1")
        assert told("hook-2", minutes=5, publisher_customer_id=OTHER, amount=600) == (
            202,
            {"status": "deferred", "reason": "the member changed"},
        )

        decision = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

        assert decision.outcome.kind is OutcomeKind.APPLIED
        assert (balances(MEMBER), balances(OTHER)) == ({}, {"pending": 300})
        assert status_of("hook-2") == "processed"
        revision = last_revision()
        assert (revision.kind, revision.actor, revision.reason) == ("accepted", ops, "case 7")
        kept = DeferredDecision.objects.get()
        assert (kept.verdict, kept.deferred_because) == ("accepted", "the member changed")

    def test_afterwards_button_goes_on_with_the_new_member(self, ops: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, publisher_customer_id=OTHER)
        accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

        told("hook-3", minutes=9, publisher_customer_id=OTHER, status="validated")
        late = told("hook-4", minutes=3, order_total=777)

        assert balances(OTHER) == {"available": 500}
        assert late[1]["status"] == "ignored"

    def test_a_brand_change_takes_the_commission_along_and_leaves_the_member(
        self, ops: User
    ) -> None:
        told("hook-1", status="validated")
        told("hook-2", minutes=5, status="validated", commerce_organization=BRAND)
        before = house(AccountKind.COMMISSION_RECEIVABLE)

        accept(event("hook-2"), actor=ops, reason="merged brands", at=NOON)

        assert balances(MEMBER) == {"available": 500}
        assert house(AccountKind.COMMISSION_RECEIVABLE) == before
        touched = Entry.objects.filter(group__cause__endswith="revision/2")
        whose = touched.values_list("account__merchant", "account__kind")
        assert {(kind, brand == BRAND) for brand, kind in whose} == {
            ("commission_receivable", False),
            ("commission_receivable", True),
            ("margin_earned", False),
            ("margin_earned", True),
        }

    def test_terms_are_chosen_again_for_another_brand_while_pending(
        self, ops: User, settings: Settings
    ) -> None:
        told("hook-1")
        told("hook-2", minutes=5, commerce_organization=BRAND)
        settings.REWARD_DEFAULT_SHARE_BPS = 1000

        accept(event("hook-2"), actor=ops, reason="merged brands", at=NOON)

        assert balances(MEMBER) == {"pending": 100}

    def test_an_order_that_turns_out_an_install_leaves_its_member_and_comes_back(
        self, ops: User
    ) -> None:
        told("hook-1", status="validated")
        told("hook-2", minutes=5, status="validated", category="app-install")
        accept(event("hook-2"), actor=ops, reason="an install", at=NOON)
        assert balances(MEMBER) == {}
        assert Transaction.objects.get().category == "app-install"
        assert house(AccountKind.MARGIN_EARNED) == -1000

        told("hook-3", minutes=9, status="validated")
        accept(event("hook-3"), actor=ops, reason="no, an order", at=NOON)

        assert balances(MEMBER) == {"available": 500}

    def test_what_a_member_has_spent_is_not_taken_for_an_install(self, ops: User) -> None:
        """Contract: a take-back that the balance cannot bear is deferred."""
        told("hook-1", status="validated")
        told("hook-2", minutes=5, status="validated", category="app-install")
        spend(MEMBER, 1)

        with pytest.raises(Refused, match="would fall below zero"):
            accept(event("hook-2"), actor=ops, reason="an install", at=NOON)

        assert status_of("hook-2") == "deferred"
        assert balances(MEMBER) == {"available": 499, "redeeming": 1}

    def test_all_changes_of_one_word_are_accepted_together(self, ops: User) -> None:
        told("hook-1")
        answer = told(
            "hook-2",
            minutes=5,
            publisher_customer_id=OTHER,
            commerce_organization=BRAND,
            category="existing-user-order",
        )
        assert answer[1]["reason"] == (
            "the category changed from new-user-order to existing-user-order; the brand changed "
            "from org-7c1f09aa52d3e418 to org-other; the member changed"
        )

        accept(event("hook-2"), actor=ops, reason="all of it", at=NOON)

        order = Transaction.objects.get()
        assert (order.category, order.merchant_id) == ("existing-user-order", BRAND)
        assert balances(OTHER) == {"pending": 500}

    @pytest.mark.parametrize(
        ("first", "second", "why"),
        [
            ({"status": "validated"}, {"status": "declined"}, "which is final"),
            ({"status": "validated"}, {"status": "pending"}, "which is final"),
            ({"status": "validated"}, {"status": "validated", "amount": 9}, "which is final"),
            ({}, {"currency": "GBP"}, "currency GBP on account"),
            ({}, {"category": "lottery"}, "unknown category"),
            ({}, {"account_id": "acc-other"}, "belongs to account"),
            ({}, {"button_order_id": "btnorder-9"}, "belongs to order"),
            ({}, {"currency": None}, "`currency` is missing"),
            (
                {"status": "validated"},
                {"status": "declined", "publisher_customer_id": OTHER},
                "which is final",
            ),
        ],
    )
    def test_nothing_but_a_change_can_be_accepted(
        self, ops: User, first: dict[str, Any], second: dict[str, Any], why: str
    ) -> None:
        told("hook-1", **first)
        told("hook-2", minutes=5, **second)
        before = (Entry.objects.count(), balances())

        for decide in (accept, keep_ours):
            with pytest.raises(Refused, match=why):
                decide(event("hook-2"), actor=ops, reason="please", at=NOON)

        assert status_of("hook-2") == "deferred"
        assert (Entry.objects.count(), balances()) == before
        assert not DeferredDecision.objects.exists()

    def test_a_word_that_is_old_by_now_is_settled_without_a_change(self, ops: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, category="existing-user-order")
        told("hook-3", minutes=9, amount=600)

        decision = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

        assert decision.outcome.reason == "older than what is known"
        assert status_of("hook-2") == "ignored"
        assert Transaction.objects.get().category == "new-user-order"
        assert not DeferredDecision.objects.exists()

    def test_twice_is_once(self, ops: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, publisher_customer_id=OTHER)
        accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

        again = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

        assert again.outcome.reason == "it was decided so already"
        assert TransactionRevision.objects.count() == 2
        with pytest.raises(Conflict):
            reject(event("hook-2"), actor=ops, reason="no", at=NOON)


class TestPreview:
    def test_it_tells_before_and_after_and_changes_nothing(self, ops: User) -> None:
        told("hook-1", status="validated")
        told("hook-2", minutes=5, status="validated", publisher_customer_id=OTHER)
        spend(MEMBER, 380)
        before = Entry.objects.count()

        effect = preview_decision(event("hook-2"), ruling=Ruling.ACCEPTED, actor=ops, at=NOON)

        assert effect.before is not None
        assert effect.after is not None
        assert effect.is_taken_away
        assert (effect.before.reward_minor, effect.after.reward_minor) == (500, 500)
        assert effect.unrecovered_minor == 380
        lines = sorted((line.kind, line.debit_minor, line.credit_minor) for line in effect.lines)
        assert lines == [("available", 0, 500), ("available", 120, 0), ("margin_earned", 380, 0)]
        assert Entry.objects.count() == before
        assert status_of("hook-2") == "deferred"


class TestKeepOurs:
    def test_the_rest_of_what_was_said_is_taken(self, ops: User) -> None:
        told("hook-1")
        told(
            "hook-2",
            minutes=5,
            status="validated",
            amount=600,
            publisher_customer_id=OTHER,
            commerce_organization=BRAND,
        )

        keep_ours(event("hook-2"), actor=ops, reason="ours is right", at=NOON)

        order = Transaction.objects.get()
        assert balances(MEMBER) == {"available": 300}
        assert balances(OTHER) == {}
        assert order.merchant_id != BRAND
        assert last_revision().kind == "kept"

    def test_the_same_names_do_not_ask_again(self, ops: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, publisher_customer_id=OTHER)
        keep_ours(event("hook-2"), actor=ops, reason="ours is right", at=NOON)

        again = told("hook-3", minutes=9, publisher_customer_id=OTHER, amount=600)
        third = told("hook-4", minutes=10, publisher_customer_id="u-third", amount=600)

        assert again == (200, {"status": "processed"})
        assert third[0] == 202
        assert balances(MEMBER) == {"pending": 300}


class TestReject:
    def test_nothing_is_booked_and_the_evidence_stays(self, ops: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, publisher_customer_id=OTHER)
        body = bytes(WebhookEvent.objects.get(hook_id="hook-2").body)

        reject(event("hook-2"), actor=ops, reason="not theirs", at=NOON)

        assert status_of("hook-2") == "rejected"
        assert bytes(WebhookEvent.objects.get(hook_id="hook-2").body) == body
        decision = DeferredDecision.objects.get()
        assert (decision.verdict, decision.actor, decision.reason) == (
            "rejected",
            ops,
            "not theirs",
        )
        assert replay_deferred(at=NOON + timedelta(days=999)).ids == []
        assert told("hook-2", minutes=5, publisher_customer_id=OTHER) == (
            200,
            {"status": "duplicate"},
        )
        with pytest.raises(Conflict, match="was rejected"):
            accept(event("hook-2"), actor=ops, reason="after all", at=NOON)

    def test_what_was_rejected_by_mistake_is_opened_again(self, ops: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, publisher_customer_id=OTHER)
        reject(event("hook-2"), actor=ops, reason="oops", at=NOON)

        reopen(event("hook-2"), actor=ops, reason="my mistake", at=NOON)
        accept(event("hook-2"), actor=ops, reason="it is theirs", at=NOON)

        assert balances(OTHER) == {"pending": 500}
        verdicts = DeferredDecision.objects.order_by("pk").values_list("verdict", flat=True)
        assert list(verdicts) == ["rejected", "reopened", "accepted"]

    def test_what_staff_did_not_reject_is_not_opened(self, ops: User) -> None:
        told("hook-1")

        with pytest.raises(Conflict):
            reopen(event("hook-1"), actor=ops, reason="why not", at=NOON)


class TestRows:
    @pytest.fixture
    def pulled(self, world: World) -> World:
        world.has(wire_row("tx-1"))
        sync_accounts(client=client(), at=NOON)
        self.pull(NOON)
        world.rows[ACCOUNT] = [wire_row("tx-1", minutes=1, publisher_customer_id=OTHER)]
        self.pull(NOON + timedelta(minutes=5))
        return world

    def pull(self, at: datetime) -> Any:
        return pull_transactions(account_id=ACCOUNT, client=client(), at=at)

    def test_a_row_is_accepted_as_an_event_is(self, pulled: World, ops: User) -> None:
        assert (balances(MEMBER), DeferredRow.objects.get().reason) == (
            {"pending": 500},
            "the member changed",
        )

        accept(row(), actor=ops, reason="case 7", at=NOON)

        assert (balances(MEMBER), balances(OTHER)) == ({}, {"pending": 500})
        assert DeferredRow.objects.get().status == DeferredStatus.SETTLED
        assert last_revision().source == "sync"
        assert last_revision().raw_row != ""

    def test_a_rejected_row_that_button_shows_again_makes_no_noise(
        self, pulled: World, ops: User
    ) -> None:
        reject(row(), actor=ops, reason="not theirs", at=NOON)

        report = self.pull(NOON + timedelta(minutes=10))
        replayed = replay_rows(at=NOON + timedelta(days=9), due_only=False)

        assert (report.applied_count, report.deferred_count) == (0, 0)
        assert replayed.tried_count == 0
        kept = DeferredRow.objects.get()
        assert (kept.status, kept.seen_count) == (DeferredStatus.SETTLED, 1)
        assert balances(MEMBER) == {"pending": 500}

    def test_a_rejected_row_is_not_booked_when_it_could_be(self, pulled: World, ops: User) -> None:
        reject(row(), actor=ops, reason="not theirs", at=NOON)
        told("hook-1", minutes=2, publisher_customer_id=OTHER)
        accept(event("hook-1"), actor=ops, reason="now it is", at=NOON)
        revisions = TransactionRevision.objects.count()

        self.pull(NOON + timedelta(minutes=10))

        assert TransactionRevision.objects.count() == revisions

    def test_a_newer_row_is_judged_anew(self, pulled: World, ops: User) -> None:
        reject(row(), actor=ops, reason="not theirs", at=NOON)
        pulled.rows[ACCOUNT] = [wire_row("tx-1", minutes=6, amount=600)]

        self.pull(NOON + timedelta(minutes=10))

        assert balances(MEMBER) == {"pending": 300}

    def test_a_row_opened_again_waits_and_is_tried(self, pulled: World, ops: User) -> None:
        reject(row(), actor=ops, reason="oops", at=NOON)

        reopen(row(), actor=ops, reason="my mistake", at=NOON)

        assert replay_rows(at=NOON, due_only=True).tried_count == 1


class TestTwoPeople:
    @pytest.fixture
    def lead(self) -> User:
        user = User.objects.create(username="lead")
        user.user_permissions.set(Permission.objects.filter(codename="decide_deferred"))
        return user

    @pytest.fixture(autouse=True)
    def limit(self, settings: Settings) -> None:
        settings.MOVE_APPROVAL_LIMITS = {"USD": 500}

    def test_taking_much_from_a_member_asks_a_second_person(self, ops: User, lead: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, publisher_customer_id=OTHER)

        decision = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON)

        proposal = decision.proposal
        assert isinstance(proposal, Proposal)
        assert (balances(MEMBER), status_of("hook-2")) == ({"pending": 500}, "deferred")
        assert OTHER not in proposal.summary + str(proposal.payload)
        done = approve(proposal_id=proposal.pk, actor=lead, reason="yes", at=NOON)
        assert done.result == "applied, 5.00 USD at stake."
        assert (balances(MEMBER), balances(OTHER)) == ({}, {"pending": 500})
        revision = last_revision()
        assert (revision.actor, revision.approver) == (ops, lead)
        kept = DeferredDecision.objects.get()
        assert (kept.actor, kept.approver) == (ops, lead)

    def test_an_order_that_grew_since_is_not_taken(self, ops: User, lead: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, publisher_customer_id=OTHER)
        proposal = accept(event("hook-2"), actor=ops, reason="case 7", at=NOON).proposal
        assert proposal is not None
        told("hook-3", minutes=3, amount=1002)

        with pytest.raises(Conflict, match="changed since this was proposed"):
            approve(proposal_id=proposal.pk, actor=lead, reason="yes", at=NOON)

        assert (balances(MEMBER), balances(OTHER)) == ({"pending": 501}, {})
        assert status_of("hook-2") == "deferred"

    def test_keeping_ours_and_another_brand_take_nothing_from_anybody(self, ops: User) -> None:
        told("hook-1")
        told("hook-2", minutes=5, publisher_customer_id=OTHER)
        told("hook-3", minutes=6, commerce_organization=BRAND, publisher_customer_id=None)

        assert keep_ours(event("hook-2"), actor=ops, reason="ours", at=NOON).proposal is None
        assert accept(event("hook-3"), actor=ops, reason="merged", at=NOON).proposal is None
        assert balances(MEMBER) == {"pending": 500}
