"""Pure: an order and one more observation of it → the order afterwards, or why not.

Everything that Button can say is judged here, without a database: apply.py loads and writes,
verify.py runs the same function over the revisions to derive the books again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from offers.rules.reward import Terms, reward_for
from rewards_site.button.schemas import APP_INSTALL, ButtonStatus, TransactionObservation
from rewards_site.members.customer_ids import is_customer_id
from transactions.effective import effective, fact, purchased_at
from transactions.states import ChildState, Verdict, decide
from transactions.told import Channel, Told

TEST_TOKEN_PREFIX = "fakesrctok-"  # noqa: S105  # sheet, 6.1: Button's fake attribution token
TEST_MERCHANT_ID = "org-228b55a5707de5c8"
"""Button's own sandbox merchant (sheet, 6.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """An order as it is known. Amounts in minor units of `currency`; None where not known."""

    currency: str
    category: str
    is_test: bool
    children: Mapping[str, ChildState] = field(default_factory=dict)
    terms: Terms | None = None
    customer_id: str | None = None
    """Of the member it is credited to: named by Button, or by staff."""
    merchant_id: str | None = None
    flags: tuple[str, ...] = ()
    status: ButtonStatus = ButtonStatus.PENDING
    commission_minor: int = 0
    reward_minor: int = 0
    purchased_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An observation that changed the order, and the order afterwards."""

    verdict: Verdict
    order: OrderState
    is_news: bool
    """False when it is kept only to settle what may yet arrive late: nothing else changed."""
    flags: tuple[str, ...] = ()
    missing_from: datetime | None = None
    missing_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The observation changes nothing: `is_deferred` says whether people must look at it."""

    reason: str
    is_deferred: bool


def is_test_money(told: Told) -> bool:
    """Whether it is Button's play money: it is kept, marked, and never touches a balance."""
    return told.is_test or says_test(told.observation)


def says_test(observation: TransactionObservation) -> bool:
    """Whether the words themselves are of test money, whoever signed them."""
    has_test_token = (observation.btn_ref or "").startswith(TEST_TOKEN_PREFIX)
    return has_test_token or observation.merchant_id == TEST_MERCHANT_ID


def _is_test_by_its_words(order: OrderState) -> bool:
    children = order.children.values()
    has_test_token = str(fact(children, "btn_ref") or "").startswith(TEST_TOKEN_PREFIX)
    return has_test_token or fact(children, "merchant_id") == TEST_MERCHANT_ID


def fold(order: OrderState, told: Told, *, attribution_field: str, terms: Terms) -> Step | Held:
    """Add one observation to an order.

    `terms` are those in force now: they are taken when the order has none, and again when, still
    pending, its purchase time or its merchant became better known (contract, section 4, Reward).
    """
    observation = told.observation
    known = order.children.get(observation.tx_id)
    decision = decide(known, told)
    is_flagged = not set(decision.flags) <= set(order.flags)
    if decision.verdict is Verdict.CONTRADICTS:
        return Held(reason=decision.reason, is_deferred=True)
    if decision.verdict is Verdict.STALE and not is_flagged:
        return Held(reason=decision.reason, is_deferred=False)
    objection = _objection(order, told, attribution_field)
    objection = objection or _second_validated(order, decision.child)
    if objection:
        return Held(reason=objection, is_deferred=True)
    if decision.verdict is Verdict.REPEATS:
        return Held(reason=decision.reason, is_deferred=False)
    flags = [*observation.flags, *decision.flags]
    after = _settled(
        replace(order, children={**order.children, observation.tx_id: decision.child}),
        told,
        attribution_field=attribution_field,
        terms=terms,
        flags=flags,
    )
    missing = _missing(known, told)
    return Step(
        verdict=decision.verdict,
        order=after,
        is_news=decision.verdict is not Verdict.CONFIRMS or _worth(after) != _worth(order),
        flags=tuple(flags),
        missing_from=missing[0],
        missing_until=missing[1],
    )


def _worth(order: OrderState) -> tuple[object, ...]:
    return order.status, order.commission_minor, order.reward_minor


