"""Pure: an order and one more observation of it → the order afterwards, or why not.

Everything that Button can say is judged here, without a database: apply.py loads and writes,
verify.py runs the same function over the revisions to derive the books again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from offers.rules.reward import OrderFacts, reward_of
from rewards_site.button.schemas import APP_INSTALL, ButtonStatus
from transactions.changes import BAD_NAME, changes_told, customer_named, has_bad_name, ruled
from transactions.choosing import chosen_terms, clicked, flags_of_click
from transactions.clicked import Naming
from transactions.effective import effective, fact, purchased_at
from transactions.heard import hear
from transactions.order import OrderState, is_test_by_its_words, says_test
from transactions.states import ChildState, Verdict, decide
from transactions.terms import ChooseTerms
from transactions.told import Channel, Told

Holds = Callable[[str | None], bool]
"""Whether a reward of this brand that becomes final now is held back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An observation that changed the order, and the order afterwards."""

    verdict: Verdict
    order: OrderState
    is_news: bool
    """False when it is kept only to settle what may yet arrive late: nothing else changed."""
    flags: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()
    """The changes of member, brand or category that staff decided about, each as a sentence."""
    missing_from: datetime | None = None
    missing_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The observation changes nothing: `is_deferred` says whether people must look at it."""

    reason: str
    is_deferred: bool


def fold(
    order: OrderState,
    told: Told,
    *,
    naming: Naming,
    choose: ChooseTerms,
    holds: Holds,
) -> Step | Held:
    """Add one observation to an order.

    `choose` picks terms when the order has none, and again when its purchase time, its merchant or
    its click became better known by what Button said until the order was final (contract, section
    4, Reward; heard.py). `holds` says whether a reward that becomes final is held back.
    """
    observation = told.observation
    known = order.children.get(observation.tx_id)
    decision = hear(known, told, decide(known, told))
    is_flagged = not set(decision.flags) <= set(order.flags)
    is_flagged |= says_test(observation) and not order.is_test
    if decision.verdict is Verdict.CONTRADICTS:
        return Held(reason=decision.reason, is_deferred=True)
    if decision.verdict is Verdict.STALE and not is_flagged:
        return Held(reason=decision.reason, is_deferred=False)
    changes = changes_told(order, decision.child, told, naming)
    objections = [
        _other_currency(order, told),
        _other_mode(order, told),
        _second_validated(order, decision.child),
    ]
    if told.decided is None:
        objections = [*changes.values(), *objections]
    if any(objections):
        return Held(reason="; ".join(filter(None, objections)), is_deferred=True)
    if decision.verdict is Verdict.REPEATS and not changes:
        return Held(reason=decision.reason, is_deferred=False)
    flags = [*observation.flags, *decision.flags]
    after = _settled(
        order,
        replace(
            ruled(order, decision.child, told, changes, naming),
            children={**order.children, observation.tx_id: decision.child},
        ),
        told,
        naming=naming,
        choose=choose,
        flags=flags,
    )
    after = replace(after, is_held=_is_held(order, after, holds))
    missing = _missing(known, told)
    return Step(
        verdict=decision.verdict,
        order=after,
        is_news=decision.verdict is not Verdict.CONFIRMS
        or bool(changes)
        or _worth(after) != _worth(order),
        flags=tuple(flags),
        changes=tuple(changes.values()),
        missing_from=missing[0],
        missing_until=missing[1],
    )


def _is_held(before: OrderState, after: OrderState, holds: Holds) -> bool:
    """Decided once, when the reward becomes final; a release alone ends it."""
    if after.status is not ButtonStatus.VALIDATED or after.is_test:
        return False
    if before.children and before.status is ButtonStatus.VALIDATED:
        return before.is_held
    return after.reward_minor > 0 and holds(after.merchant_id)


def _worth(order: OrderState) -> tuple[object, ...]:
    """And whose: another setting of who is named counts from the next word on."""
    worth = order.status, order.commission_minor, order.reward_minor, order.reward_currency
    return *worth, order.customer_id


