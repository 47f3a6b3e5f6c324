"""file_claim(): a member, or staff for them, reports a missing reward, and the facts answer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.utils.translation import gettext as _

from offers.clicks.models import Click
from offers.clicks.queries import shown_name
from rewards_site.kernel.db import atomic, retry_deadlocks
from rewards_site.kernel.errors import InvalidInput, TooMany
from rewards_site.members.models import Member
from rewards_site.members.queries import rows_of
from rewards_site.members.services import ensure_member
from rewards_site.notifications.announce import announce
from transactions.claims.asking import Asked, check, estimate_of
from transactions.claims.choices import AnsweredBy, ClaimStatus, StepKind, Verdict
from transactions.claims.deciding import Decision, Earlier, Tap, decide
from transactions.claims.matching import ClaimedOrder
from transactions.claims.models import Claim, ClaimStep
from transactions.claims.orders import orders_like
from transactions.claims.telling import news_of
from transactions.claims.waits import wait_of

log = logging.getLogger(__name__)

CLAIMS_A_DAY_MAX = 50
"""Of one member, in any 24 hours: nobody misses as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filed:
    """The claim, and whether it was filed before (of no click: it says so again)."""

    claim: Claim
    is_repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _By:
    """Who files, where it is not the member."""

    actor: User | None = None
    reason: str = ""
    is_insisted: bool = False


def file_claim(*, customer_id: str, asked: Asked, at: datetime) -> Filed:
    """File the claim of a member, with the verdict of the facts.

    Idempotent: the same claim again is the one that was filed before. Locks the member's row, so
    that claims of one member come one after another. Raises: InvalidInput (content), TooMany.
    """
    return _filed(customer_id, asked, by=_By(), at=at)


def file_for_member(
    *,
    customer_id: str,
    asked: Asked,
    actor: User,
    reason: str,
    is_insisted: bool,
    at: datetime,
) -> Filed:
    """The same by staff; who insists has it looked into whatever the facts say, open ones apart.

    Raises: as file_claim(), and InvalidInput for a reason that is none.
    """
    reason = reason.strip()
    if not 0 < len(reason) <= 500:
        raise InvalidInput("A reason is needed.", fields={"reason": "1-500 characters"})
    by = _By(actor=actor, reason=reason, is_insisted=is_insisted)
    return _filed(customer_id, asked, by=by, at=at)


def _filed(customer_id: str, asked: Asked, *, by: _By, at: datetime) -> Filed:
    check(asked, at=at)
    member = ensure_member(customer_id, at=at)

    def work() -> Filed:
        with atomic():
            return _file(_locked(member.pk), asked, by=by, at=at)

    filed = retry_deadlocks(work)
    log.info(
        "claims.filed",
        extra={
            "claim": filed.claim.pk,
            "verdict": filed.claim.verdict,
            "is_repeated": filed.is_repeated,
        },
    )
    return filed


def _locked(pk: int) -> Member:
    """Whom this row stands for: the lock makes the member's claims one line. Webhooks go on."""
    rows = Member.objects.select_for_update(no_key=True, of=("self",))
    member = rows.get(pk=pk)
    while member.same_as_id is not None:
        member = rows.get(pk=member.same_as_id)
    return member


def _file(member: Member, asked: Asked, *, by: _By, at: datetime) -> Filed:
    member_ids = rows_of(member.pk)
    click = _click(asked.click_id, member_ids)
    if click is None:
        told = Claim.objects.filter(
            member__in=member_ids, click=None, click_told=asked.click_id[:255]
        )
        if (known := told.order_by("-pk").first()) is not None:
            return _repeated(known)
    claimed = ClaimedOrder(
        click_pk=click.pk if click else None,
        merchant_id=click.merchant_id if click else None,
        reference=asked.order_reference,
        total_minor=asked.order_total_minor,
        currency=asked.order_currency,
        purchased_at=asked.purchased_at,
    )
    decision = _decision(claimed, click, member_ids, is_insisted=by.is_insisted, at=at)
    if decision.earlier_pk is not None:
        return _repeated(Claim.objects.get(pk=decision.earlier_pk))
    _must_not_flood(member_ids, at=at)
    claim = _claim(member, click, asked, decision, by=by, at=at)
    claim.save(force_insert=True)
    ClaimStep.objects.bulk_create(_steps(claim, by=by))
    announce([news_of(claim, store=shown_name(click.merchant) if click else "")])
    return Filed(claim=claim, is_repeated=False)