def rewarded(order: OrderState) -> OrderState:
    """`order` with what it is worth by its children and what of that is the member's."""
    worth = effective(order.children.values())
    assert order.terms is not None
    earns = order.category != APP_INSTALL and not order.is_test
    is_owed = worth.status is not ButtonStatus.DECLINED
    reward = reward_for(order.terms, commission_minor=worth.commission_minor)
    return replace(
        order,
        status=worth.status,
        commission_minor=worth.commission_minor,
        reward_minor=reward if earns and is_owed else 0,
        purchased_at=purchased_at(order.children.values()),
    )


def customer_named(children: Mapping[str, ChildState], attribution_field: str) -> str | None:
    """The customer id that Button's words name; None when they name nobody.

    With `either` the publisher_customer_id comes first; a `pub_ref` names the member of a click of
    ours, and a bare one names nobody.
    """
    match attribution_field:
        case "pub_ref_is_customer_id":
            name = fact(children.values(), "pub_ref")
        case "publisher_customer_id" | "either":
            name = fact(children.values(), "publisher_customer_id")
        case _:
            name = None
    return str(name) if is_customer_id(name) else None


def _settled(
    order: OrderState, told: Told, *, attribution_field: str, terms: Terms, flags: list[str]
) -> OrderState:
    """The member, the merchant and the terms by what is known now, then the worth."""
    merchant_id = order.merchant_id or fact(order.children.values(), "merchant_id")
    customer_id = order.customer_id
    if customer_id is None and order.category != APP_INSTALL:
        customer_id = customer_named(order.children, attribution_field)
    if _has_bad_name(told.observation, attribution_field):
        flags.append("the customer id told is not one (1-255 characters of ASCII 0x21-0x7E)")
    bought_at = purchased_at(order.children.values())
    is_better_known = (bought_at, merchant_id) != (order.purchased_at, order.merchant_id)
    is_open = not effective(order.children.values()).status.is_final
    order = replace(order, is_test=order.is_test or says_test(told.observation))
    if order.terms is None or (is_better_known and is_open):
        order = replace(order, terms=terms)
    settled = rewarded(replace(order, merchant_id=merchant_id, customer_id=customer_id))
    if settled.commission_minor < 0:
        flags.append("negative commission: no reward, all of it in the margin")
    return replace(settled, flags=_union(order.flags, flags))


def _has_bad_name(observation: TransactionObservation, attribution_field: str) -> bool:
    name = _field(observation, attribution_field)
    return name is not None and not is_customer_id(name)


def _is_of_another_mode(order: OrderState, told: Told) -> bool:
    """Whether a test secret signed words of a live order, or the other way round.

    Who holds the one secret must not touch what the other told. Words that say themselves that
    they are of test money are believed at any time.
    """
    if says_test(told.observation) or _is_test_by_its_words(order):
        return False
    return told.is_test != order.is_test


def _field(observation: TransactionObservation, attribution_field: str) -> str | None:
    """What stands in the field that names the customer, valid or not."""
    match attribution_field:
        case "pub_ref_is_customer_id":
            return observation.pub_ref
        case "publisher_customer_id" | "either":
            return observation.publisher_customer_id
        case _:
            return None


def _objection(order: OrderState, told: Told, attribution_field: str) -> str:
    """Why people must look at it: it says another member, brand, currency or category."""
    observation = told.observation
    if observation.category != order.category:
        return f"the category changed from {order.category} to {observation.category}"
    if observation.currency != order.currency:
        return f"the currency changed from {order.currency} to {observation.currency}"
    if observation.merchant_id and order.merchant_id not in (None, observation.merchant_id):
        return f"the brand changed from {order.merchant_id} to {observation.merchant_id}"
    if order.children and _is_of_another_mode(order, told):
        return "one mode of Button's, live or sandbox, told of an order of the other"
    named = _names(observation, attribution_field)
    if named and order.customer_id not in (None, named):
        return "the member changed"
    return ""


def _names(observation: TransactionObservation, attribution_field: str) -> str | None:
    """The customer id this observation alone names, if it may be one."""
    if observation.category == APP_INSTALL:
        return None
    name = _field(observation, attribution_field)
    return name if is_customer_id(name) else None


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


def _union(known: tuple[str, ...], more: list[str]) -> tuple[str, ...]:
    """Each flag once, at most 50: an order that is told a thousand times stays readable."""
    return tuple(dict.fromkeys([*known, *more]))[:50]