def rewarded(order: OrderState) -> OrderState:
    """`order` with what it is worth by its children and what of that is the member's."""
    worth = effective(order.children.values())
    assert order.terms is not None
    earns = order.category != APP_INSTALL and not order.is_test
    is_owed = worth.status is not ButtonStatus.DECLINED
    children = order.children.values()
    reward = reward_of(
        order.terms,
        OrderFacts(
            commission_minor=worth.commission_minor,
            currency=order.currency,
            order_total_minor=fact(children, "order_total_minor"),
            order_currency=fact(children, "order_currency"),
            lines=fact(children, "lines") or (),
        ),
    )
    return replace(
        order,
        status=worth.status,
        commission_minor=worth.commission_minor,
        reward_minor=reward.minor if earns and is_owed else 0,
        purchased_at=purchased_at(order.children.values()),
    )


def _settled(
    before: OrderState,
    order: OrderState,
    told: Told,
    *,
    naming: Naming,
    choose: ChooseTerms,
    flags: list[str],
) -> OrderState:
    """The member, the merchant and the terms by what is known now, then the worth."""
    merchant_id = order.merchant_id or fact(order.children.values(), "merchant_id")
    customer_id = order.customer_id
    if customer_id is None and order.category != APP_INSTALL:
        customer_id = customer_named(order.children.values(), naming, merchant_id=merchant_id)
    if has_bad_name(told.observation, naming.attribution_field):
        flags.append(BAD_NAME)
    order = replace(
        order,
        merchant_id=merchant_id,
        customer_id=customer_id,
        is_test=order.is_test or says_test(told.observation),
    )
    order = clicked(order, naming)
    flags.extend(flags_of_click(order, naming))
    settled = rewarded(replace(order, terms=chosen_terms(before, order, told, naming, choose)))
    if settled.commission_minor < 0:
        flags.append("negative commission: no reward, all of it in the margin")
    return replace(settled, flags=with_flags(order.flags, flags))


def _is_of_another_mode(order: OrderState, told: Told) -> bool:
    """Whether a test secret signed words of a live order, or the other way round.

    Who holds the one secret must not touch what the other told. Words that say themselves that
    they are of test money are believed at any time.
    """
    if says_test(told.observation) or is_test_by_its_words(order):
        return False
    return told.is_test != order.is_test


def _other_currency(order: OrderState, told: Told) -> str:
    if told.observation.currency == order.currency:
        return ""
    return f"the currency changed from {order.currency} to {told.observation.currency}"


def _other_mode(order: OrderState, told: Told) -> str:
    if order.children and _is_of_another_mode(order, told):
        return "one mode of Button's, live or sandbox, told of an order of the other"
    return ""


def _second_validated(order: OrderState, child: ChildState) -> str:
    if child.status is not ButtonStatus.VALIDATED:
        return ""
    for other in order.children.values():
        if (
            other.tx_id != child.tx_id
            and other.status is ButtonStatus.VALIDATED
            and other.amount_minor != child.amount_minor
        ):
            return (
                f"validated a second time with another amount ({child.amount_minor} after "
                f"{other.amount_minor} of {other.tx_id})"
            )
    return ""


def _missing(known: ChildState | None, told: Told) -> tuple[datetime | None, datetime | None]:
    """Between which times Button may have said more than we ever heard.

    The API shows only the latest state: a first sight that is not fresh, or a validated amount
    that no step before it announced, means that steps were never told.
    """
    observation = told.observation
    nothing = (None, None)
    if told.channel is not Channel.SYNC or observation.category == APP_INSTALL:
        return nothing
    if known is None:
        is_fresh = observation.modified_at - observation.created_at < timedelta(seconds=1)
        if observation.status.is_final or not is_fresh:
            return observation.created_at, observation.modified_at
        return nothing
    if (
        observation.status is ButtonStatus.VALIDATED
        and not known.status.is_final
        and observation.amount_minor != known.amount_minor
    ):
        return known.modified_at, observation.modified_at
    return nothing


def with_flags(known: Iterable[str], more: Iterable[str]) -> tuple[str, ...]:
    """Each flag once, at most 50: an order that is told a thousand times stays readable."""
    return tuple(dict.fromkeys([*known, *more]))[:50]