def _click(told: str, member_ids: list[int]) -> Click | None:
    """Of another member's it says as little as of none."""
    try:
        public_id = UUID(told)
    except ValueError:
        return None
    if str(public_id) != told:
        return None
    rows = Click.objects.filter(public_id=public_id, member__in=member_ids)
    return rows.select_related("merchant__overlay").first()


def _decision(
    claimed: ClaimedOrder,
    click: Click | None,
    member_ids: list[int],
    *,
    is_insisted: bool,
    at: datetime,
) -> Decision:
    if click is None:
        return decide(claimed, None, earlier=[], orders=[], wait=None, at=at)
    earlier = Claim.objects.filter(member__in=member_ids, click=click).order_by("-pk")[:100]
    return decide(
        claimed,
        Tap(clicked_at=click.clicked_at, link_problem=click.link_problem),
        earlier=[
            Earlier(
                pk=row.pk,
                verdict=Verdict(row.verdict),
                is_open=row.answered_at is None,
                reference=row.order_reference,
                ask_again_at=row.ask_again_at,
            )
            for row in earlier
        ],
        orders=orders_like(member_ids=member_ids, merchant_id=click.merchant_id, click_pk=click.pk),
        wait=wait_of(click.merchant_id),
        at=at,
        is_insisted=is_insisted,
    )


def _repeated(claim: Claim) -> Filed:
    claim.repeat_count += 1
    claim.save(update_fields=["repeat_count"])
    return Filed(claim=claim, is_repeated=claim.click_id is not None)


def _must_not_flood(member_ids: list[int], *, at: datetime) -> None:
    day = timedelta(days=1)
    count = Claim.objects.filter(member__in=member_ids, filed_at__gt=at - day).count()
    if count >= CLAIMS_A_DAY_MAX:
        raise TooMany(
            _("You have reported a great deal today. Please go on tomorrow."), retry_after=3600
        )


def _claim(
    member: Member,
    click: Click | None,
    asked: Asked,
    decision: Decision,
    *,
    by: _By,
    at: datetime,
) -> Claim:
    is_open = decision.verdict is Verdict.OPEN
    minor, currency = estimate_of(click, asked) if click else (None, "")
    return Claim(
        member=member,
        click=click,
        merchant_id=click.merchant_id if click else None,
        click_told="" if click else asked.click_id,
        order_reference=asked.order_reference,
        note=asked.note,
        order_total_minor=asked.order_total_minor,
        order_currency=asked.order_currency,
        purchased_at=asked.purchased_at,
        filed_at=at,
        opened_by=by.actor,
        verdict=decision.verdict,
        evidence=decision.evidence,
        ask_again_at=decision.ask_again_at,
        estimate_minor=minor,
        estimate_currency=currency,
        status=ClaimStatus.OPEN if is_open else ClaimStatus.ANSWERED,
        answer=decision.answer or "",
        answered_by="" if is_open else AnsweredBy.FACTS,
        answered_at=None if is_open else at,
        transaction_id=decision.order_pk,
        step_count=1 if is_open else 2,
    )


def _steps(claim: Claim, *, by: _By) -> list[ClaimStep]:
    filed = ClaimStep(
        claim=claim,
        number=1,
        kind=StepKind.FILED,
        at=claim.filed_at,
        actor=by.actor,
        reason=by.reason,
    )
    if claim.answered_at is None:
        return [filed]
    answered = ClaimStep(
        claim=claim, number=2, kind=StepKind.ANSWERED, at=claim.filed_at, answer=claim.answer
    )
    return [filed, answered]
