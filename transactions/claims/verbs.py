"""What staff may do to claims: verbs, each through one service."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.contrib import messages

from rewards_site.kernel.admin.service import Attempt, Done, Verb
from rewards_site.kernel.currencies import exponent_of
from transactions.adjustments.forms import GivenForm
from transactions.adjustments.proposals import PROPOSES
from transactions.claims.answering import ANSWERS, hand_over, note_brands_word, reject_claim
from transactions.claims.choices import Answer
from transactions.claims.forms import RejectForm
from transactions.claims.goodwill import open_goodwill, propose_goodwill
from transactions.claims.models import Claim
from transactions.claims.overtaken import (
    given_minor,
    leave_goodwill,
    objection,
    take_goodwill_back,
)


def _reject(attempt: Attempt[Claim]) -> Done:
    claim = reject_claim(
        claim_id=attempt.row.pk,
        answer=Answer(attempt.answers["answer"]),
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(message=f"answered: {Answer(claim.answer).label}. The member reads it.")


def _ask(attempt: Attempt[Claim]) -> Done:
    hand_over(claim_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at)
    return Done(message="marked: the brand was asked.")


def _note(attempt: Attempt[Claim]) -> Done:
    note_brands_word(
        claim_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="kept. The claim stays open until its order arrives or you answer it.")


def _goodwill(attempt: Attempt[Claim]) -> Done:
    proposal = propose_goodwill(
        claim_id=attempt.row.pk,
        currency=attempt.answers["currency"],
        amount_minor=attempt.answers["amount_minor"],
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(
        message=f"a second person has to approve it (proposal {proposal.pk}); nothing was given "
        f"yet. {proposal.summary}.",
        level=messages.WARNING,
    )


def _take_back(attempt: Attempt[Claim]) -> Done:
    proposal = take_goodwill_back(
        claim_id=attempt.row.pk,
        currency=attempt.answers["currency"],
        amount_minor=attempt.answers["amount_minor"],
        actor=attempt.actor,
        reason=attempt.reason,
        at=attempt.at,
    )
    return Done(
        message=f"a second person has to approve it (proposal {proposal.pk}); nothing was taken "
        f"yet. {proposal.summary}.",
        level=messages.WARNING,
    )


def _leave(attempt: Attempt[Claim]) -> Done:
    leave_goodwill(
        claim_id=attempt.row.pk, actor=attempt.actor, reason=attempt.reason, at=attempt.at
    )
    return Done(message="kept: the member has the goodwill and the reward.")


def suggested(claim: Claim) -> dict[str, Any]:
    """Goodwill by what the member was shown; once it was given, as much as was, to take it back."""
    minor, currency = claim.estimate_minor, claim.estimate_currency
    if claim.answer == Answer.GOODWILL:
        currency, minor = next(iter(given_minor(claim).items()), ("", None))
    if minor is None:
        return {}
    digits = exponent_of(currency)
    return {"amount": Decimal(minor).scaleb(-digits), "currency": currency}


def _answered(row: Claim) -> str:
    return "it was answered already" if row.answered_at is not None else ""


def _asked(row: Claim) -> str:
    return _answered(row) or ("the brand was asked already" if row.handed_at else "")


def _not_asked(row: Claim) -> str:
    return _answered(row) or ("" if row.handed_at else "the brand was not asked yet")


def _no_goodwill(row: Claim) -> str:
    if found := _answered(row):
        return found
    waiting = open_goodwill(row.pk)
    return f"proposal {waiting.pk} waits for a second person" if waiting else ""


REJECT: Verb[Claim] = Verb(
    name="reject",
    label="Answer: no reward",
    permission=ANSWERS,
    what_happens="The claim is closed and the member told why, in one plain sentence. Should the "
    "order arrive after all, it is rewarded as ever.",
    perform=_reject,
    form=RejectForm,
    objection=_answered,
)
ASK_BRAND: Verb[Claim] = Verb(
    name="ask-brand",
    label="Mark as handed to the brand",
    permission=ANSWERS,
    what_happens="Ask the brand by Button's support as you are used to; here it is kept that and "
    "when it was asked. The claim stays open.",
    perform=_ask,
    objection=_asked,
)
NOTE_WORD: Verb[Claim] = Verb(
    name="note-answer",
    label="Keep what the brand said",
    permission=ANSWERS,
    what_happens="Write the brand's words as the reason. If it says no, answer the claim next; if "
    "it books the order, the claim is answered when the order arrives.",
    perform=_note,
    objection=_not_asked,
)
GOODWILL: Verb[Claim] = Verb(
    name="goodwill",
    label="Propose goodwill",
    permission=PROPOSES,
    what_happens="The member gets this amount, and the claim is answered by it, once a second "
    "person approved it within the month's budget. If the order arrives before, nothing is given.",
    perform=_goodwill,
    form=GivenForm,
    objection=_no_goodwill,
)
TAKE_BACK: Verb[Claim] = Verb(
    name="take-back",
    label="Propose to take the goodwill back",
    permission=PROPOSES,
    what_happens="The order came after all, so its reward is the member's. This amount is taken "
    "from what they have to redeem once a second person approved it; never below zero. They are "
    "told of a correction.",
    perform=_take_back,
    form=GivenForm,
    objection=objection,
)
LEAVE: Verb[Claim] = Verb(
    name="leave",
    label="Leave the goodwill",
    permission=ANSWERS,
    what_happens="The member keeps the goodwill and the reward of the order. Your reason stays.",
    perform=_leave,
    objection=objection,
)
