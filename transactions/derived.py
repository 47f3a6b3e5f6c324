"""An order derived again from its revisions, one by one, by the rules they were booked by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from offers.rules.reward import Terms
from rewards_site.button.schemas import TransactionObservation
from rewards_site.kernel.money import BIGINT_MAX
from rewards_site.members.customer_ids import is_customer_id
from rewards_site.members.queries import names_of
from transactions.changes import BY_SETTING
from transactions.choosing import clicked, terms_facts
from transactions.clicked import Naming
from transactions.fold import Held, fold, rewarded, with_flags
from transactions.holdings import Holding, left_behind
from transactions.known import read_clicks
from transactions.models import RevisionKind, TransactionRevision
from transactions.moving import loss_flags
from transactions.order import OrderState, says_test
from transactions.stored import final_since, holding, read_unrecovered
from transactions.told import Channel, Decided, Ruling, Told

_NOBODY = "nobody"
"""No attribution field: a revision's member is taken from it and checked apart."""
_BY_STAFF_ALONE = {RevisionKind.ASSIGNED, RevisionKind.MOVED}
_RULINGS = {RevisionKind.ACCEPTED: Ruling.ACCEPTED, RevisionKind.KEPT: Ruling.KEPT}


People = Mapping[int, frozenset[str]]
"""Member → all their customer ids, which are equal for rows of one member."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """An order after some of its revisions."""

    order: OrderState
    member_id: int | None
    held: Holding
    """What the books hold for it by now."""
    final_at: datetime | None = None
    released_at: datetime | None = None
    problems: list[str] = field(default_factory=list)
    """What is wrong with the last of these revisions, each as a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What revisions name that stands elsewhere: everybody, and the clicks."""

    people: People = field(default_factory=dict)
    naming: Naming = field(default_factory=lambda: Naming(attribution_field=_NOBODY))


def evidence_of(revisions: Collection[TransactionRevision]) -> Evidence:
    """In three statements at most; what cannot be a name is left out."""
    told = [revision.observation for revision in revisions]
    refs = {words.get("pub_ref") for words in told if isinstance(words, dict)}
    clicks = read_clicks({ref for ref in refs if isinstance(ref, str)})
    ids = {click.member_id for click in clicks.values()}
    for revision in revisions:
        if revision.member_id is not None:
            ids.add(revision.member_id)
        ids |= members_in(revision.unrecovered)
    people = names_of(ids) if ids else {}
    first: dict[frozenset[str], int] = {}
    for member_id in sorted(people):
        first.setdefault(people[member_id], member_id)
    naming = Naming(
        attribution_field=_NOBODY,
        known_as={name: member_id for names, member_id in first.items() for name in names},
        clicks={
            ref: replace(click, member_id=first[people[click.member_id]])
            for ref, click in clicks.items()
        },
    )
    return Evidence(people=people, naming=naming)


def members_in(unrecovered: object) -> set[int]:
    """Whom `unrecovered` names, as far as it can be read."""
    if not isinstance(unrecovered, dict):
        return set()
    ids = {int(key) for key in unrecovered if key.isdecimal()}
    return {member_id for member_id in ids if member_id <= BIGINT_MAX}


def derive(
    before: Derived | None, revision: TransactionRevision, evidence: Evidence
) -> Derived | str:
    """The order after one more revision, or why that revision cannot be."""
    try:
        return _derived(before, revision, evidence)
    except (ArithmeticError, AssertionError, LookupError, TypeError, ValueError) as error:
        return f"cannot be read: {type(error).__name__}: {error}"


def _derived(
    before: Derived | None, revision: TransactionRevision, evidence: Evidence
) -> Derived | str:
    if revision.kind == RevisionKind.MERGED:
        return _merged(before, revision, evidence.people)
    known = before.order if before else None
    step = _step(known, revision, evidence)
    if isinstance(step, str):
        return step
    order, flags = step
    nothing = Holding(currency=order.currency, reward_currency=order.reward_currency)
    held = before.held if before else nothing
    should = holding(order, member_id=revision.member_id)
    problems = []
    left = read_unrecovered(revision.unrecovered)
    if left != _left(held, should, left, kind=revision.kind):
        problems.append(f"says that {left} was not to be taken back, which cannot be")
    if revision.kind != RevisionKind.TOLD:
        flags += loss_flags(held, left)
    if not _are_same_flags(flags, revision.flags):
        problems.append(f"is flagged {revision.flags}; derived again it is {list(flags)}")
    order = replace(
        order,
        unrecovered=left,
        flags=with_flags(known.flags if known else (), revision.flags),
    )
    return Derived(
        order=order,
        member_id=revision.member_id,
        held=holding(order, member_id=revision.member_id),
        final_at=final_since(
            before.final_at if before else None,
            known or order,
            order,
            at=revision.recorded_at,
        ),
        released_at=_released(before, revision),
        problems=problems,
    )


def _released(before: Derived | None, revision: TransactionRevision) -> datetime | None:
    if revision.kind == RevisionKind.RELEASED:
        return revision.recorded_at
    return before.released_at if before else None


def _merged(before: Derived | None, revision: TransactionRevision, people: People) -> Derived | str:
    """Nothing but whose it is has changed; the money went with all that the member had."""
    if before is None:
        return "its member was merged before Button told anything"
    problems = []
    if _person(before.member_id, people) != _person(revision.member_id, people):
        problems.append("went to a member whom its own was not merged with")
    left = read_unrecovered(revision.unrecovered)
    if _by_person(left, people) != _by_person(before.order.unrecovered, people):
        problems.append(f"says that {left} was not to be taken back, which cannot be")
    customer_id = revision.member.customer_id if revision.member else None
    order = replace(before.order, customer_id=customer_id, unrecovered=left)
    return replace(
        before,
        order=order,
        member_id=revision.member_id,
        held=holding(order, member_id=revision.member_id),
        problems=problems,
    )


def _person(member_id: int | None, people: People) -> frozenset[str] | None:
    return people[member_id] if member_id is not None else None


def _by_person(left: Mapping[int, int], people: People) -> Counter[frozenset[str]]:
    amounts: Counter[frozenset[str]] = Counter()
    for member_id, minor in left.items():
        amounts[people[member_id]] += minor
    return amounts


def _left(held: Holding, should: Holding, said: dict[int, int], *, kind: str) -> dict[int, int]:
    """What members keep after this, if of who had it so much was not to be taken back as is said.

    How much somebody had to spend at that moment stands in no revision.
    """
    if kind == RevisionKind.TOLD:
        return dict(held.unrecovered)
    missing = 0
    if held.member_id is not None:
        missing = said.get(held.member_id, 0) - held.unrecovered.get(held.member_id, 0)
    if not 0 <= missing <= held.reward_minor:
        missing = 0
    return left_behind(held, should, balance_minor=held.reward_minor - missing)


def _are_same_flags(derived: tuple[str, ...], stored: list[str]) -> bool:
    """But for those that depend on a setting, which may have changed since."""
    return [flag for flag in derived if flag not in BY_SETTING] == [
        flag for flag in stored if flag not in BY_SETTING
    ]


def _step(
    known: OrderState | None, revision: TransactionRevision, evidence: Evidence
) -> tuple[OrderState, tuple[str, ...]] | str:
    """The order by the rules, and the flags of this step, before anything is kept back."""
    customer_id = revision.member.customer_id if revision.member else None
    if revision.kind == RevisionKind.RELEASED:
        if known is None or not known.is_held:
            return "was released, and was not held back"
        return replace(known, is_held=False), ()
    if revision.kind in _BY_STAFF_ALONE:
        if known is None:
            return "staff named a member before Button told anything"
        if (known.customer_id is None) != (revision.kind == RevisionKind.ASSIGNED):
            return f"{revision.kind}, though its member was {known.customer_id or 'nobody'}"
        order = rewarded(replace(known, customer_id=customer_id))
        return clicked(order, evidence.naming), ()
    told = _told(revision)
    observation = told.observation
    known = known or OrderState(
        currency=observation.currency, category=observation.category, is_test=revision.is_test
    )
    terms = Terms.from_json(revision.terms)
    is_new = known.terms is not None and known.terms != terms
    step = fold(
        replace(known, terms=None) if is_new else known,
        told,
        naming=evidence.naming,
        choose=lambda _facts: terms,
        holds=lambda _brand: revision.is_held,
    )
    if isinstance(step, Held):
        return f"what was told should not have been applied: {step.reason}"
    order = clicked(replace(step.order, customer_id=customer_id), evidence.naming)
    if customer_id != step.order.customer_id:
        whose = _person(revision.member_id, evidence.people)
        if whose is None or not _may_be(whose, known, step.order, told, evidence.naming):
            return "the member is not whom Button named"
    if is_new and not _may_choose(known, order, evidence.naming):
        return f"its terms went from {known.terms} to {terms}, though nothing they go by changed"
    return order, step.flags


def _may_choose(known: OrderState, order: OrderState, naming: Naming) -> bool:
    """Whether something that terms go by became better known; whose a click was may have, too."""
    before, after = terms_facts(known, naming), terms_facts(order, naming)
    return before != after or after.click is not None


def _told(revision: TransactionRevision) -> Told:
    observation = TransactionObservation.from_json(revision.observation or {})
    ruling = _RULINGS.get(RevisionKind(revision.kind))
    return Told(
        observation=observation,
        channel=Channel(revision.source),
        read_at=revision.read_at,
        is_test=revision.is_test and not says_test(observation),
        decided=Decided(ruling=ruling, actor_id=0, reason="") if ruling else None,
    )


def _may_be(
    whose: frozenset[str], before: OrderState, after: OrderState, told: Told, naming: Naming
) -> bool:
    """Whether Button's words name the member with these customer ids, and nothing says that staff
    had to be asked.
    """
    is_accepted = told.decided is not None and told.decided.ruling is Ruling.ACCEPTED
    if before.customer_id is not None and not is_accepted:
        return False
    names = {
        child.facts[name][0]
        for child in after.children.values()
        for name in ("publisher_customer_id", "pub_ref")
        if name in child.facts
    }
    names |= {
        naming.clicks[name].customer_id
        for name in names
        if name in naming.clicks and naming.clicks[name].merchant_id == after.merchant_id
    }
    return any(is_customer_id(name) for name in names & whose)
