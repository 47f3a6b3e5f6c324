"""The books derived again from what Button said and staff decided, and compared.

For every transaction its revisions are run through the same pure rules as when they were booked;
what each should have posted is compared with its entry group, and where they end with the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from offers.rules.reward import Terms
from rewards_site.kernel.db import snapshot
from rewards_site.members.models import Member
from transactions.announced import wrong_notices
from transactions.booked import Booked, Loss, wrong_entries, wrong_group, wrong_losses
from transactions.caused import groups_without_cause, wrong_causes, wrong_expiries
from transactions.chunks import Chunk, chunks
from transactions.derived import Derived, Evidence, derive, evidence_of, members_in
from transactions.guarded import guarded
from transactions.holdings import Holding, is_taken_back
from transactions.ledger import activity, balances
from transactions.ledger.balances import Difference
from transactions.ledger.models import Account, Entry, EntryGroup
from transactions.merging.checking import merges_on_record, wrong_merges
from transactions.merging.earning import Added, added_by_merging, earned_by_merging
from transactions.models import RevisionKind, Transaction, TransactionRevision
from transactions.opening.checking import wrong_openings
from transactions.order import OrderState
from transactions.orphans import lost_references
from transactions.recorded import (
    Merges,
    rules_on_record,
    wrong_click,
    wrong_currencies,
    wrong_first_sight,
    wrong_merged,
    wrong_record,
    wrong_terms,
)
from transactions.redemptions.checking import wrong_redemptions
from transactions.stored import ORDER_FIELDS, child_state, write_order

Rules = dict[tuple[str, int], Terms]
"""What each version of a reward rule promised."""


@dataclass(slots=True)
class Verification:
    """What was checked, as counts, and every difference that was found."""

    transactions: int = 0
    revisions: int = 0
    groups: int = 0
    entries: int = 0
    member_accounts: int = 0
    differences: list[Difference] = field(default_factory=list)


def verify_ledger(*, progress: Callable[[int, int], None] | None = None) -> Verification:
    """Derive everything again, on one snapshot. `progress` gets (transactions done, of how many).

    Memory does not grow with the number of transactions; locks nothing. What cannot be read is a
    difference, too, and keeps nothing else from being checked.
    """
    found = Verification()
    with snapshot():
        found.groups = EntryGroup.objects.count()
        found.entries = Entry.objects.count()
        found.member_accounts = Account.objects.filter(member__isnull=False).count()
        merges: Merges = {}
        added: Added = {}
        rules: Rules = {}

        def read_rules() -> Iterable[Difference]:
            rules.update(rules_on_record())
            return ()

        def read_merges() -> Iterable[Difference]:
            nonlocal merges
            merges = merges_on_record()
            added.update(added_by_merging())
            return ()

        for where, check in (
            ("references", lost_references),
            ("entry groups", balances.wrong_groups),
            ("accounts", balances.wrong_accounts),
            ("kinds of accounts", balances.wrong_kinds),
            ("running balances", balances.wrong_running_balances),
            ("merges on record", read_merges),
            ("reward rules", read_rules),
            ("earnings", lambda: balances.wrong_earnings(also=earned_by_merging(added))),
            ("activity", activity.wrong_activity),
            ("groups without cause", groups_without_cause),
            ("causes of groups", wrong_causes),
            ("expiries", wrong_expiries),
            ("notices", wrong_notices),
            ("opening balances", wrong_openings),
            ("merges", lambda: wrong_merges(added)),
            ("redemptions", wrong_redemptions),
            ("currencies", wrong_currencies),
        ):
            guarded(found.differences, where, check)
        total = Transaction.objects.count()
        for chunk in chunks():
            _check_chunk(chunk, found, merges, rules)
            if progress:
                progress(found.transactions, total)
    return found


def _check_chunk(chunk: Chunk, found: Verification, merges: Merges, rules: Rules) -> None:
    rows = chunk.rows
    evidence = Evidence()

    def read_evidence() -> Iterable[Difference]:
        nonlocal evidence
        evidence = evidence_of([one for row in rows for one in row.revisions.all()])
        return ()

    guarded(found.differences, "members and clicks", read_evidence)
    losses: list[Loss] = []
    for row in rows:
        found.revisions += len(row.revisions.all())
        guarded(
            found.differences,
            _name(row),
            partial(_wrong_transaction, row, evidence, merges, rules, losses),
            has_statements=False,
        )
    found.transactions += len(rows) + len(chunk.unreadable)
    found.differences.extend(chunk.unreadable)
    guarded(found.differences, "what was taken back", partial(wrong_losses, losses))
    guarded(found.differences, "what members keep", partial(_kept_by_nobody, rows))


def _name(row: Transaction) -> str:
    return f"transaction {row.order_key} ({row.pk})"


def _wrong_transaction(
    row: Transaction, evidence: Evidence, merges: Merges, rules: Rules, losses: list[Loss]
) -> Iterator[Difference]:
    """What is wrong with one order; what was taken back in it is left in `losses` to be checked."""
    where = _name(row)
    known: Derived | None = None
    before: TransactionRevision | None = None
    had: set[int] = set()
    revisions = list(row.revisions.all())
    for position, revision in enumerate(revisions, start=1):
        here = f"{where}, revision {revision.number}"
        if revision.number != position:
            yield Difference(here, f"should be number {position}")
        derived = derive(known, revision, evidence)
        if isinstance(derived, str):
            yield Difference(here, derived)
            return
        for problem in derived.problems:
            yield Difference(here, problem)
        yield from _wrong_revision(here, derived.order, revision)
        for problem in wrong_record(row, before, revision, known, derived):
            yield Difference(here, problem)
        for problem in chain(
            wrong_merged(before, revision, merges), wrong_terms(revision, rules, evidence)
        ):
            yield Difference(here, problem)
        held = known.held if known else Holding(currency=row.currency)
        if revision.kind == RevisionKind.MERGED:
            held = derived.held  # the money went with all that the member had (merging/)
        booked = Booked(here, revision, held, derived.held)
        yield from wrong_entries(booked)
        yield from wrong_group(booked, had, evidence.people)
        if is_taken_back(held, derived.held) and revision.kind != RevisionKind.TOLD:
            losses.append(Loss(here, revision.pk, held, derived.held))
        if derived.member_id is not None and derived.held.is_final and derived.held.reward_minor:
            had.add(derived.member_id)
        known, before = derived, revision
    yield from _wrong_row(where, row, known, revisions, evidence)


def _wrong_revision(
    where: str, state: OrderState, revision: TransactionRevision
) -> Iterator[Difference]:
    derived = (
        state.status,
        state.commission_minor,
        state.reward_minor,
        state.merchant_id,
        state.terms,
        state.is_held,
    )
    stored = (
        revision.status,
        revision.commission_minor,
        revision.reward_minor,
        revision.merchant_id,
        Terms.from_json(revision.terms),
        revision.is_held,
    )
    if derived != stored:
        yield Difference(where, f"says {_words(stored)}; derived again it is {_words(derived)}")


def _words(values: tuple[object, ...]) -> str:
    names = ("status", "commission", "reward", "merchant", "terms", "held back")
    return ", ".join(f"{name} {value}" for name, value in zip(names, values, strict=True))


def _kept_by_nobody(chunk: Sequence[Transaction]) -> Iterator[Difference]:
    """Orders of which somebody is said to keep something who is no member, or not any more."""
    ids = {member_id for row in chunk for member_id in members_in(row.unrecovered)}
    members = set(
        Member.objects.filter(pk__in=ids, same_as__isnull=True).values_list("pk", flat=True)
        if ids
        else ()
    )
    for row in chunk:
        for key in row.unrecovered:
            if not members_in({key: 0}) & members:
                yield Difference(
                    _name(row),
                    f"member {key} is said to keep some of it, and was merged or never was",
                )


def _wrong_row(
    where: str,
    row: Transaction,
    known: Derived | None,
    revisions: Sequence[TransactionRevision],
    evidence: Evidence,
) -> Iterator[Difference]:
    """The order and its children, as they stand, against where the revisions end."""
    if known is None:
        yield Difference(where, "stands without a revision")
        return
    state = known.order
    fresh = Transaction(
        category=state.category,
        currency=state.currency,
        order_key=min(state.children),
        revision_count=len(revisions),
        final_at=known.final_at,
        released_at=known.released_at,
    )
    write_order(fresh, state, member_id=known.member_id, at=revisions[-1].recorded_at)
    if fresh.button_order_id is None and len(state.children) == 1:
        fresh.order_key = next(iter(state.children))
    for name in _ROW_FIELDS:
        if getattr(row, name) != getattr(fresh, name):
            yield Difference(
                where,
                f"{name} stands as {getattr(row, name)}; its revisions say {getattr(fresh, name)}",
            )
    for problem in chain(wrong_first_sight(row, revisions[0]), wrong_click(row, known, evidence)):
        yield Difference(where, problem)
    if {child.tx_id: child_state(child) for child in row.children.all()} != state.children:
        yield Difference(where, "its children are not as its revisions say")


_ROW_FIELDS = (*(name for name in ORDER_FIELDS if name != "click_id"), "currency")
"""What the revisions tell of an order; its click is looked at by wrong_click()."""
