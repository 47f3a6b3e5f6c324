"""Claims at once: a double tap makes one, and an order answers each once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest

from rewards_site.approvals.services import approve
from rewards_site.kernel import clock
from rewards_site.kernel.errors import Conflict
from rewards_site.notifications.models import Notice
from tests.admin_world import make_staff
from tests.concurrency.books import books_are_right
from tests.concurrency.crowd import all_returned, at_once, deadlock_count
from tests.factories import MEMBER, NOON, balances, tell
from tests.transactions.claims.claiming import LATER, filed, order_of, tap
from transactions.adjustments.models import Adjustment
from transactions.claims.answering import reject_claim
from transactions.claims.asking import Asked
from transactions.claims.choices import Answer
from transactions.claims.filing import file_claim
from transactions.claims.goodwill import propose_goodwill
from transactions.claims.models import Claim
from transactions.claims.settling import settle_arrived

pytestmark = [pytest.mark.usefixtures("committed_db"), pytest.mark.postgres]

CROWD = 8


def test_the_same_claim_at_once_is_one_claim() -> None:
    click = tap()
    asked = Asked(click_id=str(click.public_id), order_reference="A-1")

    results = all_returned(
        at_once(CROWD, lambda _: file_claim(customer_id=MEMBER, asked=asked, at=LATER))
    )

    claim = Claim.objects.get()
    assert {filed.claim.pk for filed in results} == {claim.pk}
    assert sorted(filed.is_repeated for filed in results) == [False] + [True] * (CROWD - 1)
    assert claim.repeat_count == CROWD - 1
    assert Notice.objects.filter(kind="claim.opened").count() == 1


def test_filing_answering_and_arriving_at_once_answer_each_claim_once() -> None:
    clicks = [tap(f"u-{number}") for number in range(CROWD)]
    for number, click in enumerate(clicks):
        filed(click, customer_id=f"u-{number}")
    ops = make_staff("Ops")

    def arrive_or_answer(number: int) -> None:
        name = f"u-{number % CROWD}"
        click = clicks[number % CROWD]
        if number < CROWD:
            tell(order_of(click, f"tx-{number}", publisher_customer_id=name))
        else:
            claim = Claim.objects.get(click=click)
            with suppress(Conflict):  # the order was first
                reject_claim(
                    claim_id=claim.pk, answer=Answer.NOT_FOUND, actor=ops, reason="No", at=LATER
                )

    all_returned(at_once(2 * CROWD, arrive_or_answer))
    settle_arrived(at=clock.now() + timedelta(days=9))

    assert Claim.objects.filter(status="open").count() == 0
    assert Notice.objects.filter(kind="claim.answered").count() == CROWD
    assert deadlock_count() == 0
    books_are_right()


def test_goodwill_and_its_order_at_once_pay_once() -> None:
    ops, finance = make_staff("Ops", username="ops"), make_staff("Finance", username="fin")
    for turn in range(4):
        name = f"u-{turn}"
        click = tap(name)
        claim = filed(click, customer_id=name)
        proposal = propose_goodwill(
            claim_id=claim.pk, currency="USD", amount_minor=100, actor=ops, reason="x", at=NOON
        )
        order = order_of(click, f"tx-{turn}", publisher_customer_id=name)

        deeds = (
            partial(approve, proposal_id=proposal.pk, actor=finance, reason="y", at=NOON),
            partial(tell, order),
        )
        at_once(2, partial(_do, deeds))

        claim.refresh_from_db()
        given = Adjustment.objects.filter(claim=claim).count()
        assert (claim.answer, given) in {("goodwill", 1), ("tracked", 0)}
        assert balances(name).get("available", 0) == 100 * given
    books_are_right()


def _do(deeds: Sequence[Callable[[], object]], number: int) -> object:
    return deeds[number]()
